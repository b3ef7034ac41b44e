import { verified, type BlockReader } from '@kit/content'
import type { CallOptions, Store } from '@kit/core'

/** The blocks of a store, each of them checked. */
export function blockReader(store: Store, call: CallOptions): BlockReader {
  return verified({ get: (cid, { signal }) => store.blocks.get(cid, { ...call, signal }) })
}
