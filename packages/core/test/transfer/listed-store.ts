import type { Backend, Capabilities, Entry } from '../../src/backend/index.ts'
import { definePlugin, openStore, storageError, type Store } from '../../src/index.ts'

export const listedCapabilities: Capabilities = {
  ops: { list: 'native' },
  etag: 'strong',
  read: {},
  list: { recursive: 'native', ordered: 'native', after: 'native', pageMax: 1000, fields: ['size', 'etag'] },
  keys: { maxBytes: 1000, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
}

/** With the attribute that makes times count. */
export const keepsTimes: Capabilities = {
  ...listedCapabilities,
  ops: { list: 'native', write: 'native' },
  write: { atomic: 'native', durable: 'process', attributes: ['modified'] },
}

export interface Listed {
  readonly store: Store
  readonly reads: string[]
  /** Listings begun and not ended. */
  readonly open: () => number
}

/** A store that tells exactly the entries it is given, in that order; a read gives the key's text, or fails where `broken` names it. */
export async function openListed(
  entries: Iterable<Entry> | (() => Iterable<Entry>),
  options: {
    readonly capabilities?: Capabilities
    readonly bodies?: Readonly<Record<string, string>>
    readonly pageSize?: number
    readonly failAfter?: number
  } = {},
): Promise<Listed> {
  const { capabilities = listedCapabilities, bodies = {}, pageSize = 3, failAfter } = options
  const all = (): Iterable<Entry> => (typeof entries === 'function' ? entries() : entries)
  const reads: string[] = []
  let open = 0
  const backend: Backend = {
    capabilities,
    async stat(_, key) {
      for (const entry of all()) if (entry.key === key) return entry
      for (const entry of all()) if (entry.key.startsWith(`${key}/`)) return { kind: 'directory', key }
      throw storageError('NotFound', 'nothing there')
    },
    async read(_, key) {
      reads.push(key)
      const text = bodies[key]
      if (text === undefined) throw storageError('PermissionDenied', 'it is not to be read')
      const body = new TextEncoder().encode(text)
      return { entry: { kind: 'file', key, size: body.byteLength, etag: `"${text}"` }, from: 0, body }
    },
    async write() {
      throw storageError('ReadOnly', 'nothing is written here')
    },
    async *list(_, directory) {
      open++
      try {
        let page: Entry[] = []
        let count = 0
        for (const entry of all()) {
          if (directory !== '' && !entry.key.startsWith(`${directory}/`)) continue
          if (count++ === failAfter) throw storageError('PermissionDenied', 'the listing ends here')
          page.push(entry)
          if (page.length < pageSize) continue
          yield { entries: page }
          page = []
        }
        if (page.length > 0) yield { entries: page }
      } finally {
        open--
      }
    },
  }
  const plugin = definePlugin<object>({
    contract: 0,
    type: 'listed',
    options: {},
    capabilities,
    open: () => backend,
  })
  const store = await openStore({ plugin, options: { layers: { retry: false, verify: false } } })
  return { store, reads, open: () => open }
}

export function fileEntry(key: string, fields: Partial<Entry> = {}): Entry {
  return { kind: 'file', key, size: 1, etag: `"${key}"`, ...fields }
}
