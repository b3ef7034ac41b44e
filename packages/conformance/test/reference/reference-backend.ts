import { compareKeys, resolveRange, storageError, untilAborted } from '@kit/core'
import type {
  Backend,
  Bytes,
  ByteStream,
  Capabilities,
  Change,
  Context,
  Entry,
  ListOptions,
  Page,
  Source,
} from '@kit/core'
import { groups } from './groups.ts'
import type { UrlServer } from './url-server.ts'
import { join, type World } from './world.ts'

const chunkBytes = 64 * 1024
const pageMax = 50

export function capabilitiesOf(realDirectories: boolean): Capabilities {
  const native = 'native'
  const flat = [
    'write',
    'list',
    'delete',
    'deleteMany',
    'batch',
    'copy',
    'move',
    'append',
    'update',
    'url',
    'versions',
  ] as const
  const more = ['changes', 'search', 'usage', 'ping', 'open', 'upload', 'blocks', 'content', 'pins'] as const
  const names = [...flat, ...more, ...(realDirectories ? (['directories', 'links'] as const) : [])]
  return {
    ops: Object.fromEntries(names.map((name) => [name, native])),
    etag: 'strong',
    read: { range: native, ifMatch: native, ifNoneMatch: native, version: native },
    write: {
      atomic: native,
      durable: 'process',
      ifAbsent: native,
      ifMatch: native,
      conditionScope: 'store',
      unknownSize: native,
      attributes: [
        'contentType',
        'contentEncoding',
        'contentDisposition',
        'cacheControl',
        'metadata',
        'modified',
        'mode',
      ],
      metadataMaxBytes: 2048,
      checks: ['sha256', 'md5'],
      maxBytes: 12 * 2 ** 20,
    },
    list: {
      recursive: native,
      after: native,
      cursor: true,
      ordered: native,
      pageMax,
      fields: ['size', 'etag', 'modified'],
    },
    delete: { ifMatch: native, batchMax: 20 },
    copy: { ifAbsent: native, ifMatch: native, fromEtag: native },
    move: { ifAbsent: native, ifMatch: native },
    keys: {
      maxBytes: 2000,
      segmentMaxBytes: 255,
      caseSensitive: true,
      unicode: 'exact',
      ...(realDirectories ? {} : { fileAndPrefix: true }),
    },
    directories: realDirectories ? 'real' : 'implied',
    consistent: { read: true, list: true },
    changes: { resumable: true },
    upload: { partMinBytes: 1, partMaxBytes: 2 ** 20, partsMax: 100, list: true },
  }
}

/** Declares and does everything, on a world that tests can look into and break. Large bodies are streams. */
export function referenceBackend(world: World, urls?: UrlServer): Backend {
  const { file, put, again, remove } = bind(world)

  function list(
    context: Context,
    directory: string,
    { recursive = false, after, cursor, limit = pageMax }: ListOptions,
  ): AsyncGenerator<Page> {
    return pages(world, context, children(world, directory, recursive), {
      after,
      cursor,
      limit: Math.min(limit, pageMax),
    })
  }

  return {
    capabilities: capabilitiesOf(world.realDirectories),
    async stat(context, key, options) {
      world.request(context)
      const plain = options.ifMatch === undefined && options.ifNoneMatch === undefined && options.version === undefined
      return plain ? world.entry(key) : file(key, options).entry
    },
    async read(context, key, options) {
      world.request(context)
      const { entry, bytes } = file(key, options)
      const { from, to } = resolveRange(options.range, bytes.byteLength)
      const small = to - from <= chunkBytes && world.fault === undefined
      return { entry, from, body: small ? bytes.slice(from, to) : body(world, context, bytes, from, to) }
    },
    async write(context, key, source, options) {
      world.request(context)
      return put(key, await take(world, context, source), options)
    },
    async *list(context, directory, options) {
      world.request(context)
      yield* list(context, directory, options)
    },
    async delete(context, key, { ifMatch }) {
      world.request(context)
      remove(key, { ifMatch })
    },
    async *deleteMany(context, keys) {
      world.request(context)
      for (const key of keys) {
        try {
          remove(key, {})
          yield { key }
        } catch (error) {
          yield { key, error }
        }
      }
    },
    async batch(context, changes) {
      world.request(context)
      const before = new Map(world.nodes)
      try {
        const entries: Entry[] = []
        for (const change of changes) entries.push(...(await apply(world, context, change)))
        return entries
      } catch (error) {
        world.nodes = before
        throw error
      }
    },
    async copy(context, from, to, { fromEtag, ...options }) {
      world.request(context)
      return again(file(from, { ifMatch: fromEtag }), to, options)
    },
    async move(context, from, to, options) {
      world.request(context)
      const moved = file(from)
      if (from === to) return moved.entry
      const entry = again(moved, to, options)
      remove(from, {})
      return entry
    },
    async append(context, key, source, { at }) {
      world.request(context)
      const more = await take(world, context, source)
      const old = world.nodes.has(key) ? file(key) : undefined
      const size = old?.bytes.byteLength ?? 0
      if (at !== undefined && at !== size) throw storageError('ConditionFailed', `${size} bytes long`)
      if (old === undefined) return put(key, more, {})
      return again({ ...old, bytes: join([old.bytes, more]) }, key, {})
    },
    async update(context, key, attributes) {
      world.request(context)
      return again(file(key), key, attributes)
    },
    async url(context, key, { method }) {
      world.request(context)
      if (urls === undefined) throw storageError('Unsupported', 'no server')
      return { url: await urls.address(key, method), headers: { 'x-kit-signed': 'yes' } }
    },
    async *versions(context, key) {
      world.request(context)
      yield { entries: (world.versions.get(key) ?? []).map(({ entry }) => entry) }
    },
    changes: (context, since) => changes(world, context, since),
    async *search(context, { name = '', under }) {
      world.request(context)
      const found = children(world, under ?? '', true).filter(
        (key) => key.includes(name) && world.nodes.get(key)?.kind === 'file',
      )
      yield* pages(world, context, found, { limit: pageMax })
    },
    async usage(context) {
      world.request(context)
      const files = [...world.nodes.values()].filter((node) => node.kind === 'file')
      return { usedBytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0), objects: files.length }
    },
    ping: async (context) => world.request(context),
    close: async () => {},
    ...groups(world),
  }
}

function bind(world: World): Pick<World, 'file' | 'put' | 'again' | 'remove'> {
  return {
    file: (key, options) => world.file(key, options),
    put: (key, bytes, options) => world.put(key, bytes, options),
    again: (node, key, options) => world.again(node, key, options),
    remove: (key, conditions) => world.remove(key, conditions),
  }
}

/** All of a source, counted as a temporary while it is taken. */
async function take(world: World, { signal }: Context, source: Source): Promise<Bytes> {
  if (source.bytes !== undefined) return source.bytes.slice()
  const temporary = crypto.randomUUID()
  world.temporaries.add(temporary)
  const chunks: Bytes[] = []
  const pull = async (): Promise<void> => {
    for await (const chunk of source.open(0) ?? []) {
      if (signal.aborted) throw signal.reason
      chunks.push(chunk)
      if (chunks.reduce((sum, { byteLength }) => sum + byteLength, 0) > 12 * 2 ** 20)
        throw storageError('TooLarge', 'over 12 MiB')
    }
  }
  try {
    await untilAborted(signal, pull())
    return join(chunks)
  } finally {
    world.temporaries.delete(temporary)
  }
}

/** A body in chunks that counts as open until it is read to its end or ended. */
export function body(world: World, { signal }: Context, bytes: Bytes, from: number, to: number): ByteStream {
  world.openBodies++
  let at = from
  let open = true
  const end = (): { done: true; value: undefined } => {
    if (open) world.openBodies--
    open = false
    return { done: true, value: undefined }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (!open || at >= to) return end()
        await new Promise((resolve) => setImmediate(resolve))
        try {
          if (signal.aborted) throw signal.reason
          if (world.fault?.kind === 'cut' && at - from >= world.fault.afterBytes) {
            world.fault = undefined
            throw storageError('Unavailable', 'the connection broke')
          }
        } catch (error) {
          end()
          throw error
        }
        const most = world.fault?.kind === 'cut' ? Math.max(1, world.fault.afterBytes - (at - from)) : chunkBytes
        const value = bytes.slice(at, Math.min(to, at + Math.min(chunkBytes, most)))
        at += value.byteLength
        return { done: false, value }
      },
      return: async () => end(),
    }),
  }
}

/** Places below a directory in order: names of files and links, and of directories with NUL behind. */
function children(world: World, directory: string, recursive: boolean): string[] {
  const prefix = directory === '' ? '' : `${directory}/`
  const found = new Set<string>()
  for (const [name, { kind }] of world.nodes) {
    if (!name.startsWith(prefix)) continue
    const slash = recursive ? -1 : name.indexOf('/', prefix.length)
    if (slash >= 0) found.add(`${name.slice(0, slash)}\0`)
    else found.add(kind === 'directory' ? `${name}\0` : name)
  }
  return [...found].toSorted(compareKeys)
}

async function* pages(
  world: World,
  { signal }: Context,
  places: readonly string[],
  { after, cursor, limit }: { after?: string | undefined; cursor?: string | undefined; limit: number },
): AsyncGenerator<Page> {
  const last = cursor ?? (after === undefined ? '' : `${after}\0`)
  const rest = places.filter((place) => compareKeys(place, last) > 0)
  for (let at = 0; at === 0 || at < rest.length; at += limit) {
    if (signal.aborted) throw signal.reason
    const page = rest.slice(at, at + limit)
    const entries = page.flatMap((place): Entry[] => {
      if (place.endsWith('\0')) return [{ kind: 'directory', key: place.slice(0, -1) }]
      return world.nodes.has(place) ? [world.entry(place)] : []
    })
    yield { entries, cursor: at + limit < rest.length ? page.at(-1) : undefined }
  }
}

async function apply(world: World, context: Context, change: Change): Promise<Entry[]> {
  if ('write' in change)
    return [world.put(change.write, await take(world, context, change.source), change.attributes ?? {})]
  if ('copy' in change) return [world.again(world.file(change.copy), change.to, {})]
  if ('delete' in change) {
    world.remove(change.delete, {})
    return []
  }
  const entry = world.again(world.file(change.move), change.to, {})
  world.remove(change.move, {})
  return [entry]
}

async function* changes(
  world: World,
  { signal }: Context,
  since: string | undefined,
): AsyncGenerator<{ keys: string[]; cursor: string }> {
  let at = since === undefined ? world.changed.length : Number(since)
  for (;;) {
    if (at < world.changed.length) {
      const keys = world.changed.slice(at)
      at += keys.length
      yield { keys, cursor: `${at}` }
      continue
    }
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        world.listeners.delete(done)
        signal.removeEventListener('abort', done)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      world.listeners.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
