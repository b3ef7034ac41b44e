import { storageError } from '@kit/core'
import { secretReference } from '@kit/core/node'
import { isMap, parseDocument, stringify, type Document } from 'yaml'
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

/** The text with other options of one store: undefined takes one out. What is not named stays as it is written, comments too. */
export function withOptions(text: string, name: string, options: Readonly<Record<string, unknown>>): string {
  return edited(text, (document) => {
    for (const [option, value] of Object.entries(options)) {
      if (value === undefined) document.deleteIn(['stores', name, option])
      else document.setIn(['stores', name, option], document.createNode(plain(value)))
    }
  })
}

const schemaLine = /^#\s*yaml-language-server:\s*\$schema=.*$/m

/** The text with the comment by which editors find its schema, in the place of one that is there. */
export function withSchema(text: string, schema: string): string {
  const line = `# yaml-language-server: $schema=${schema}`
  return schemaLine.test(text) ? text.replace(schemaLine, () => line) : `${line}\n${text}`
}

/** Data as the text of a configuration file. */
export function configText(data: Readonly<Record<string, unknown>>): string {
  return stringify(plain(data), { lineWidth: 0 })
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
