import { parseCid } from '@kit/content'
import {
  definePlugin,
  openStore,
  storageError,
  type Backend,
  type Capabilities,
  type CallOptions,
  type Context,
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

function backendOf({ content }: Store): Backend {
  const call = ({ signal, requestId }: Context): CallOptions => ({ signal, requestId })
  return {
    capabilities,
    stat: (context, key) => content.stat(key, call(context)),
    read: (context, key, { range }) => content.read(key, { range }, call(context)),
    list(context, directory) {
      if (directory === '') throw storageError('Unsupported', 'nobody can list all content; name a CID')
      return content.list(directory, call(context))
    },
  }
}

/** `CID` or `CID/path`, the CID in its usual spelling. @throws InvalidKey, InvalidConfig */
export function canonicalPath(path: string): string {
  if (path === '') throw storageError('InvalidConfig', 'the address names no CID')
  const slash = path.indexOf('/')
  return slash < 0 ? parseCid(path).text : parseCid(path.slice(0, slash)).text + path.slice(slash)
}
