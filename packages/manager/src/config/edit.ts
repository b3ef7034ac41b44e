import { storageError } from '@kit/core'
import { secretReference } from '@kit/core/node'
import { isMap, parseDocument, type Document } from 'yaml'
import { messageOf } from './build-spec.ts'

/** A store as it is to stand in the file: `type`, options, `over`. Secrets as `env:NAME`, `file:PATH` or what `env()`, `file()` give. */
export type StoreEntryData = Readonly<Record<string, unknown>> & { readonly type: string }

/** The text with one more store at the end. Comments and the order of the rest stay. */
export function withStore(text: string, name: string, entry: StoreEntryData): string {
  return edited(text, (document) => {
    if (document.contents === null) document.contents = document.createNode({})
    const stores: unknown = document.get('stores')
    if (!isMap(stores)) document.set('stores', document.createNode({}))
    else if (stores.items.length === 0) stores.flow = false
    document.setIn(['stores', name], document.createNode(plain(entry)))
  })
}

/** The text without one store. */
export function withoutStore(text: string, name: string): string {
  return edited(text, (document) => {
    document.deleteIn(['stores', name])
  })
}

function edited(text: string, edit: (document: Document) => void): string {
  const document: Document = parseDocument(text, { uniqueKeys: false })
  try {
    edit(document)
    return document.toString({ lineWidth: 0 })
  } catch (error) {
    // Such as an alias whose anchor went with the store.
    throw storageError('InvalidConfig', messageOf(error), { cause: error })
  }
}

/** Data that YAML can hold: secrets as references, absent options left out. */
function plain(value: unknown): unknown {
  if (typeof value === 'function') {
    const reference = secretReference(value)
    if (reference === undefined) throw storageError('InvalidConfig', 'a configuration file holds no functions')
    return reference
  }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, plain(inner)]),
  )
}
