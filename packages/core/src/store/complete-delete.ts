import type { Backend, Capabilities, Key } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { asKey } from '../keys/key.ts'
import { refuse, requireObject, requireStrong } from './gates.ts'

const parallelDeletes = 16

type Delete = NonNullable<Backend['delete']>

/** @throws IsDirectory for the root, Unsupported for conditions that are not declared */
export function completeDelete(given: Capabilities, remove: Delete): Delete {
  return async (context, key, conditions) => {
    requireObject(key)
    if (conditions.ifMatch !== undefined) {
      if (given.delete?.ifMatch === undefined) throw refuse('delete on condition of an etag (ifMatch)')
      requireStrong(conditions.ifMatch)
    }
    if (conditions.version !== undefined && given.read.version === undefined) throw refuse('delete versions')
    await remove(context, key, conditions)
  }
}

type DeleteMany = NonNullable<Backend['deleteMany']>

/** The root is no object; everything else goes down. */
export function withoutRoot(deleteMany: DeleteMany): DeleteMany {
  return async function* (context, keys) {
    if (keys.includes(asKey(''))) {
      yield { key: asKey(''), error: storageError('IsDirectory', 'the root is a directory') }
    }
    yield* deleteMany(
      context,
      keys.filter((key) => key !== ''),
    )
  }
}

/** In batches as large as the store takes; a key that it says nothing about is an error, not a success. */
export function deleteInBatches(backend: Backend, given: Capabilities): DeleteMany {
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

/** One by one, some at once. */
export function deleteEach(remove: Delete): DeleteMany {
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
