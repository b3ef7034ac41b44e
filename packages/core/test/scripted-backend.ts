import type { Backend, Bytes, Capabilities, Context, Entry, Key, Page, Plugin, Source } from '../src/backend/index.ts'
import {
  collect,
  isStorageError,
  compareKeys,
  definePlugin,
  openStore,
  storageError,
  type StorageError,
  toStream,
  type OpenOptions,
  type Store,
} from '../src/index.ts'

/** One call that reached the backend. */
export interface Seen {
  readonly operation: string
  readonly key: string
  readonly attempt: number
  readonly options: unknown
}

/** What a script may do to a call: throw before, throw after it was done, change the result, or wait. */
export interface Fault {
  before?(seen: Seen, context: Context): void | Promise<void>
  after?(seen: Seen): void
  body?(seen: Seen, body: Bytes, from: number): Bytes | AsyncIterable<Bytes>
}

export const bare: Capabilities = {
  ops: { write: 'native', list: 'native', delete: 'native', move: 'native', directories: 'native' },
  etag: 'strong',
  read: {},
  write: { durable: 'process', attributes: [] },
  list: { pageMax: 2, fields: ['size', 'etag'] },
  keys: { maxBytes: 1000, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
}

export const rich: Capabilities = {
  ...bare,
  ops: { ...bare.ops, copy: 'native', append: 'native', update: 'native' },
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  write: {
    atomic: 'native',
    durable: 'process',
    ifAbsent: 'native',
    ifMatch: 'native',
    conditionScope: 'store',
    unknownSize: 'native',
    attributes: ['metadata', 'contentType'],
  },
  delete: { ifMatch: 'native' },
  copy: { ifAbsent: 'native', ifMatch: 'native', fromEtag: 'native' },
  move: { ifAbsent: 'native', ifMatch: 'native' },
}

interface Held {
  bytes: Bytes
  etag: string
  metadata?: Readonly<Record<string, string>> | undefined
  contentType?: string | undefined
}

/**
 * A small store with real directories that does as little as its capabilities let it, and whose calls a test can watch and break.
 * It checks that core asks only for what is declared.
 */
export class ScriptedBackend implements Backend {
  readonly capabilities: Capabilities
  readonly files = new Map<string, Held>()
  readonly folders = new Set<string>()
  readonly seen: Seen[] = []
  fault: Fault = {}
  /** Takes the place of the store's own write. */
  writing: NonNullable<Backend['write']> | undefined
  openBodies = 0
  closed = 0
  #count = 0

  constructor(capabilities: Capabilities) {
    this.capabilities = capabilities
  }

  readonly directories = {
    make: async (context: Context, directory: Key): Promise<void> => {
      await this.#enter('directories.make', directory, context, {})
      const parts = directory.split('/')
      for (let count = 1; count <= parts.length; count++) this.folders.add(parts.slice(0, count).join('/'))
    },
    remove: async (context: Context, directory: Key): Promise<void> => {
      await this.#enter('directories.remove', directory, context, {})
      this.folders.delete(directory)
    },
  }

  put(key: string, bytes: Bytes | string, held: Partial<Held> = {}): string {
    const etag = `"${++this.#count}"`
    this.files.set(key, { bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, etag, ...held })
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) this.folders.add(key.slice(0, at))
    return etag
  }

  text(key: string): string | undefined {
    const held = this.files.get(key)
    return held === undefined ? undefined : new TextDecoder().decode(held.bytes)
  }

  count(operation: string): number {
    return this.seen.filter((seen) => seen.operation === operation).length
  }

  async #enter(operation: string, key: string, context: Context, options: unknown): Promise<Seen> {
    const seen = { operation, key, attempt: context.attempt, options }
    this.seen.push(seen)
    await this.fault.before?.(seen, context)
    return seen
  }

  #entry(key: string, held: Held): Entry {
    const { bytes, etag, metadata, contentType } = held
    return { kind: 'file', key, size: bytes.byteLength, etag, metadata, contentType }
  }

  #held(key: string): Held {
    const held = this.files.get(key)
    if (held !== undefined) return held
    throw this.folders.has(key) || key === ''
      ? storageError('IsDirectory', 'a directory')
      : storageError('NotFound', 'nothing there')
  }

  #check(key: string, options: { ifAbsent?: true | undefined; ifMatch?: string | undefined }): void {
    const there = this.files.get(key)
    if (options.ifAbsent === true && there !== undefined) throw storageError('AlreadyExists', 'there already')
    if (options.ifMatch !== undefined && there?.etag !== options.ifMatch)
      throw storageError('ConditionFailed', 'changed')
  }

  async stat(
    context: Context,
    key: Key,
    options: { ifMatch?: string | undefined; ifNoneMatch?: string | undefined },
  ): Promise<Entry> {
    const seen = await this.#enter('stat', key, context, options)
    if (options.ifMatch !== undefined && this.capabilities.read.ifMatch === undefined)
      throw new Error('ifMatch is not declared')
    if (this.folders.has(key) || key === '') return { kind: 'directory', key }
    const held = this.#held(key)
    this.fault.after?.(seen)
    return this.#entry(key, held)
  }

  async read(
    context: Context,
    key: Key,
    options: Parameters<Backend['read']>[2],
  ): Promise<Awaited<ReturnType<Backend['read']>>> {
    const seen = await this.#enter('read', key, context, options)
    const { range } = options
    if (range !== undefined && this.capabilities.read.range === undefined) throw new Error('range is not declared')
    const held = this.#held(key)
    if (options.ifMatch !== undefined && options.ifMatch !== held.etag) throw storageError('ConditionFailed', 'changed')
    const size = held.bytes.byteLength
    const from = range === undefined ? 0 : 'last' in range ? Math.max(0, size - range.last) : range.from
    if (range !== undefined && from >= size && size > 0) throw storageError('InvalidRange', 'beyond the end')
    const to = range === undefined || 'last' in range ? size : Math.min(size, range.to ?? size)
    const bytes = held.bytes.slice(from, to)
    const body = this.fault.body?.(seen, bytes, from) ?? bytes
    return { entry: this.#entry(key, held), from, body: body instanceof Uint8Array ? body : this.#counted(body) }
  }

  async *#counted(body: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
    this.openBodies++
    try {
      yield* body
    } finally {
      this.openBodies--
    }
  }

  async write(
    context: Context,
    key: Key,
    source: Source,
    options: Parameters<NonNullable<Backend['write']>>[3],
  ): Promise<Entry | void> {
    if (this.writing !== undefined) return this.writing(context, key, source, options)
    const seen = await this.#enter('write', key, context, options)
    if (source.size === undefined && this.capabilities.write?.unknownSize === undefined)
      throw new Error('unknown size is not declared')
    const parent = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    if (this.capabilities.write?.parents === 'required' && parent !== '' && !this.folders.has(parent)) {
      throw storageError('NotFound', 'no such directory')
    }
    const atomic = this.capabilities.write?.atomic !== undefined
    const stream = source.open(0)
    if (stream === null) throw new Error('no stream')
    let bytes: Bytes
    if (atomic) bytes = source.bytes?.slice() ?? (await collect(toStream(stream))).slice()
    else {
      bytes = new Uint8Array()
      for await (const chunk of stream) {
        bytes = new Uint8Array([...bytes, ...chunk])
        this.put(key, bytes)
      }
    }
    this.#check(key, options)
    this.put(key, bytes, { metadata: options.metadata, contentType: options.contentType })
    this.fault.after?.(seen)
  }

  async *list(
    context: Context,
    directory: Key,
    options: Parameters<NonNullable<Backend['list']>>[2],
  ): AsyncGenerator<Page> {
    const { list } = this.capabilities
    if (options.recursive === true && list?.recursive === undefined) throw new Error('recursion is not declared')
    if (options.after !== undefined && list?.after === undefined) throw new Error('after is not declared')
    await this.#enter('list', directory, context, options)
    const prefix = directory === '' ? '' : `${directory}/`
    const names = [...this.files.keys(), ...this.folders].filter(
      (name) => name.startsWith(prefix) && name !== directory,
    )
    const direct = names.filter((name) => options.recursive === true || !name.slice(prefix.length).includes('/'))
    direct.sort(compareKeys)
    if (list?.ordered === undefined) direct.reverse()
    const size = Math.min(options.limit ?? 2, list?.pageMax ?? 2)
    for (let at = 0; at < direct.length; at += size) {
      const seen = { operation: 'page', key: directory, attempt: context.attempt, options }
      await this.fault.before?.(seen, context)
      const entries = direct.slice(at, at + size).map((name): Entry => {
        const held = this.files.get(name)
        return held === undefined ? { kind: 'directory', key: name } : this.#entry(name, held)
      })
      yield { entries }
    }
  }

  async delete(context: Context, key: Key, options: { ifMatch?: string | undefined }): Promise<void> {
    const seen = await this.#enter('delete', key, context, options)
    this.#check(key, options)
    this.files.delete(key)
    this.fault.after?.(seen)
  }

  async copy(
    context: Context,
    from: Key,
    to: Key,
    options: Parameters<NonNullable<Backend['copy']>>[3],
  ): Promise<void> {
    await this.#enter('copy', from, context, options)
    this.#check(to, options)
    this.put(to, this.#held(from).bytes)
  }

  async move(
    context: Context,
    from: Key,
    to: Key,
    options: Parameters<NonNullable<Backend['move']>>[3],
  ): Promise<void> {
    const seen = await this.#enter('move', from, context, options)
    this.#check(to, options)
    const held = this.#held(from)
    this.files.set(to, held)
    if (from !== to) this.files.delete(from)
    this.fault.after?.(seen)
  }

  async append(context: Context, key: Key, source: Source): Promise<void> {
    await this.#enter('append', key, context, {})
    const more = await collect(source.bytes ?? source.open(0) ?? new Uint8Array())
    this.put(key, new Uint8Array([...(this.files.get(key)?.bytes ?? []), ...more]))
  }

  async update(context: Context, key: Key, attributes: { contentType?: string | undefined }): Promise<void> {
    await this.#enter('update', key, context, attributes)
    this.files.set(key, { ...this.#held(key), ...attributes })
  }

  async close(): Promise<void> {
    this.closed++
  }
}

export function scriptedPlugin(backend: ScriptedBackend): Plugin<{ note?: string }> {
  return definePlugin<{ note?: string }>({
    contract: 0,
    type: 'scripted',
    options: { note: { type: 'string', description: 'Unused.' } },
    capabilities: backend.capabilities,
    open: () => backend,
  })
}

/** A store over a scripted backend, its retries without waiting. */
export async function openScripted(
  capabilities: Capabilities = rich,
  layers: object = {},
  options: OpenOptions = {},
): Promise<{ store: Store; backend: ScriptedBackend }> {
  const backend = new ScriptedBackend(capabilities)
  const spec = { plugin: scriptedPlugin(backend), options: { layers: { retry: { base: 0 }, ...layers } } }
  return { store: await openStore(spec, options), backend }
}

/** A rejection as its code, for short expectations. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'resolved'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** What it rejects with. @throws what is no StorageError */
export async function failureOf(work: Promise<unknown>): Promise<StorageError> {
  try {
    await work
  } catch (error) {
    if (isStorageError(error)) return error
    throw error
  }
  throw new Error('it was expected to fail')
}

export function bytesOf(length: number, seed: number = 1): Bytes {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

export async function* chunked(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.slice(at, at + size)
}
