import type { Capabilities } from '@kit/core'
import { folder } from './layout.ts'

/** Those of a store of paths, and what is made of it. The names are what core below can hold, the folder of the content left out. */
export function cidCapabilities(store: Capabilities): Capabilities {
  const { maxBytes, segmentMaxBytes, fileAndPrefix } = store.keys
  return {
    ...store,
    ops: { ...store.ops, blocks: 'emulated', content: 'emulated', pins: store.ops.write && 'emulated' },
    keys: { maxBytes, segmentMaxBytes, fileAndPrefix, caseSensitive: true, unicode: 'exact', reserved: [folder] },
  }
}
