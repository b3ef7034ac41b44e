import type { Attributes } from '../backend/index.ts'
import type { Store, StoreEntry } from '../store/index.ts'

const all = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'cacheControl',
  'metadata',
  'modified',
  'mode',
] as const satisfies readonly (keyof Attributes)[]

/** What goes along with an object, and what the target does not keep. */
export interface CarriedAttributes {
  readonly attributes: Attributes
  readonly dropped: readonly string[] | undefined
}

export function attributesFor(to: Store): (entry: StoreEntry) => CarriedAttributes {
  const kept = new Set<string>(to.capabilities.write?.attributes)
  return (entry) => {
    const attributes: Record<string, unknown> = {}
    let dropped: string[] | undefined
    for (const name of all) {
      const value = entry[name]
      if (value === undefined || (name === 'metadata' && isEmpty(entry.metadata))) continue
      if (kept.has(name)) attributes[name] = value
      else (dropped ??= []).push(name)
    }
    return { attributes, dropped }
  }
}

function isEmpty(metadata: Attributes['metadata']): boolean {
  return metadata === undefined || Object.keys(metadata).length === 0
}
