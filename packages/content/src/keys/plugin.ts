import {
  type Capabilities,
  definePlugin,
  effectiveCapabilities,
  type Operation,
  type Plugin,
  requireOptions,
  storageError,
  type StoreSpec,
} from '@kit/core'
import { cidCapabilities } from './capabilities.ts'
import { contentOverPaths } from './content-over-paths.ts'

export interface AddressableOptions {
  /** The store of paths that is to answer to CIDs too. */
  readonly over: StoreSpec
}

const pathOperations = [
  'write',
  'list',
  'delete',
  'deleteMany',
  'batch',
  'copy',
  'move',
  'append',
  'update',
  'url',
  'versions',
  'changes',
  'search',
  'usage',
  'ping',
  'open',
  'upload',
  'directories',
  'links',
] as const satisfies Operation[]

/** Whatever the store below can do is known with its spec alone; this is the most of it. */
const most: Capabilities = {
  ops: {
    ...Object.fromEntries(pathOperations.map((name) => [name, 'native' as const])),
    blocks: 'emulated',
    content: 'emulated',
    pins: 'emulated',
  },
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native', version: 'native' },
  write: {
    atomic: 'native',
    durable: 'power',
    ifAbsent: 'native',
    ifMatch: 'native',
    conditionScope: 'store',
    unknownSize: 'native',
    attributes: [
      ...(['contentType', 'contentEncoding', 'contentDisposition', 'cacheControl'] as const),
      ...(['metadata', 'modified', 'mode'] as const),
    ],
  },
  copy: { ifAbsent: 'native', ifMatch: 'native', fromEtag: 'native' },
  move: { ifAbsent: 'native', ifMatch: 'native' },
  list: { recursive: 'native', after: 'native', cursor: true, ordered: 'native', pageMax: 1000, fields: ['size'] },
  delete: { ifMatch: 'native' },
  keys: { maxBytes: 32_768, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
}

/** A store of paths that answers to CIDs too (content-addressed storage). */
export const plugin: Plugin<AddressableOptions> = definePlugin<AddressableOptions>({
  contract: 0,
  type: 'addressable',
  options: {
    over: { type: 'store', required: true, description: 'The store of paths that is to answer to CIDs too.' },
  },
  capabilities: most,
  narrow({ over }) {
    const below = over.plugin.narrow?.(requireOptions(over.plugin, over.options)) ?? over.plugin.capabilities
    return cidCapabilities(effectiveCapabilities(below))
  },
  open(_, { over: [store] }) {
    if (store === undefined) throw storageError('InvalidConfig', '`over` takes the store of paths')
    return contentOverPaths(store)
  },
})
