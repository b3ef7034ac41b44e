import { errorCode, storageError } from '../errors/index.ts'
import { isStrong } from '../store/strong-etag.ts'
import type { CallOptions, Store, StoreEntry } from '../store/index.ts'

/** Deletes an object only while it is what was seen. @throws ConditionFailed */
export async function deleteAsSeen(store: Store, seen: StoreEntry, call: CallOptions): Promise<void> {
  const { key, etag } = seen
  if (isStrong(etag) && store.capabilities.delete?.ifMatch !== undefined) {
    try {
      return await store.delete(key, { ...call, ifMatch: etag })
    } catch (error) {
      // An answer that was lost: gone is what was asked for.
      if (await isGone(store, key, call)) return
      throw error
    }
  }
  const now = await store.stat(key, call).catch((error: unknown) => {
    if (errorCode(error) === 'NotFound') return undefined
    throw error
  })
  if (now === undefined) return
  const same =
    now.kind === seen.kind && (etag === undefined || now.etag === undefined ? asBefore(seen, now) : etag === now.etag)
  if (!same)
    throw storageError('ConditionFailed', 'it has changed since and was left alone', { store: store.name, key })
  await store.delete(key, call)
}

async function isGone(store: Store, key: string, call: CallOptions): Promise<boolean> {
  if (call.signal?.aborted === true) return false
  try {
    await store.stat(key, call)
    return false
  } catch (error) {
    return errorCode(error) === 'NotFound'
  }
}

function asBefore(seen: StoreEntry, now: StoreEntry): boolean {
  return seen.size === now.size && seen.modified?.getTime() === now.modified?.getTime()
}
