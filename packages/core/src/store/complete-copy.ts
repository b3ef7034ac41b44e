import type { Backend, Capabilities, Context, Entry, Key, Source, WriteConditions } from '../backend/index.ts'
import { isStorageError, storageError } from '../errors/index.ts'
import { keyName } from '../keys/index.ts'
import { makingParents, withPlainMeaning } from './complete-write.ts'
import { gateConditions, refuse, requireObject } from './gates.ts'
import { bytesSource } from './source.ts'
import { isStrong } from './strong-etag.ts'

type CopyOptions = WriteConditions & { readonly fromEtag?: string | undefined }
type Copy = (context: Context, from: Key, to: Key, options: CopyOptions) => Promise<Entry>
type Move = (context: Context, from: Key, to: Key, options: WriteConditions) => Promise<Entry>

/** What `completed` needs of itself: the other operations as a program sees them. */
type Completed = Pick<Backend, 'stat' | 'read' | 'write' | 'delete'>

/** The store's own copy where it honours the conditions that are asked for, else through this process. */
export function completeCopy(backend: Backend, completed: Completed, capabilities: Capabilities): Copy | undefined {
  const { ops, copy: honours } = backend.capabilities
  const native = ops.copy === undefined ? undefined : backend.copy?.bind(backend)
  if (native === undefined && completed.write === undefined) return undefined
  const suffices = ({ ifAbsent, ifMatch, fromEtag }: CopyOptions): boolean =>
    (ifAbsent === undefined || honours?.ifAbsent !== undefined) &&
    (ifMatch === undefined || honours?.ifMatch !== undefined) &&
    (fromEtag === undefined || honours?.fromEtag !== undefined)
  const copy: Copy = async (context, from, to, options) => {
    if (native === undefined || !suffices(options)) return copyThrough(completed, context, from, to, options)
    const made = await withPlainMeaning(options, () =>
      makingParents(backend, context, to, from, () => native(context, from, to, options)),
    )
    return made ?? completed.stat(context, to, {})
  }
  return async (context, from, to, options) => {
    requireObject(from)
    requireObject(to)
    gateConditions(capabilities, options)
    if (options.fromEtag !== undefined && capabilities.copy?.fromEtag === undefined) {
      throw refuse('pin the source of a copy (fromEtag)')
    }
    return from === to ? ontoItself(completed, context, from, options) : copy(context, from, to, options)
  }
}

/** The store's own move where it honours the conditions, else a copy, and then the old name goes. */
export function completeMove(
  backend: Backend,
  completed: Completed,
  copy: Copy | undefined,
  capabilities: Capabilities,
): Move | undefined {
  const { ops, move: honours } = backend.capabilities
  const native = ops.move === undefined ? undefined : backend.move?.bind(backend)
  const through = copy && completed.delete && moveThrough(completed, copy, completed.delete, capabilities)
  if (native === undefined && through === undefined) return undefined
  const suffices = ({ ifAbsent, ifMatch }: WriteConditions): boolean =>
    (ifAbsent === undefined || honours?.ifAbsent !== undefined) &&
    (ifMatch === undefined || honours?.ifMatch !== undefined)
  return async (context, from, to, options) => {
    requireObject(from)
    requireObject(to)
    gateConditions(capabilities, options)
    if (from === to) return ontoItself(completed, context, from, options)
    if (native !== undefined && suffices(options)) {
      const made = await withPlainMeaning(options, () =>
        makingParents(backend, context, to, from, () => native(context, from, to, options)),
      )
      return made ?? completed.stat(context, to, {})
    }
    if (through === undefined) throw refuse('move on these conditions')
    return through(context, from, to, options)
  }
}

/** Nothing changes; the source and the conditions are still looked at. */
async function ontoItself(completed: Completed, context: Context, key: Key, options: CopyOptions): Promise<Entry> {
  const there = await completed.stat(context, key, { ifMatch: options.fromEtag ?? options.ifMatch })
  if (there.kind === 'directory') throw storageError('IsDirectory', 'copying and moving are of single files')
  if (options.ifAbsent === true) throw storageError('AlreadyExists', 'the source is the target')
  return there
}

/** A copy of the bytes through this process, with all the attributes that the store keeps. */
async function copyThrough(
  completed: Completed,
  context: Context,
  from: Key,
  to: Key,
  options: CopyOptions,
): Promise<Entry> {
  const { fromEtag, ...conditions } = options
  const { entry, body } = await completed.read(context, from, { ifMatch: fromEtag })
  const { contentType, contentEncoding, contentDisposition, cacheControl, metadata, mode } = entry
  const attributes = { contentType, contentEncoding, contentDisposition, cacheControl, metadata, mode }
  const source: Source =
    body instanceof Uint8Array ? bytesSource(body) : { size: entry.size, open: (at) => (at === 0 ? body : null) }
  const written = await completed.write?.(context, to, source, { ...attributes, ...conditions })
  return written ?? (await completed.stat(context, to, {}))
}

/** Copy, then delete on condition that the source is still what was copied, where the store can do that. */
function moveThrough(
  completed: Completed,
  copy: Copy,
  remove: NonNullable<Backend['delete']>,
  capabilities: Capabilities,
): Move {
  return async (context, from, to, options) => {
    const source = await completed.stat(context, from, {})
    if (source.kind === 'directory') throw storageError('IsDirectory', 'a move is of one file')
    const strong = isStrong(source.etag) ? source.etag : undefined
    const fromEtag = capabilities.copy?.fromEtag === undefined ? undefined : strong
    const made = await copy(context, from, to, { ...options, fromEtag })
    try {
      await remove(context, from, { ifMatch: capabilities.delete?.ifMatch === undefined ? undefined : strong })
    } catch (error) {
      const summary = `the copy ${keyName(to)} was made, but the old name could not be removed`
      throw isStorageError(error)
        ? storageError(error.code, summary, { cause: error, applied: 'maybe', retry: 'never' })
        : error
    }
    return made
  }
}
