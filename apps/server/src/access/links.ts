/** Links lead anywhere in a store: who has only a part of it neither makes nor moves one that leads out of it. */
import { refusal } from '../answers.ts'
import type { Access } from './access.ts'

/** Whether the token has the whole store, so that no link can lead it further. */
export function hasAll(access: Access, store: string): boolean {
  return access.visible(store, '')
}

/** @throws PermissionDenied where a link of this name and target would lead out of what the token has */
export function requireTarget(access: Access, store: string, key: string, target: string): void {
  if (hasAll(access, store)) return
  const to = targetKey(key, target)
  if (to === undefined || !access.visible(store, to)) throw leadsOut()
}

/** The same whatever is at its end. */
export function leadsOut(): Error {
  return refusal('PermissionDenied', 'the token has only a part of the store, which the link might lead out of')
}

/**
 * The key that a link leads to; undefined where that cannot be told from its spelling. `..` cannot: what it goes up from may be another
 * link, to a place that lies higher than it seems.
 */
function targetKey(key: string, target: string): string | undefined {
  if (target.startsWith('/')) return undefined
  const below = target.split('/').filter((segment) => segment !== '.' && segment !== '')
  return below.includes('..') ? undefined : [...key.split('/').slice(0, -1), ...below].join('/')
}
