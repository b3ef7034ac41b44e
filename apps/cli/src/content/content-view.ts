import { parseCid } from '@kit/content'
import {
  definePlugin,
  openStore,
  storageError,
  type Backend,
  type Capabilities,
  type CallOptions,
  type Context,
  type Entry,
  type Store,
} from '@kit/core'

const capabilities: Capabilities = {
  ops: { list: 'native' },
  etag: 'strong',
  read: { range: 'native' },
  list: { pageMax: 1000, fields: ['size', 'cid', 'etag'] },
  keys: { maxBytes: 32_768, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
}

/** The content of a store as a store of its own, whose keys are `CID/path`: what can be done with objects by path can be done with it. */
export function contentView(store: Store): Promise<Store> {
  const plugin = definePlugin<object>({
    contract: 0,
    type: 'content view',
    options: {},
    capabilities,
    open: () => backendOf(store),
  })
  // The store has layers of its own.
  return openStore(plugin({ layers: { retry: false, stall: false, concurrency: false } }), { name: store.name })
}

/** Files of which a listing has told, that are remembered. */
const remembered = 16_384

function backendOf({ content }: Store): Backend {
  const call = ({ signal, requestId }: Context): CallOptions => ({ signal, requestId })
  // Content never changes: what a listing has told of a file spares the way from the root to it.
  const files = new Map<string, Entry & { readonly cid: string }>()
  const remember = ({ cid, ...entry }: Entry): void => {
    if (entry.kind !== 'file' || cid === undefined) return
    files.set(entry.key, { ...entry, cid })
    if (files.size <= remembered) return
    const [oldest] = files.keys()
    if (oldest !== undefined) files.delete(oldest)
  }
  return {
    capabilities,
    stat: async (context, key) => files.get(key) ?? content.stat(key, call(context)),
    async read(context, key, { range }) {
      const known = files.get(key)
      const read = await content.read(known?.cid ?? key, { range }, call(context))
      return known === undefined ? read : { ...read, entry: known }
    },
    async *list(context, directory) {
      if (directory === '') throw storageError('Unsupported', 'nobody can list all content; name a CID')
      for await (const page of content.list(directory, call(context))) {
        page.entries.forEach(remember)
        yield page
      }
    },
  }
}

/** `CID` or `CID/path`, the CID in its usual spelling. @throws InvalidKey, InvalidConfig */
export function canonicalPath(path: string): string {
  if (path === '') throw storageError('InvalidConfig', 'the address names no CID')
  const slash = path.indexOf('/')
  return slash < 0 ? parseCid(path).text : parseCid(path.slice(0, slash)).text + path.slice(slash)
}
