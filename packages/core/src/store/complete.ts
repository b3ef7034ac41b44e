import type {
  Backend,
  Capabilities,
  Context,
  Entry,
  Key,
  OnUnsupported,
  Page,
  Source,
  WriteConditions,
  WriteOptions,
} from '../backend/index.ts'
import { errorCode, isStorageError, storageError } from '../errors/index.ts'
import { joinKey, keyName, parentKey } from '../keys/index.ts'
import { asKey } from '../keys/key.ts'
import { names } from '../names.ts'
import { cleanupContext } from './context.ts'
import { effectiveCapabilities } from './effective.ts'
import { gateAttributes, gateConditions, gateRead, gateWrite, requireStrong } from './gates.ts'
import { completeList } from './listing.ts'
import { bytesSource, sizedSource, watchSource } from './source.ts'
import type { Spill } from './spill.ts'

/** A body of unknown length is held in memory up to this, for stores that must be told the length first. */
const unknownSizeMaxBytes = 16 * 2 ** 20
const parallelDeletes = 16

export interface CompleteOptions {
  readonly onUnsupported: OnUnsupported
  readonly spill: Spill | undefined
}

/**
 * The topmost stage: refuses before any I/O what the store cannot do, and makes out of several calls what it leaves to core.
 * Its result is a Backend again, so that wrappers hold inner stores in the same form.
 */
export function complete(backend: Backend, options: CompleteOptions): Backend {
  const given = backend.capabilities
  const capabilities = effectiveCapabilities(given)
  const marked = given.write?.attributes.includes('metadata') === true
  const clean = (entry: Entry): Entry => (marked ? withoutWriteId(entry) : entry)

  const completed: { -readonly [Name in keyof Backend]: Backend[Name] } = {
    ...backend,
    capabilities,
    async stat(context, key, conditions) {
      gateRead(capabilities, conditions)
      return clean(await backend.stat(context, key, conditions))
    },
    async read(context, key, conditions) {
      gateRead(capabilities, conditions)
      const result = await backend.read(context, key, conditions)
      return marked ? { ...result, entry: clean(result.entry) } : result
    },
  }
  const write = backend.write && given.ops.write && completeWrite(backend, capabilities, options.onUnsupported)
  if (write) completed.write = async (context, key, source, given_) => clean(await write(context, key, source, given_))
  if (backend.list && given.ops.list) {
    const list = completeList(backend, backend.list.bind(backend), options.spill)
    completed.list = marked ? (context, directory, given_) => cleanPages(list(context, directory, given_)) : list
  }
  const remove = backend.delete?.bind(backend)
  if (remove && given.ops.delete) {
    completed.delete = async (context, key, conditions) => {
      if (conditions.ifMatch !== undefined) {
        if (given.delete?.ifMatch === undefined) throw cannot('delete on condition of an etag (ifMatch)')
        requireStrong(conditions.ifMatch)
      }
      if (conditions.version !== undefined && given.read.version === undefined) throw cannot('delete versions')
      await remove(context, key, conditions)
    }
    completed.deleteMany =
      given.ops.deleteMany && backend.deleteMany ? batches(backend, given) : deleteEach(completed.delete)
  }
  completeCopyAndMove(backend, completed, capabilities)
  const { append, update } = backend
  if (append) {
    completed.append = async (context, key, source, given_) => {
      const watched = watchSource(source, context)
      try {
        return clean(
          (await append.call(backend, context, key, watched.source, given_)) ??
            (await completed.stat(context, key, {})),
        )
      } catch (error) {
        throw watched.failed ? watched.failure : error
      }
    }
  }
  if (update) {
    completed.update = async (context, key, attributes) => {
      const kept = gateAttributes(capabilities, attributes, options.onUnsupported)
      return clean((await update.call(backend, context, key, kept)) ?? (await completed.stat(context, key, {})))
    }
  }
  if (given.ops.ping === undefined || backend.ping === undefined) {
    completed.ping = async (context) => {
      await backend.stat(context, asKey(''), {}).catch((error: unknown) => {
        if (errorCode(error) !== 'NotFound') throw error
      })
    }
  }
  return completed
}

function cannot(what: string): Error {
  return storageError('Unsupported', `the store cannot ${what}; nothing was sent to it`)
}

function withoutWriteId(entry: Entry): Entry {
  if (entry.metadata?.[names.writeId] === undefined) return entry
  const { [names.writeId]: _, ...metadata } = entry.metadata
  return { ...entry, metadata }
}

async function* cleanPages(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  for await (const page of pages) yield { ...page, entries: page.entries.map(withoutWriteId) }
}

type Write = (context: Context, key: Key, source: Source, options: WriteOptions) => Promise<Entry>

function completeWrite(backend: Backend, capabilities: Capabilities, relaxed: OnUnsupported): Write {
  const { write: given } = backend.capabilities
  const plain = backend.write?.bind(backend)
  if (plain === undefined || given === undefined) throw storageError('InvalidConfig', 'write is declared but missing')
  const put = given.parents === 'required' ? withParents(backend, plain) : plain
  const replace = given.atomic === undefined && backend.move !== undefined ? throughTemporary(backend, put) : put

  return async (context, key, source, options) => {
    const kept = gateWrite(capabilities, options, source.size, relaxed)
    if (key === '') throw storageError('IsDirectory', 'the root is a directory')
    const watched = watchSource(source, context)
    if (watched.failed) throw watched.failure
    try {
      const sized =
        given.unknownSize === undefined ? await sizedSource(watched.source, unknownSizeMaxBytes) : watched.source
      if (sized !== watched.source) gateWrite(capabilities, {}, sized.size, relaxed)
      return (await replace(context, key, sized, kept)) ?? (await backend.stat(context, key, {}))
    } catch (error) {
      throw watched.failed ? watched.failure : error
    }
  }
}

type PlainWrite = NonNullable<Backend['write']>

/** Makes the parents when the store says NotFound; beforehand where the body could not be sent twice. */
function withParents(backend: Backend, write: PlainWrite): PlainWrite {
  return async (context, key, source, options) => {
    const parent = parentKey(key)
    if (parent === '' || backend.directories === undefined) return write(context, key, source, options)
    const replayable = source.bytes !== undefined || source.version !== undefined
    if (!replayable) {
      await backend.directories.make(context, parent)
      return write(context, key, source, options)
    }
    try {
      return await write(context, key, source, options)
    } catch (error) {
      if (errorCode(error) !== 'NotFound' || options.ifMatch !== undefined) throw error
      await backend.directories.make(context, parent)
      return write(context, key, source, options)
    }
  }
}

/** A temporary key beside the target, then a move: for stores whose writes can be seen half done. */
function throughTemporary(backend: Backend, write: PlainWrite): PlainWrite {
  const { move, delete: remove } = backend
  if (move === undefined || remove === undefined) return write
  return async (context, key, source, { ifAbsent, ifMatch, ...attributes }) => {
    const temporary = joinKey(parentKey(key), asKey(`${names.temporary}${crypto.randomUUID()}`))
    try {
      await write(context, temporary, source, attributes)
      return await move.call(backend, context, temporary, key, { ifAbsent, ifMatch })
    } catch (error) {
      await remove.call(backend, cleanupContext(context), temporary, {}).catch((failure: unknown) => {
        context.log('warn', `a temporary object was left behind: ${temporary}`, { error: String(failure) })
      })
      throw error
    }
  }
}

type DeleteMany = NonNullable<Backend['deleteMany']>

function batches(backend: Backend, given: Capabilities): DeleteMany {
  const size = given.delete?.batchMax ?? 1000
  return async function* (context, keys) {
    for (let at = 0; at < keys.length; at += size) {
      const batch = keys.slice(at, at + size)
      const answered = new Set<Key>()
      for await (const result of backend.deleteMany?.(context, batch) ?? []) {
        answered.add(result.key)
        yield result
      }
      for (const key of batch) {
        if (answered.has(key)) continue
        yield {
          key,
          error: storageError('Unexpected', 'the store gave no result for this key', { key, applied: 'maybe' }),
        }
      }
    }
  }
}

function deleteEach(remove: NonNullable<Backend['delete']>): DeleteMany {
  return async function* (context, keys) {
    const one = async (key: Key): Promise<{ key: Key; error?: unknown }> => {
      try {
        await remove(context, key, {})
        return { key }
      } catch (error) {
        return { key, error }
      }
    }
    const running = new Map<Key, Promise<{ key: Key; error?: unknown }>>()
    for (const key of new Set(keys)) {
      running.set(key, one(key))
      if (running.size < parallelDeletes) continue
      const done = await Promise.race(running.values())
      running.delete(done.key)
      yield done
    }
    while (running.size > 0) {
      const done = await Promise.race(running.values())
      running.delete(done.key)
      yield done
    }
  }
}

type Copy = (
  context: Context,
  from: Key,
  to: Key,
  options: WriteConditions & { readonly fromEtag?: string | undefined },
) => Promise<Entry>

function completeCopyAndMove(
  backend: Backend,
  completed: { -readonly [Name in keyof Backend]: Backend[Name] },
  capabilities: Capabilities,
): void {
  const given = backend.capabilities
  const { write, delete: remove } = completed
  const nativeCopy = given.ops.copy === undefined ? undefined : backend.copy?.bind(backend)
  const nativeMove = given.ops.move === undefined ? undefined : backend.move?.bind(backend)
  const copy: Copy | undefined =
    nativeCopy !== undefined
      ? async (context, from, to, options) =>
          (await makingParents(backend, context, to, () => nativeCopy(context, from, to, options))) ??
          completed.stat(context, to, {})
      : write && (async (context, from, to, options) => copyThrough(completed, context, from, to, options))
  if (copy !== undefined) {
    completed.copy = async (context, from, to, options) => {
      gateConditions(capabilities, options)
      if (options.fromEtag !== undefined && capabilities.read.ifMatch === undefined)
        throw cannot('pin the source of a copy (fromEtag)')
      if (from !== to) return copy(context, from, to, options)
      // Onto itself nothing changes; the conditions and the source are still looked at.
      const there = await completed.stat(context, from, { ifMatch: options.fromEtag ?? options.ifMatch })
      if (options.ifAbsent === true) throw storageError('AlreadyExists', 'the source is the target')
      return there
    }
  }
  const move =
    nativeMove !== undefined
      ? async (context: Context, from: Key, to: Key, options: WriteConditions) =>
          (await makingParents(backend, context, to, () => nativeMove(context, from, to, options))) ??
          completed.stat(context, to, {})
      : copy && remove && moveThrough(completed, copy, remove, given)
  if (move !== undefined) {
    completed.move = async (context, from, to, options) => {
      gateConditions(capabilities, options)
      if (from !== to) return move(context, from, to, options)
      const there = await completed.stat(context, from, { ifMatch: options.ifMatch })
      if (options.ifAbsent === true) throw storageError('AlreadyExists', 'the source is the target')
      return there
    }
  }
}

async function makingParents<Result>(
  backend: Backend,
  context: Context,
  to: Key,
  work: () => Promise<Result>,
): Promise<Result> {
  const parent = parentKey(to)
  if (backend.capabilities.write?.parents !== 'required' || parent === '' || backend.directories === undefined)
    return work()
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'NotFound') throw error
    await backend.directories.make(context, parent)
    return work()
  }
}

/** A copy of the bytes through this process, with the attributes that both sides declare; all of them belong to one store. */
async function copyThrough(
  backend: Backend,
  context: Context,
  from: Key,
  to: Key,
  options: WriteConditions & { readonly fromEtag?: string | undefined },
): Promise<Entry> {
  const { fromEtag, ...conditions } = options
  const { entry, body } = await backend.read(context, from, { ifMatch: fromEtag })
  const attributes: Record<string, unknown> = {}
  for (const name of backend.capabilities.write?.attributes ?? []) {
    if (name !== 'modified' && entry[name] !== undefined) attributes[name] = entry[name]
  }
  const source: Source =
    body instanceof Uint8Array ? bytesSource(body) : { size: entry.size, open: (at) => (at === 0 ? body : null) }
  const written = await backend.write?.(context, to, source, { ...attributes, ...conditions })
  return written ?? (await backend.stat(context, to, {}))
}

/** Copy, then delete on condition that the source is still what was copied, where the store can do that. */
function moveThrough(
  completed: Backend,
  copy: Copy,
  remove: NonNullable<Backend['delete']>,
  given: Capabilities,
): Copy {
  return async (context, from, to, options) => {
    const source = await completed.stat(context, from, {})
    if (source.kind === 'directory') throw storageError('IsDirectory', 'a move is of one file')
    const pinned = source.etag?.startsWith('W/') === false ? source.etag : undefined
    const made = await copy(context, from, to, { ...options, fromEtag: pinned })
    try {
      await remove(context, from, { ifMatch: given.delete?.ifMatch === undefined ? undefined : pinned })
    } catch (error) {
      const summary = `the copy ${keyName(to)} was made, but the old name could not be removed`
      throw isStorageError(error)
        ? storageError(error.code, summary, { cause: error, applied: 'maybe', retry: 'never' })
        : error
    }
    return made
  }
}
