import type {
  Backend,
  ByteRange,
  Context,
  Entry,
  Key,
  ListOptions,
  Page,
  ReadConditions,
  ReadOptions,
  ReadResult,
} from '../backend/index.ts'
import { errorCode, storageError } from '../errors/index.ts'
import { keyCodec, type KeyCodec } from '../keys/index.ts'
import { asKey } from '../keys/key.ts'
import { mapOperations } from './operations.ts'
import { cutTo, resolveRange } from './ranges.ts'
import { endUnread } from './source.ts'

/**
 * The stage next to the backend: names are encoded and parsed, and what one call can make up for is made up: ranges, conditions
 * of reads. Everything above sees keys that are keys, and a store that serves what it is asked for.
 */
export function adapt(backend: Backend): Backend {
  const codec = keyCodec(backend.capabilities.keys)
  const toKey = (raw: string): string => codec.toKey(raw)
  const entry = (given: Entry): Entry => mapEntry(given, toKey)
  const { read: can } = backend.capabilities
  const has = (how: string | undefined): boolean => how !== undefined

  async function stat(context: Context, key: Key, options: ReadConditions): Promise<Entry> {
    const given = await backend.stat(context, codec.toRaw(key), backendConditions(options))
    checkReadConditions(options, given)
    return given.key === key ? given : entry(given)
  }

  /** What the backend understands of the conditions; the rest is checked on the entry. */
  function backendConditions<Options extends ReadConditions>(options: Options): Options {
    if (options.ifMatch === undefined && options.ifNoneMatch === undefined) return options
    return {
      ...options,
      ifMatch: has(can.ifMatch) ? options.ifMatch : undefined,
      ifNoneMatch: has(can.ifNoneMatch) ? options.ifNoneMatch : undefined,
    }
  }

  async function read(context: Context, key: Key, options: ReadOptions): Promise<ReadResult> {
    if (options.range !== undefined && isEmptyRange(options.range)) return readNothing(context, key, options)
    const wanted = has(can.range) ? options : { ...options, range: undefined }
    let given: ReadResult
    try {
      given = await backend.read(context, codec.toRaw(key), backendConditions(wanted))
    } catch (error) {
      // Servers refuse every range of an empty object, which is no error where the range begins at its beginning.
      if (errorCode(error) !== 'InvalidRange' || !mayBeEmpty(options.range)) throw error
      const nothing = await readNothing(context, key, options)
      if (nothing.entry.size !== 0) throw error
      return nothing
    }
    try {
      checkReadConditions(options, given.entry)
      const cut = options.range === undefined && given.from === 0 ? given : cutToRange(given, options.range)
      return cut.entry.key === key ? cut : { ...cut, entry: entry(cut.entry) }
    } catch (error) {
      await endUnread(given.body)
      throw error
    }
  }

  /** A read without bytes: what is there is still looked at. */
  async function readNothing(context: Context, key: Key, options: ReadOptions): Promise<ReadResult> {
    const { ifMatch, ifNoneMatch, version } = options
    const there = await stat(context, key, { ifMatch, ifNoneMatch, version })
    if (there.kind === 'directory') throw storageError('IsDirectory', 'a directory has no bytes')
    const { from } = resolveRange(options.range, there.size ?? 0)
    return { entry: there, from, body: new Uint8Array() }
  }

  const rest = mapOperations(backend, codecArguments(codec, entry))
  return { ...rest, capabilities: backend.capabilities, stat, read }
}

function isEmptyRange(range: ByteRange): boolean {
  return 'last' in range ? range.last === 0 : range.from === range.to
}

function mayBeEmpty(range: ByteRange | undefined): boolean {
  return range !== undefined && ('last' in range || range.from === 0)
}

function cutToRange(given: ReadResult, range: ByteRange | undefined): ReadResult {
  const size = given.entry.size
  if (size !== undefined) return cutTo(given, resolveRange(range, size))
  if (range === undefined) return cutTo(given, { from: 0, to: undefined })
  if ('last' in range) {
    // Whoever served a suffix knows where it began.
    if (given.from > 0) return given
    throw storageError('Unsupported', 'the store tells no size, so the last bytes cannot be found')
  }
  return cutTo(given, { from: range.from, to: range.to })
}

/** @throws ConditionFailed, NotModified */
function checkReadConditions(options: ReadConditions, entry: Entry): void {
  if (options.ifMatch !== undefined && entry.etag !== options.ifMatch) {
    throw storageError('ConditionFailed', `the etag is ${entry.etag ?? 'unknown'}, not ${options.ifMatch}`)
  }
  if (options.ifNoneMatch !== undefined && entry.etag !== undefined && entry.etag === options.ifNoneMatch) {
    throw storageError('NotModified', `the etag is still ${entry.etag}`)
  }
}

function mapEntry(entry: Entry, toKey: (raw: string) => string): Entry {
  const key = toKey(entry.key)
  return key === entry.key ? entry : { ...entry, key, id: entry.id ?? entry.key }
}

/** How each operation's arguments and results pass the codec. */
function codecArguments(codec: KeyCodec, entry: (given: Entry) => Entry): Parameters<typeof mapOperations>[1] {
  const raw = (key: Key): Key => codec.toRaw(key)
  const maybe = (given: Entry | void): Entry | void => (given === undefined ? undefined : entry(given))
  const pages = async function* (given: AsyncIterable<Page>): AsyncGenerator<Page> {
    for await (const page of given) yield { ...page, entries: page.entries.map(entry) }
  }
  return {
    raw,
    entry,
    maybe,
    pages,
    key: (name) => codec.toKey(name),
    options: (options) => rawListOptions(options, codec),
  }
}

function rawListOptions(options: ListOptions, codec: KeyCodec): ListOptions {
  if (options.after === undefined || options.after === '') return options
  return { ...options, after: codec.toRaw(asKey(options.after)) }
}
