import { storageError, type CallOptions, type Key, type Store } from '@kit/core'

/** The stores that a server serves. */
export interface StoreSource {
  names(): readonly string[]
  get(name: string): Promise<Store>
}

/** @throws NotFound */
export async function storeNamed(stores: StoreSource, name: string): Promise<Store> {
  if (!stores.names().includes(name)) throw storageError('NotFound', 'there is no such store', { store: name })
  return stores.get(name)
}

/** One object of one store, as a request names it. */
export interface Target {
  readonly store: Store
  readonly key: Key
  /** A kept version instead of the newest. */
  readonly version: string | undefined
  readonly call: CallOptions
}
