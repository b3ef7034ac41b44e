import {
  type Backend,
  type Capabilities,
  definePlugin,
  type Plugin,
  requireOptions,
  storageError,
  type StoreSpec,
} from '@kit/core'
import { parseCid } from '../cid/index.ts'
import { contentOf } from '../reader/index.ts'
import type { Profile } from '../unixfs/index.ts'
import { checkBlock, verified } from '../verify/index.ts'
import { pathsCapabilities } from './capabilities.ts'
import { blocksInStore, refsInStore, type StoredBlocks } from './in-store.ts'
import { paths } from './paths.ts'

export interface PathsStoreOptions {
  /** Where blocks are kept, and behind it where refs are kept; one store may be both. Refs need conditional writes. */
  readonly over: StoreSpec | readonly StoreSpec[]
  /** The name of the tree among the refs. Default `main`. */
  readonly ref?: string | undefined
  /** How files and directories become blocks. Default `unixfs-v1-2025`. */
  readonly profile?: Profile | undefined
  /** How much history is kept. Default: the last 100 commits. */
  readonly keep?: { readonly last?: number | undefined; readonly days?: number | undefined } | undefined
}

/** A versioned tree of files over a store of blocks and a store of refs, which may be one and the same. */
export const plugin: Plugin<PathsStoreOptions> = definePlugin<PathsStoreOptions>({
  contract: 0,
  type: 'paths',
  options: {
    over: {
      type: 'stores',
      required: true,
      description:
        'The store of the blocks, and the store of the refs where it is another. Refs need conditional writes.',
    },
    ref: { type: 'string', description: 'The name of the tree among the refs.', default: 'main' },
    profile: {
      type: 'string',
      description: 'How files and directories become blocks (IPIP-499).',
      values: ['unixfs-v1-2025', 'unixfs-v0-2015'],
      default: 'unixfs-v1-2025',
    },
    keep: {
      type: 'map',
      description: 'How much history is kept; a commit stays while either says so.',
      fields: {
        last: { type: 'number', description: 'The last so many commits.', minimum: 1, default: 100 },
        days: { type: 'number', description: 'Commits of the last so many days.', minimum: 0 },
      },
    },
  },
  capabilities: withContent(pathsCapabilities({ durable: 'power', conditionScope: 'store' })),
  narrow({ over }) {
    const specs: readonly StoreSpec[] = 'plugin' in over ? [over] : over
    return overStores(
      specs.map(({ plugin: each, options }) => each.narrow?.(requireOptions(each, options)) ?? each.capabilities),
    )
  },
  open({ ref, profile, keep }, { over }) {
    const [first, second, third] = over
    if (first === undefined || third !== undefined) {
      throw storageError('InvalidConfig', '`over` takes one store, or one for blocks and one for refs')
    }
    const refs = second ?? first
    const { write } = overStores(over.map(({ capabilities }) => capabilities))
    const blocks = blocksInStore(first)
    const tree = paths(blocks, refsInStore(refs), {
      ref,
      profile,
      keep,
      durable: write?.durable,
      conditionScope: write?.conditionScope,
    })
    return { ...tree, capabilities: withContent(tree.capabilities), ...contentIn(blocks) }
  },
})

/** What the tree is made of answers by CID too. */
function contentIn(blocks: StoredBlocks): Pick<Backend, 'blocks' | 'content'> {
  const content = contentOf(blocks)
  const reader = verified(blocks)
  return {
    blocks: {
      get: (context, cid) => reader.get(parseCid(cid).text, context),
      has: (context, cid) => blocks.has(parseCid(cid).text, context),
      async put(context, cid, bytes) {
        checkBlock(cid, bytes)
        await blocks.put(parseCid(cid).text, bytes, context)
      },
    },
    content: {
      read: (context, path, { range }) => content.read(path, { signal: context.signal, range }),
      stat: (context, path) => content.stat(path, context),
      list: (context, path) => content.list(path, context),
      car: (context, path, { scope }) => content.car(path, { signal: context.signal, scope }),
    },
  }
}

function withContent(tree: Capabilities): Capabilities {
  return { ...tree, ops: { ...tree.ops, blocks: 'native', content: 'native' } }
}

/** Over such stores: nothing lasts longer than in the weaker of them, and conditions reach as far as those of the refs. */
function overStores(stores: readonly Capabilities[]): Capabilities {
  const tree = pathsCapabilities({
    durable: stores.every(({ write }) => write?.durable === 'power') ? 'power' : 'process',
    conditionScope: stores.at(-1)?.write?.conditionScope ?? 'store',
  })
  return withContent(tree)
}
