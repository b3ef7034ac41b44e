/** Where a token counts: `*` is everything, `photos:` a store, `photos:2026/` all below that directory of it. */
import { isKey } from '@kit/core'
import { refusal } from '../answers.ts'

/** `directory` is a key, '' for the whole store. */
export type PathGrant = '*' | { readonly store: string; readonly directory: string }

/** @throws InvalidConfig */
export function parsePath(text: string): PathGrant {
  if (text === '*') return '*'
  const colon = text.indexOf(':')
  const store = text.slice(0, colon)
  const rest = text.slice(colon + 1)
  const directory = rest.endsWith('/') ? rest.slice(0, -1) : rest
  // A path without its '/' could be meant as a beginning of names, which it is not: photos:2026 would let nobody into 2026-secret.
  if (colon < 1 || (rest !== '' && (!rest.endsWith('/') || directory === '' || !isKey(directory)))) {
    throw refusal('InvalidConfig', `${JSON.stringify(text)} is no path: it is *, STORE: or STORE:DIRECTORY/`)
  }
  return { store, directory }
}

/** Whether the key lies below the path. Keys are compared segment by segment: `2026-secret` is not below `2026/`. */
export function isBelow(path: PathGrant, store: string, key: string): boolean {
  if (path === '*') return true
  return path.store === store && (path.directory === '' || key.startsWith(`${path.directory}/`))
}

/** Whether the key is the directory of the path, or one above it. '' is above all. */
export function leadsTo(path: PathGrant, store: string, key: string): boolean {
  if (path === '*' || path.store !== store) return false
  return key === '' || path.directory === key || path.directory.startsWith(`${key}/`)
}
