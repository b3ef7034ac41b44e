import type { Etag, HashName, WriteConditions } from '../backend/index.ts'
import type { CallOptions, Store, StoreEntry } from '../store/index.ts'
import type { Filter } from './filter.ts'

/** One end of a transfer: an object, or a directory with all that is below it. */
export interface End {
  readonly store: Store
  /** Default `''`, the whole store. */
  readonly key?: string | undefined
}

/**
 * How two objects were found equal or not, the strongest that both stores tell without reading: `cid`, a common hash, another size,
 * size and time, size. `etag`: it is one and the same object. `bytes`: both were read.
 */
export type Ground = 'cid' | HashName | 'etag' | 'modified' | 'size' | 'bytes'

/** One name on both sides of a comparison. `key` is relative to both ends. */
export interface Comparison {
  readonly key: string
  readonly left?: StoreEntry | undefined
  readonly right?: StoreEntry | undefined
  readonly verdict: 'same' | 'differs' | 'only-left' | 'only-right' | 'failed'
  readonly by?: Ground | undefined
  /** Where the verdict is `failed`: one of the two could not be looked at. */
  readonly error?: unknown
}

export interface CompareOptions extends CallOptions {
  readonly filter?: Filter | undefined
  /** Compares hashes, and the bytes where the stores tell no common one; never size and time alone. */
  readonly checksum?: boolean | undefined
  /** Objects compared at once. Default: by the hints of both stores. */
  readonly concurrency?: number | undefined
  /** Default `keep`: links are compared as links. `follow`: as the files they point to; not for a move. `skip`: left out. */
  readonly links?: LinkRule | undefined
}

/** `keep` makes a link of a link, where the target can hold one, else the item is skipped and says so. */
export type LinkRule = 'keep' | 'follow' | 'skip'

/** One step of a plan. Keys are whole keys of their stores. Plain data but for the entries. */
export type Action =
  | {
      readonly action: 'copy' | 'move'
      readonly from: string
      readonly to: string
      readonly entry: StoreEntry
      /** Why: nothing was there, it differs, or it was asked for. */
      readonly reason: 'missing' | 'differs' | 'asked'
      /** What lay at the target when the plan was made; bound to it where the store honours conditions. */
      readonly replaces?: StoreEntry | undefined
      /** What the caller asked of the target; never dropped. */
      readonly conditions?: WriteConditions | undefined
      /** By the store itself, or through this process. */
      readonly how: 'store' | 'stream'
    }
  /** Makes a link of a link; where it replaces something, that goes first. `moves`: the link it was made of goes afterwards. */
  | {
      readonly action: 'link'
      readonly from: string
      readonly to: string
      readonly target: string
      readonly entry: StoreEntry
      readonly replaces?: StoreEntry | undefined
      readonly moves?: true | undefined
    }
  | { readonly action: 'make-directory'; readonly to: string }
  /** Of the target, on a sync with `delete`; or of what a move left behind. Only while it is what the plan saw. */
  | { readonly action: 'delete'; readonly side: 'from' | 'to'; readonly key: string; readonly entry: StoreEntry }
  /** Nothing to do, and why. */
  | {
      readonly action: 'skip'
      readonly key: string
      /** Where the same is. */
      readonly to?: string | undefined
      readonly entry: StoreEntry
      readonly reason: 'same' | 'link' | 'exists'
      readonly by?: Ground | undefined
    }
  /** Something could not even be looked at. */
  | { readonly action: 'fail'; readonly key: string; readonly error: unknown }

export interface PlanOptions extends CompareOptions {
  /**
   * `copy` and `move`: what is the same is skipped, what differs is replaced, what is only at the target stays. `sync`: as copy, and with
   * `delete` what is only at the target goes, after everything else and only where nothing failed.
   */
  readonly kind: 'copy' | 'move' | 'sync'
  readonly delete?: boolean | undefined
  /** Copies what is the same, too. */
  readonly force?: boolean | undefined
  /** Leaves alone whatever is at the target already. */
  readonly ifAbsent?: boolean | undefined
  /** For a single object: the target must be in this state. */
  readonly ifMatch?: Etag | undefined
}

export interface RunOptions extends CallOptions {
  /** Objects moved at once. Default: by the hints of both stores. */
  readonly concurrency?: number | undefined
  /**
   * After a copy, `told` compares what both stores tell without reading (the strongest of CID, hash, size); `read` reads the copy back and
   * compares its SHA-256 with that of what was sent. Default `told`. A move deletes nothing that was not verified.
   */
  readonly verify?: 'told' | 'read' | undefined
  /** Rounds over the items that failed and are worth it, after all others. Default 2. */
  readonly retries?: number | undefined
  /** Where tokens of uploads in parts are kept, so that another run goes on with them. Default: nowhere, and every object is one write. */
  readonly resume?: ResumeStore | undefined
  /** Objects of at least this many bytes go in parts where the target takes them and `resume` is given. Default 64 MiB. */
  readonly partsFrom?: number | undefined
  /** At most 10 times a second, and once at the end. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
}

/** Keeps small texts by name, for `resume`. `@kit/core/node` has one over a folder. */
export interface ResumeStore {
  load(name: string): Promise<string | undefined>
  save(name: string, text: string): Promise<void>
  remove(name: string): Promise<void>
}

export interface TransferProgress {
  /** Objects and bytes; totals grow while the plan is still being made (`planning`). */
  readonly items: { readonly done: number; readonly failed: number; readonly skipped: number; readonly total: number }
  readonly bytes: { readonly done: number; readonly total: number }
  readonly planning: boolean
  /** Over the last seconds. */
  readonly bytesPerSecond: number
  /** Absent while it cannot be told. */
  readonly remainingSeconds?: number | undefined
  /** What is on its way now. */
  readonly active: readonly { readonly key: string; readonly bytes: number; readonly total?: number | undefined }[]
}

/** What became of one action, in the order in which they ended. */
export interface ItemResult {
  readonly action: Action
  readonly status: 'done' | 'skipped' | 'failed' | 'aborted'
  /** What is at the target now. */
  readonly entry?: StoreEntry | undefined
  /** How the copy was verified. */
  readonly verified?: Ground | undefined
  /** Attributes of the source that the target does not keep. */
  readonly dropped?: readonly string[] | undefined
  /** Bytes that passed through this process; 0 where the store did it, or an earlier run had. */
  readonly bytes: number
  readonly attempts: number
  readonly error?: unknown
}

export interface Summary {
  readonly copied: number
  readonly moved: number
  readonly deleted: number
  readonly skipped: number
  readonly failed: number
  /** Of the objects copied and moved. */
  readonly bytes: number
  readonly seconds: number
  /** The first 100, for people. */
  readonly failures: readonly { readonly key: string; readonly error: unknown }[]
}
