/** What the token of a request may do. Routes ask it before they ask a store. */

/** What is done to a key; `metrics` and `admin` are of the server itself. */
export type Verb = 'list' | 'read' | 'write' | 'delete' | 'metrics' | 'admin'

export interface Access {
  /** Names the token, for whoever asks whose job something is. Not secret. */
  readonly id: string
  /** `prefix`: everything below the key, not only the key. @throws PermissionDenied */
  require(verb: Verb, store: string, key: string, options?: { readonly prefix?: boolean }): void
  /** For what belongs to no store: `metrics`, `admin`. */
  may(verb: 'metrics' | 'admin'): boolean
  /** Whether it may do anything at all in the store; one where it may not is not named to it. */
  sees(store: string): boolean
  /** Whether a listing shows the key to it. */
  visible(store: string, key: string): boolean
}

/** Of a server without tokens. */
export const allowAll: Access = {
  id: '',
  require: () => undefined,
  may: () => true,
  sees: () => true,
  visible: () => true,
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route is asked. */
    access: Access
  }
}
