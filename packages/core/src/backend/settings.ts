import type { Duration } from './plugin.ts'
import type { Attributes } from './values.ts'

/** The `layers` of a store, as data: the same in code and in a config file. `false` leaves one out. */
export interface LayerSettings {
  /** Default: 3 attempts, waits of at most 500 ms doubling up to 30 s, a random part of each. */
  readonly retry?:
    | false
    | {
        readonly attempts?: number | undefined
        readonly base?: Duration | undefined
        readonly max?: Duration | undefined
      }
    | undefined
  /** Total time of a call until it answers. Default: none. */
  readonly deadline?: false | Duration | undefined
  /** Longest time without progress. Default: 60 s. */
  readonly stall?: false | Duration | undefined
  /** Calls at once, and begun per second. Default: what the backend's hints say, else unlimited. */
  readonly concurrency?:
    | false
    | { readonly max?: number | undefined; readonly opsPerSecond?: number | undefined }
    | undefined
  /** Checks the hashes that entries and callers give. Default: true. */
  readonly verify?: boolean | undefined
}

/** Attributes that core drops where a store cannot keep them. Never conditions, ranges or hashes. */
export type OnUnsupported = { readonly [Name in keyof Attributes]?: 'drop' | undefined }

/** What may be said of every store, whatever its type. */
export interface StoreSettings {
  readonly layers?: LayerSettings | undefined
  readonly onUnsupported?: OnUnsupported | undefined
  /** For the manager. */
  readonly policies?: unknown
}
