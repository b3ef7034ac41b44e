import type {
  Backend,
  Capabilities,
  Context,
  Entry,
  Key,
  OnUnsupported,
  Source,
  WriteConditions,
  WriteOptions,
} from '../backend/index.ts'
import { errorCode, isStorageError, storageError } from '../errors/index.ts'
import { joinKey, keyName, parentKey } from '../keys/index.ts'
import { asKey } from '../keys/key.ts'
import { names } from '../names.ts'
import { cleanupContext } from './context.ts'
import { gateWrite, requireObject } from './gates.ts'
import { sizedSource } from './source.ts'

/** A body of unknown length is held in memory up to this, for stores that must be told the length first. */
const unknownSizeMaxBytes = 16 * 2 ** 20

type Write = (context: Context, key: Key, source: Source, options: WriteOptions) => Promise<Entry>
type PlainWrite = NonNullable<Backend['write']>

/** Writes with everything that the backend leaves out: parents, length, atomic replacement, the entry. */
export function completeWrite(
  backend: Backend,
  plain: PlainWrite,
  capabilities: Capabilities,
  relaxed: OnUnsupported,
): Write {
  const { write: given } = backend.capabilities
  const put = given?.parents === 'required' ? withParents(backend, plain) : plain
  const temporary = usesTemporaries(backend.capabilities)
  const replace = temporary ? throughTemporary(backend, put) : put

  return async (context, key, source, options) => {
    const kept = gateWrite(capabilities, options, source.size, relaxed)
    requireObject(key)
    if (temporary && isTemporary(key)) {
      throw storageError('InvalidKey', `names that begin with ${names.temporary} are temporary ones on this store`)
    }
    const unsized = given?.unknownSize === undefined && source.size === undefined
    const sent = unsized ? await sizedSource(source, unknownSizeMaxBytes, context.signal) : source
    if (unsized) gateWrite(capabilities, {}, sent.size, relaxed)
    const entry = await withPlainMeaning(kept, () => replace(context, key, sent, kept))
    return entry ?? backend.stat(context, key, {})
  }
}

/** Whether core puts a temporary name around every write. */
export function usesTemporaries({ write, ops }: Capabilities): boolean {
  return write !== undefined && write.atomic === undefined && ops.move !== undefined && ops.delete !== undefined
}

/** Whether the name is one that core made while it wrote something else. */
export function isTemporary(key: string): boolean {
  return key.startsWith(names.temporary, key.lastIndexOf('/') + 1)
}

/** Servers answer a failed condition as they can; here it means what it does everywhere. */
export async function withPlainMeaning<Result>(
  { ifAbsent, ifMatch }: WriteConditions,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    if (ifAbsent === true && code === 'ConditionFailed')
      throw retold('AlreadyExists', 'something is there already', error)
    if (ifMatch !== undefined && (code === 'NotFound' || code === 'AlreadyExists')) {
      throw retold('ConditionFailed', 'the object is not in the state that ifMatch names', error)
    }
    throw error
  }
}

function retold(code: 'AlreadyExists' | 'ConditionFailed', summary: string, cause: unknown): Error {
  const status = isStorageError(cause) ? cause.status : undefined
  return storageError(code, summary, { cause, status })
}

/** Makes the parents when the store says that they are missing; beforehand where the body could not be sent twice. */
function withParents(backend: Backend, write: PlainWrite): PlainWrite {
  return async (context, key, source, options) => {
    if (source.bytes === undefined && source.version === undefined) {
      await makeParents(backend, context, key)
      return write(context, key, source, options)
    }
    const known = options.ifMatch === undefined
    return known
      ? makingParents(backend, context, key, undefined, () => write(context, key, source, options))
      : write(context, key, source, options)
  }
}

async function makeParents(backend: Backend, context: Context, key: Key): Promise<void> {
  const parent = parentKey(key)
  if (parent === '') return
  try {
    await backend.directories?.make(context, parent)
  } catch (error) {
    if (errorCode(error) !== 'AlreadyExists') throw error
    throw storageError('NotDirectory', `a file is where the directory ${JSON.stringify(parent)} should be`, {
      cause: error,
    })
  }
}

/** The work; once more with the parents made where they were missing. `from`: what the work needs besides, whose absence is no reason. */
export async function makingParents<Result>(
  backend: Backend,
  context: Context,
  to: Key,
  from: Key | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (backend.capabilities.write?.parents !== 'required' || parentKey(to) === '') return work()
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'NotFound' && code !== 'Conflict') throw error
    if (from !== undefined) await backend.stat(context, from, {})
    await makeParents(backend, context, to)
    return work()
  }
}

/** A temporary key beside the target, then a move: for stores whose writes can be seen half done. */
function throughTemporary(backend: Backend, write: PlainWrite): PlainWrite {
  const { move, delete: remove } = backend
  if (move === undefined || remove === undefined) return write
  return async (context, key, source, { ifAbsent, ifMatch, ...attributes }) => {
    const temporary = joinKey(parentKey(key), asKey(`${names.temporary}${crypto.randomUUID().slice(-12)}`))
    try {
      await write(context, temporary, source, attributes)
      return await move.call(backend, context, temporary, key, { ifAbsent, ifMatch })
    } catch (error) {
      await remove.call(backend, cleanupContext(context), temporary, {}).catch((failure: unknown) => {
        context.log('warn', `a temporary object was left behind: ${keyName(temporary)}`, { error: String(failure) })
      })
      throw error
    }
  }
}
