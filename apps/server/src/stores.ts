import { storageError, type CallOptions, type Key, type Store } from '@kit/core'
import type { Access } from './access/access.ts'
import { straightStore } from './access/straight-store.ts'

/** The stores that a server serves. */
export interface StoreSource {
  names(): readonly string[]
  get(name: string): Promise<Store>
}

/** The store as the token has it: see `straightStore`. @throws NotFound */
export async function storeNamed(stores: StoreSource, name: string, access: Access): Promise<Store> {
  if (!stores.names().includes(name)) throw storageError('NotFound', 'there is no such store', { store: name })
  return straightStore(await stores.get(name), access, name)
}

/** One object of one store, as a request names it. */
export interface Target {
  readonly store: Store
  readonly key: Key
  /** A kept version instead of the newest. */
  readonly version: string | undefined
  readonly call: CallOptions
}
