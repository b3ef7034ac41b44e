import { collect, compareKeys, resolveRange, storageError, throwIfAborted } from '@kit/core'
import type { Backend, Bytes, Capabilities, Entry, Source, WriteOptions } from '@kit/core'

const operations = ['write', 'list', 'delete', 'deleteMany', 'copy', 'move', 'append', 'update', 'usage']
const headers = ['contentType', 'contentEncoding', 'contentDisposition', 'cacheControl'] as const
const pageMax = 1000

/** Conditions of reads are left to core, which looks at the entry. */
export const capabilities: Capabilities = {
  ops: Object.fromEntries(operations.map((name) => [name, 'native' as const])),
  etag: 'strong',
  read: { range: 'native' },
  write: {
    atomic: 'native',
    durable: 'process', // the least there is a word for: nothing outlives the instance
    ifAbsent: 'native',
    ifMatch: 'native',
    conditionScope: 'store',
    unknownSize: 'native',
    attributes: [...headers, 'metadata', 'modified', 'mode'],
  },
  copy: { ifAbsent: 'native', ifMatch: 'native', fromEtag: 'native' },
  move: { ifAbsent: 'native', ifMatch: 'native' },
  list: { recursive: 'native', after: 'native', cursor: true, ordered: 'native', pageMax, fields: ['size', 'etag'] },
  delete: { ifMatch: 'native' },
  keys: { maxBytes: 32_768, caseSensitive: true, unicode: 'exact', fileAndPrefix: true },
  directories: 'implied',
  consistent: { read: true, list: true },
  hints: { latencyMs: 0, throughput: 'very high', durability: 'none', cost: 'none' },
}

/** Never changed: a new state of an object is a new one of these, and whoever reads the old one goes on with it. */
type Stored = { readonly entry: Entry; readonly bytes: Bytes }

export function memoryBackend(maxBytes: number): Backend {
  const objects = new Map<string, Stored>()
  let usedBytes = 0
  /** Keys in order, and the directories they imply, each with NUL behind its name: so it follows a file of that name. */
  let places: readonly string[] | undefined

  function check(key: string, { ifAbsent, ifMatch }: WriteOptions) {
    const found = objects.get(key)
    if (ifAbsent === true && found) throw storageError('AlreadyExists', 'there is an object already')
    if (ifMatch !== undefined && ifMatch !== found?.entry.etag) throw storageError('ConditionFailed', 'it has changed')
    return found
  }

  const find = (key: string, ifMatch?: string) => (objects.has(key) && check(key, { ifMatch })) || missing()

  function put(key: string, bytes: Bytes, options: WriteOptions): Entry {
    const used = usedBytes + bytes.byteLength - (check(key, options)?.bytes.byteLength ?? 0)
    if (used > maxBytes) throw storageError('QuotaExceeded', `all objects together may have ${maxBytes} bytes`)
    if (!objects.has(key)) places = undefined
    usedBytes = used
    const { ifAbsent: _absent, ifMatch: _match, metadata, modified = new Date(), ...rest } = options
    const own = { modified: new Date(modified), ...(metadata && { metadata: { ...metadata } }) }
    const etag = `"${crypto.randomUUID()}"`
    const entry: Entry = { ...rest, ...own, kind: 'file', key, size: bytes.byteLength, etag }
    objects.set(key, { entry, bytes })
    return entry
  }

  function remove(key: string, ifMatch?: string): void {
    usedBytes -= check(key, { ifMatch })?.bytes.byteLength ?? 0
    if (objects.delete(key)) places = undefined
  }

  const entryAt = (place: string): Entry | [] =>
    place.endsWith('\0') ? { kind: 'directory', key: place.slice(0, -1) } : (objects.get(place)?.entry ?? [])
  const again = ({ entry, bytes }: Stored, key: string, given: WriteOptions) => put(key, bytes, { ...entry, ...given })

  return {
    capabilities,
    stat: async (_, key) => find(key).entry,
    async read(_, key, { range }) {
      const { entry, bytes } = find(key)
      const { from, to } = resolveRange(range, bytes.byteLength)
      return { entry, from, body: bytes.slice(from, to) }
    },
    write: async (_, key, source, options) => put(key, await take(source), options),
    async *list(context, directory, { recursive = false, after, cursor, limit = pageMax }) {
      const prefix = directory && `${directory}/`
      const last = cursor?.replace(/\/$/, '\0') ?? (after === undefined ? '' : `${after}\0`)
      places ??= [...new Set([...objects.keys()].flatMap(placesOf))].toSorted(compareKeys)
      const below = places.filter((place) => place.startsWith(prefix) && compareKeys(place, last) > 0)
      const found = below.filter((place) => (recursive ? objects.has(place) : !place.includes('/', prefix.length)))
      for (let at = 0; at === 0 || at < found.length; at += limit) {
        throwIfAborted(context.signal)
        const next = at + limit < found.length ? found[at + limit - 1]?.replace('\0', '/') : undefined
        yield { entries: found.slice(at, at + limit).flatMap(entryAt), cursor: next }
      }
    },
    delete: async (_, key, { ifMatch }) => remove(key, ifMatch),
    async *deleteMany(_, keys) {
      for (const key of keys) yield { key, error: remove(key) }
    },
    copy: async (_, from, to, { fromEtag, ...options }) => again(find(from, fromEtag), to, options),
    async move(_, from, to, options) {
      const moved = find(from)
      check(to, options)
      remove(from) // first, so that a full store has room; nothing can come between
      return again(moved, to, options)
    },
    async append(_, key, source, { at }) {
      const more = await take(source)
      const { entry, bytes } = objects.get(key) ?? { bytes: new Uint8Array() }
      if (at !== undefined && at !== bytes.byteLength) throw storageError('ConditionFailed', 'it has another length')
      return put(key, new Uint8Array(Buffer.concat([bytes, more])), { ...entry, modified: undefined })
    },
    update: async (_, key, attributes) => again(find(key), key, attributes),
    usage: async () => ({ usedBytes, objects: objects.size, ...(maxBytes < Infinity && { totalBytes: maxBytes }) }),
    close: async () => objects.clear(),
  }
}

function missing(): never {
  throw storageError('NotFound', 'there is no such object')
}

/** Bytes of the store's own. */
const take = (source: Source) => collect(source.bytes?.slice() ?? source.open(0) ?? new Uint8Array())
const placesOf = (key: string) => [key, ...[...key.matchAll(/\//g)].map(({ index }) => `${key.slice(0, index)}\0`)]
