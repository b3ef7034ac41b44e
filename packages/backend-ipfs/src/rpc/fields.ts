import { storageError } from '@kit/core'

/** Members of an answer, checked: what a daemon leaves out or spells otherwise is Corrupt, never made up. */
export interface Fields {
  text(name: string): string
  /** '' and a missing one are absent. */
  maybeText(name: string): string | undefined
  /** A whole number, also where it comes as text. */
  number(name: string): number
  maybeNumber(name: string): number | undefined
  /** A list; `null` and a missing one are empty. */
  list(name: string): readonly unknown[]
  texts(name: string): readonly string[]
  /** A CID, as text or as a link of dag-json (`{"/": "…"}`). */
  cid(name: string): string
  fields(name: string): Fields
  /** Members of an object by their names; `null` and a missing one have none. */
  entries(name: string): readonly (readonly [string, Fields])[]
  raw(name: string): unknown
}

export function fieldsOf(value: unknown, command: string): Fields {
  if (typeof value !== 'object' || value === null) {
    throw storageError('Corrupt', `the answer to ${command} is ${value === undefined ? 'empty' : 'no object'}`)
  }
  const raw = (name: string): unknown => Reflect.get(value, name)
  const wrong = (name: string): Error =>
    storageError('Corrupt', `the answer to ${command} has no usable ${name}: ${JSON.stringify(value).slice(0, 200)}`)
  const maybeNumber = (name: string): number | undefined => {
    const found = raw(name)
    if (found === undefined || found === null || found === '') return undefined
    const number = typeof found === 'string' && /^-?\d+$/.test(found) ? Number(found) : found
    if (typeof number === 'number' && Number.isFinite(number)) return number
    throw wrong(name)
  }
  const list = (name: string): readonly unknown[] => {
    const found = raw(name) ?? []
    if (Array.isArray(found)) return found
    throw wrong(name)
  }
  return {
    raw,
    text(name) {
      const found = raw(name)
      if (typeof found === 'string') return found
      throw wrong(name)
    },
    maybeText(name) {
      const found = raw(name)
      return typeof found === 'string' && found !== '' ? found : undefined
    },
    number(name) {
      const found = maybeNumber(name)
      if (found !== undefined) return found
      throw wrong(name)
    },
    maybeNumber,
    list,
    texts: (name) => list(name).filter((each) => typeof each === 'string'),
    cid(name) {
      const found = raw(name)
      const text: unknown = typeof found === 'string' ? found : Reflect.get(Object(found), '/')
      if (typeof text === 'string' && text !== '') return text
      throw wrong(name)
    },
    fields: (name) => fieldsOf(raw(name), command),
    entries(name) {
      const found = raw(name) ?? {}
      if (typeof found !== 'object') throw wrong(name)
      return Object.entries(found).map(([key, each]) => [key, fieldsOf(each, command)])
    },
  }
}
