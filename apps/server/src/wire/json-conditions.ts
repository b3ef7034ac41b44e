/** Conditions as JSON spells them. */
import { errorCode, storageError, type CallOptions, type Etag, type Store, type WriteConditions } from '@kit/core'
import { httpEtag } from './etags.ts'

/** `ifMatch` is spelt as in HTTP. */
export interface JsonConditions {
  readonly ifAbsent?: boolean | undefined
  readonly ifMatch?: string | undefined
}

/** What the conditions are to the store, whose own spelling of an etag may differ from HTTP's. @throws ConditionFailed, InvalidConfig */
export async function storeConditions(
  store: Store,
  key: string,
  given: JsonConditions,
  call: CallOptions,
): Promise<WriteConditions> {
  if (given.ifAbsent === true && given.ifMatch !== undefined) {
    throw storageError('InvalidConfig', 'ifAbsent and ifMatch exclude each other', { key })
  }
  if (given.ifAbsent === true) return { ifAbsent: true }
  if (given.ifMatch === undefined) return {}
  return { ifMatch: await storeEtag(store, key, given.ifMatch, call) }
}

/** The store's spelling of the etag that its object has now. @throws ConditionFailed where it has another, or there is none */
export async function storeEtag(store: Store, key: string, given: string, call: CallOptions): Promise<Etag> {
  const etag = await currentEtag(store, key, call)
  if (etag !== undefined && httpEtag(etag) === given) return etag
  throw storageError('ConditionFailed', 'the object is not in the state that the request names', { key })
}

async function currentEtag(store: Store, key: string, call: CallOptions): Promise<Etag | undefined> {
  try {
    return (await store.stat(key, call)).etag
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined
    throw error
  }
}
