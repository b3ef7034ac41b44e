import type {
  AnyPlugin,
  Attributes,
  Backend,
  Capabilities,
  Change,
  ChangeNotice,
  Context,
  Entry,
  Group,
  HandleMode,
  Key,
  Operation,
  Page,
  SignedUrl,
  Usage,
} from '../backend/index.ts'
import { isStorageError, storageError, toStorageError, withDetails, abortError } from '../errors/index.ts'
import { parseKey } from '../keys/index.ts'
import { checked, checkedChange, told } from './checked.ts'
import { CallContext, DerivedContext, type Logger } from './context.ts'
import { requireOperation } from './gates.ts'
import { bindGroups, type Caller } from './groups.ts'
import { storeHandle } from './handle.ts'
import { probeStore } from './probe.ts'
import { resolveRange } from './ranges.ts'
import { reportProgress, StoreReading } from './reading.ts'
import { toSource, watchSource } from './source.ts'
import type {
  Body,
  CallOptions,
  ListCall,
  Listing,
  Reading,
  StatCall,
  Store,
  StoreEntry,
  StoreHandle,
  ReadCall,
  WriteCall,
} from './store.ts'

type Loose<Method extends (...all: never[]) => unknown> = NonNullable<Parameters<Method>[2]>

/** Operations that are functions; the rest are groups. */
type MethodName = Exclude<Operation, Group>

/** A backend, completed and layered, in the hands of a program: plain strings in, checked entries and filled-in errors out. */
export class KitStore implements Store, Caller {
  readonly name: string
  readonly type: string
  readonly capabilities: Capabilities
  readonly upload: Store['upload']
  readonly directories: Store['directories']
  readonly links: Store['links']
  readonly blocks: Store['blocks']
  readonly content: Store['content']
  readonly pins: Store['pins']
  readonly ipns: Store['ipns']
  readonly #backend: Backend
  readonly #plugin: AnyPlugin
  readonly #raw: Backend
  readonly #log: Logger | undefined
  #closed: Promise<void> | undefined

  constructor(name: string, plugin: AnyPlugin, raw: Backend, backend: Backend, log: Logger | undefined) {
    this.name = name
    this.type = plugin.type
    this.capabilities = backend.capabilities
    this.#backend = backend
    this.#plugin = plugin
    this.#raw = raw
    this.#log = log
    const groups = bindGroups(backend, this)
    this.upload = groups.upload
    this.directories = groups.directories
    this.links = groups.links
    this.blocks = groups.blocks
    this.content = groups.content
    this.pins = groups.pins
    this.ipns = groups.ipns
  }

  can(operation: Operation): boolean {
    return this.capabilities.ops[operation] !== undefined
  }

  stat(key: string, options: StatCall = {}): Promise<StoreEntry> {
    return this.call('stat', key, options, async (context) => {
      const parsed = parseKey(key)
      try {
        return checked(await this.#backend.stat(context, parsed, options))
      } catch (error) {
        if (options.implied !== true || !isStorageError(error) || error.code !== 'NotFound') throw error
        if (await this.#isImplied(context, parsed)) return { kind: 'directory', key: parsed }
        throw error
      }
    })
  }

  async #isImplied(context: Context, key: Key): Promise<boolean> {
    if (this.#backend.list === undefined) return false
    for await (const page of this.#backend.list(context, key, { limit: 1 })) if (page.entries.length > 0) return true
    return false
  }

  read(key: string, options: ReadCall = {}): Promise<Reading> {
    return this.call('read', key, options, async (outer) => {
      const context = new DerivedContext(outer)
      const { entry, from, body, file } = await this.#backend.read(context, parseKey(key), options)
      const size = entry.size === undefined ? undefined : resolveRange(options.range, entry.size).to - from
      const told =
        options.onProgress === undefined || body instanceof Uint8Array
          ? body
          : reportProgress(body, size, options.onProgress)
      if (told instanceof Uint8Array) context.release()
      const filled = told instanceof Uint8Array ? told : this.#filled('read', key, context, told)
      return new StoreReading({ entry: checked(entry), from, body: filled, file }, size, {
        free: () => context.abort(storageError('Aborted', 'the body was not wanted any more')),
        failure: (error) => this.#failure('read', key, outer, error),
      })
    })
  }

  write(key: string, body: Body, options: WriteCall = {}): Promise<StoreEntry> {
    const { signal, requestId, size, onProgress, ...rest } = options
    return this.#fromSource('write', key, body, { signal, requestId, size, onProgress }, async (context, source) => {
      const write = this.#method('write')
      return write(context, parseKey(key), source, rest)
    })
  }

  append(key: string, body: Body, options: Loose<Store['append']> = {}): Promise<StoreEntry> {
    return this.#fromSource('append', key, body, options, async (context, source) => {
      const append = this.#method('append')
      return append(context, parseKey(key), source, { at: options.at })
    })
  }

  /** A source's own failure is thrown as it came, everything else as a StorageError. */
  async #fromSource(
    operation: 'write' | 'append',
    key: string,
    body: Body,
    options: Pick<WriteCall, 'signal' | 'requestId' | 'size' | 'onProgress'>,
    work: (context: Context, source: ReturnType<typeof toSource>) => Promise<Entry | void>,
  ): Promise<StoreEntry> {
    const source = toSource(body, options.size)
    const watched = source.bytes === undefined ? watchSource(source, { onProgress: options.onProgress }) : undefined
    try {
      return await this.call(operation, key, options, async (context) => {
        const entry = await work(context, watched?.source ?? source)
        if (source.bytes !== undefined)
          options.onProgress?.({ bytes: source.bytes.byteLength, total: source.bytes.byteLength })
        return told(entry)
      })
    } catch (error) {
      throw watched?.failed === true ? watched.failure : error
    }
  }

  list(directory: string = '', options: ListCall = {}): Listing {
    return this.#listing('list', directory, options, (context) => {
      const list = this.#method('list')
      if (options.cursor !== undefined && this.capabilities.list?.cursor !== true) {
        throw storageError('Unsupported', 'the store has no cursors: continue a listing with `after`')
      }
      if (options.limit !== undefined && !(Number.isInteger(options.limit) && options.limit > 0)) {
        throw storageError('InvalidConfig', '`limit` is a number of entries from 1')
      }
      const { signal: _signal, requestId: _requestId, ...rest } = options
      return list(context, parseKey(directory), rest)
    })
  }

  #listing(
    operation: string,
    key: string,
    options: CallOptions | undefined,
    work: (context: Context) => AsyncIterable<Page> | readonly never[],
  ): Listing {
    const pages = (): AsyncIterable<{ entries: StoreEntry[]; cursor?: string | undefined }> =>
      this.stream(operation, key, options, async function* (context) {
        for await (const page of work(context)) yield { ...page, entries: page.entries.map(checked) }
      })
    return {
      pages,
      async *[Symbol.asyncIterator]() {
        for await (const page of pages()) yield* page.entries
      },
    }
  }

  delete(key: string, options: Loose<Store['copy']> & { readonly version?: string | undefined } = {}): Promise<void> {
    return this.call('delete', key, options, async (context) => {
      const remove = this.#method('delete')
      await remove(context, parseKey(key), { ifMatch: options.ifMatch, version: options.version })
    })
  }

  deleteMany(
    keys: Iterable<string> | AsyncIterable<string>,
    options: CallOptions = {},
  ): AsyncIterable<{ readonly key: string; readonly error?: unknown }> {
    const method = (): NonNullable<Backend['deleteMany']> => this.#method('deleteMany')
    const filled = (error: unknown, key: string): unknown => this.#failure('delete', key, undefined, error)
    return this.stream('deleteMany', undefined, options, async function* (context) {
      const deleteMany = method()
      let batch: Key[] = []
      const flush = async function* (): AsyncGenerator<{ key: string; error?: unknown }> {
        for await (const { key, error } of deleteMany(context, batch)) {
          yield error === undefined ? { key } : { key, error: filled(error, key) }
        }
        batch = []
      }
      for await (const key of keys) {
        try {
          batch.push(parseKey(key))
        } catch (error) {
          yield { key, error: filled(error, key) }
        }
        if (batch.length >= 1000) yield* flush()
      }
      if (batch.length > 0) yield* flush()
    })
  }

  batch(
    changes: readonly Change[],
    options: Loose<Store['copy']> & { readonly message?: string | undefined } = {},
  ): Promise<StoreEntry[]> {
    return this.call('batch', undefined, options, async (context) => {
      const batch = this.#method('batch')
      const { message, ifMatch } = options
      const entries = await batch(context, changes.map(checkedChange), { message, ifMatch })
      return entries.map(checked)
    })
  }

  copy(from: string, to: string, options: Loose<Store['copy']> = {}): Promise<StoreEntry> {
    const { ifAbsent, ifMatch, fromEtag } = options
    return this.call('copy', from, options, async (context) => {
      const copy = this.#method('copy')
      const conditions = { ifAbsent, ifMatch, fromEtag }
      return told(await copy(context, parseKey(from), parseKey(to), conditions))
    })
  }

  move(from: string, to: string, options: Loose<Store['move']> = {}): Promise<StoreEntry> {
    const { ifAbsent, ifMatch } = options
    return this.call('move', from, options, async (context) => {
      const move = this.#method('move')
      return told(await move(context, parseKey(from), parseKey(to), { ifAbsent, ifMatch }))
    })
  }

  update(key: string, attributes: Attributes, options: CallOptions = {}): Promise<StoreEntry> {
    return this.call('update', key, options, async (context) => {
      const update = this.#method('update')
      return told(await update(context, parseKey(key), attributes))
    })
  }

  url(key: string, options: Parameters<Store['url']>[1]): Promise<SignedUrl> {
    const { method = 'GET', expiresInSeconds, contentType } = options
    return this.call('url', key, options, async (context) => {
      const url = this.#method('url')
      if (!(expiresInSeconds > 0))
        throw storageError('InvalidConfig', '`expiresInSeconds` is a number of seconds above 0')
      const given = { method, expiresInSeconds, contentType }
      const made = await url(context, parseKey(key), given)
      return made
    })
  }

  versions(key: string, options: CallOptions = {}): Listing {
    return this.#listing('versions', key, options, (context) => {
      const versions = this.#method('versions')
      return versions(context, parseKey(key))
    })
  }

  search(query: Parameters<Store['search']>[0], options: CallOptions = {}): Listing {
    return this.#listing('search', query.under ?? '', options, (context) => {
      const search = this.#method('search')
      const under = query.under === undefined ? undefined : parseKey(query.under)
      return search(context, { ...query, under })
    })
  }

  changes(options: CallOptions & { readonly since?: string | undefined } = {}): AsyncIterable<ChangeNotice> {
    return this.stream('changes', undefined, options, (context) => {
      const changes = this.#method('changes')
      return changes(context, options.since)
    })
  }

  usage(options: CallOptions = {}): Promise<Usage> {
    return this.call('usage', undefined, options, async (context) => {
      const usage = this.#method('usage')
      return usage(context)
    })
  }

  ping(options: CallOptions = {}): Promise<void> {
    return this.call('ping', undefined, options, async (context) => this.#backend.ping?.(context))
  }

  open(key: string, mode: HandleMode, options: CallOptions = {}): Promise<StoreHandle> {
    return this.call('open', key, options, async (context) => {
      const open = this.#method('open')
      const handle = await open(context, parseKey(key), mode)
      return storeHandle(handle, key, this)
    })
  }

  probe(options: CallOptions = {}): Promise<Capabilities> {
    return this.call('probe', undefined, options, (context) => probeStore(context, this.#plugin, this.#raw))
  }

  close(): Promise<void> {
    this.#closed ??= this.#backend.close?.() ?? Promise.resolve()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs one call: refuses after closing or when already cancelled, and fills in what its error lacks. */
  async call<Result>(
    operation: string,
    key: string | undefined,
    options: CallOptions | undefined,
    work: (context: Context) => Promise<Result>,
  ): Promise<Result> {
    const context = this.#context(options)
    try {
      this.#requireOpen(options)
      return await work(context)
    } catch (error) {
      throw this.#failure(operation, key, context, error)
    }
  }

  async *stream<Item>(
    operation: string,
    key: string | undefined,
    options: CallOptions | undefined,
    work: (context: Context) => AsyncIterable<Item>,
  ): AsyncGenerator<Item> {
    const context = this.#context(options)
    try {
      this.#requireOpen(options)
      yield* work(context)
    } catch (error) {
      throw this.#failure(operation, key, context, error)
    }
  }

  async *#filled<Item>(
    operation: string,
    key: string,
    context: DerivedContext,
    stream: AsyncIterable<Item>,
  ): AsyncGenerator<Item> {
    try {
      yield* stream
    } catch (error) {
      throw this.#failure(operation, key, context, error)
    } finally {
      context.release()
    }
  }

  #context(options: CallOptions | undefined): CallContext {
    return new CallContext(options?.signal, options?.requestId, this.#log)
  }

  #requireOpen(options: CallOptions | undefined): void {
    if (this.#closed !== undefined) throw storageError('Aborted', 'the store has been closed')
    if (options?.signal?.aborted === true) throw abortError(options.signal)
  }

  /** The backend's function for a declared operation. @throws Unsupported */
  #method<Name extends MethodName>(name: Name): NonNullable<Backend[Name]> {
    requireOperation(this.capabilities, name)
    const method: Backend[Name] = this.#backend[name]
    if (method === undefined) throw storageError('Unsupported', `the store declares ${name}, but has no such function`)
    return method
  }

  #failure(operation: string, key: string | undefined, context: Context | undefined, error: unknown): Error {
    const details = { operation, key, store: this.name, requestId: context?.requestId }
    return isStorageError(error) ? withDetails(error, details) : toStorageError(error, details)
  }
}
