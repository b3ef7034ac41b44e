import type { AnyPlugin, Attributes, Backend, Bytes, Capabilities, Store } from '@kit/core'

/** An object that is put there by other means than the store under test. */
export interface SeedObject {
  readonly key: string
  readonly bytes: Bytes
  readonly attributes?: Attributes | undefined
}

/** What a test can make go wrong below the backend, at its server, socket or disk. */
export type Fault =
  /** Nothing answers: connections are refused or reset. */
  | { readonly kind: 'offline' }
  /** The next body breaks after so many bytes; only that one. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The store answers that it is asked too much. */
  | { readonly kind: 'busy' }
  /** The store refuses the credentials or the right. */
  | { readonly kind: 'denied' }

/** What the suite needs to know of the store it is run on. Only `open` is required; each other member makes more cases run. */
export interface Subject {
  /** An opened store, empty unless `shared`. The suite closes every one that it gets. */
  open(): Promise<Store>
  /** Every `open` reaches the same objects: cases keep to a prefix of their own and remove what they made. */
  readonly shared?: boolean | undefined
  /** As an opened store reports them; cases are chosen by these alone. Default: what `plugin` declares and core makes of it. */
  readonly capabilities?: Capabilities | undefined
  /** Objects live in the memory of this process, so bounds on its memory are not checked. */
  readonly inProcess?: boolean | undefined
  /** `full`: big bodies, long listings, more rounds. Default: `quick`. */
  readonly scale?: 'quick' | 'full' | undefined
  /** Milliseconds that a thing which should be soon may take. Default 3,000. */
  readonly patienceMs?: number | undefined
  /** Of stores that are not consistent: milliseconds until a change is seen. Default 0. */
  readonly settleMs?: number | undefined
  /** Of the random keys and bodies. Default: the clock; a failure prints it. */
  readonly randomSeed?: number | undefined

  /** For stores that cannot write. The keys are new; where a store makes up its own, they are returned, one for each object. */
  seed?(objects: readonly SeedObject[]): Promise<readonly string[] | void>
  /** The plugin, to compare with its manifest. */
  readonly plugin?: AnyPlugin | undefined
  /** What `kit.json` holds, parsed. */
  readonly manifest?: unknown
  /** The bare backend on the same objects as `open` while `shared`, else empty: the contract's own lines are then checked below core. */
  openBackend?(): Promise<Backend>
  /** Open sockets, handles and timers below the backend. Counted before a case opens its stores and after it has closed them. */
  handles?(): Promise<number> | number
  /** Names of stray temporaries, parts and locks, found by other means than the store. */
  leftovers?(store: Store): Promise<readonly string[]>
  /** Requests or system calls made so far, to show that a refused call makes none. */
  requests?(): Promise<number> | number
  /** Makes something go wrong until disposed. */
  fault?(fault: Fault): Promise<AsyncDisposable>
  /** A block that is there, for stores that take none or only some. */
  readonly blockSample?: { readonly cid: string; readonly bytes: Bytes } | undefined
}
