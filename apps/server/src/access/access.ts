/** What whoever asks may do. Routes ask this before they ask a store, so that what may not be seen answers like what is not there. */
import { storageError, type StoreEntry } from '@kit/core'
import { refusal } from '../answers.ts'
import { isBelow, leadsTo, type PathGrant } from './paths.ts'

/** `admin` is all of them, and everybody's jobs. */
export const scopes = ['list', 'read', 'write', 'delete', 'metrics', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Those that a store is asked with. */
export type KeyScope = Exclude<Scope, 'metrics' | 'admin'>

export interface Access {
  /** Of the token; undefined where the server wants none. Whose a job is, and what the log tells. */
  readonly id: string | undefined
  /**
   * Passes where the token may do this to that key, or to all of the store where no key is given. `list` passes for directories above
   * its paths too: what is not visible is to be left out of the listing.
   * @throws PermissionDenied, the same whether the store or the key exists or not
   */
  require(scope: KeyScope, store: string, key?: string): void
  /**
   * Passes where the token may do this to all of the store. What is named by a CID has no path, so nothing shows that it lies below one:
   * the same block may be part of what the token may see, and of what it may not.
   * @throws PermissionDenied
   */
  requireAll(scope: KeyScope, store: string): void
  /** @throws PermissionDenied */
  requireScope(scope: 'metrics' | 'admin'): void
  /** `admin`: everything, everywhere. */
  allows(scope: Scope): boolean
  /** Whether any path of the token lies in that store. */
  sees(store: string): boolean
  /** @throws PermissionDenied, the same whether there is such a store or not */
  requireSeen(store: string): void
  /** Whether the key lies below a path of the token. */
  visible(store: string, key: string): boolean
  /**
   * What a listing shows of an entry: all of it below a path of the token, only kind and key of a directory on the way to one, nothing
   * of others.
   */
  listed(store: string, entry: StoreEntry): StoreEntry | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route runs. */
    access: Access
  }
}

export interface Grant {
  readonly id: string | undefined
  readonly scopes: readonly Scope[]
  readonly paths: readonly PathGrant[]
}

/** May do everything. */
export function fullAccess(id?: string): Access {
  return accessOf({ id, scopes: ['admin'], paths: ['*'] })
}

/** May do nothing: what a request has before it has said who asks. */
export function noAccess(): Access {
  return accessOf({ id: undefined, scopes: [], paths: [] })
}

export function accessOf({ id, scopes: granted, paths }: Grant): Access {
  const admin = granted.includes('admin')
  const everything = paths.includes('*')
  // What is everybody's has no path: only who may do everything everywhere sees it.
  const allows = (scope: Scope): boolean => (scope === 'admin' ? admin && everything : admin || granted.includes(scope))
  const below = (store: string, key: string): boolean => everything || paths.some((path) => isBelow(path, store, key))
  const above = (store: string, key: string): boolean => paths.some((path) => leadsTo(path, store, key))
  const sees = (store: string): boolean => everything || paths.some((path) => path !== '*' && path.store === store)
  return {
    id,
    allows,
    sees,
    visible: below,
    require(scope, store, key = '') {
      if (!allows(scope)) throw denied()
      if (below(store, key) || (scope === 'list' && above(store, key))) return
      throw denied()
    },
    requireAll(scope, store) {
      if (!allows(scope) || !below(store, '')) throw denied()
    },
    requireScope(scope) {
      if (!allows(scope)) throw denied()
    },
    requireSeen(store) {
      if (!sees(store)) throw denied()
    },
    listed(store, entry) {
      if (below(store, entry.key)) return entry
      return entry.kind === 'directory' && above(store, entry.key) ? { kind: 'directory', key: entry.key } : undefined
    },
  }
}

/** The same without any change. What is not allowed at all is refused as before. */
export function readOnlyAccess(access: Access): Access {
  const changes = (scope: Scope): boolean => scope === 'write' || scope === 'delete'
  const unchanging = (store: string, key?: string): Error =>
    storageError('ReadOnly', 'this server changes nothing: it was started so', { store, key })
  return {
    ...access,
    allows: (scope) => !changes(scope) && access.allows(scope),
    require(scope, store, key) {
      access.require(scope, store, key)
      if (changes(scope)) throw unchanging(store, key)
    },
    requireAll(scope, store) {
      access.requireAll(scope, store)
      if (changes(scope)) throw unchanging(store)
    },
  }
}

/** Says nothing of what was asked for. */
function denied(): Error {
  return refusal('PermissionDenied', 'the token does not allow this, here; its scopes and paths say what it may')
}
