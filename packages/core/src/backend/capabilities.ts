import type { Backend } from './backend.ts'
import type { Attributes, Entry, HashName } from './values.ts'

/**
 * `native`: one call of the store does it. `emulated`: it is made out of other calls, with the same guarantees, at a cost.
 *
 * Where a **backend** leaves a field of this type out and core can make the thing of what there is, core does, and the Store then
 * reports `emulated`; what core cannot make is absent on the Store too and refused with Unsupported before any I/O. A backend that
 * declares `emulated` does the work itself. Core makes: ranges, `ifMatch` and `ifNoneMatch` of reads, recursion, `after`, order,
 * atomic replacement (by a temporary key and `move`), unknown sizes, `copy`, `move`, `deleteMany`, `ping`.
 */
export type How = 'native' | 'emulated'
export type Group = 'upload' | 'directories' | 'links' | 'blocks' | 'content' | 'pins' | 'ipns'
export type Operation = Exclude<keyof Backend, 'capabilities' | 'stat' | 'read' | 'close' | Group> | Group
export type Level = 'none' | 'low' | 'medium' | 'high' | 'very high'

/** What a store can do: data, the same in the manifest, so that it is known before any I/O. */
export interface Capabilities {
  /** Groups and optional operations. What is not named here is refused with Unsupported. */
  readonly ops: { readonly [Name in Operation]?: How | undefined }
  /** What kind of etag every file's entry carries. Absent: none, so nothing can be pinned or compared. */
  readonly etag?: 'strong' | 'weak' | undefined
  readonly read: {
    readonly range?: How | undefined
    readonly ifMatch?: How | undefined
    readonly ifNoneMatch?: How | undefined
    readonly version?: How | undefined
  }
  readonly write?:
    | {
        readonly atomic?: How | undefined
        /** What a resolved write survives: the end of the process, or a power cut. */
        readonly durable: 'process' | 'power'
        readonly ifAbsent?: How | undefined
        readonly ifMatch?: How | undefined
        /** Whom conditions protect against: every client of the store, Kit processes on this host, or only who is in this process. */
        readonly conditionScope?: 'store' | 'host' | 'process' | undefined
        readonly unknownSize?: How | undefined
        /** Set where a write into a missing directory fails (with NotFound): core then makes the parents. */
        readonly parents?: 'required' | undefined
        readonly attributes: readonly (keyof Attributes)[]
        /** Names and values of `metadata` together, in UTF-8 bytes. */
        readonly metadataMaxBytes?: number | undefined
        /** Hashes that the store checks on arrival. */
        readonly checks?: readonly HashName[] | undefined
        readonly maxBytes?: number | undefined
      }
    | undefined
  /** Conditions that the store's own copy and move honour; where they do not, core sends the bytes through itself. */
  readonly copy?:
    | { readonly ifAbsent?: How | undefined; readonly ifMatch?: How | undefined; readonly fromEtag?: How | undefined }
    | undefined
  readonly move?:
    | {
        readonly ifAbsent?: How | undefined
        readonly ifMatch?: How | undefined
        /** A move onto an object removes it first, so that readers may find nothing there: no atomic replacement is made of it. */
        readonly replaces?: 'gap' | undefined
      }
    | undefined
  readonly list?:
    | {
        readonly recursive?: How | undefined
        readonly after?: How | undefined
        /** Pages can be continued by cursor. */
        readonly cursor?: true | undefined
        /** By the UTF-8 bytes of the key. */
        readonly ordered?: How | undefined
        readonly pageMax: number
        /** Given for every file without `want`. */
        readonly fields: readonly (keyof Entry)[]
      }
    | undefined
  readonly delete?: { readonly ifMatch?: How | undefined; readonly batchMax?: number | undefined } | undefined
  readonly keys: {
    /** Of the whole name as the store spells it, in UTF-8 bytes. */
    readonly maxBytes: number
    readonly segmentMaxBytes?: number | undefined
    /** Characters that the store cannot hold; core encodes them reversibly. */
    readonly forbidden?: string | undefined
    /** Whole segments that the store cannot hold or keeps for itself, in lower case; core encodes them too. */
    readonly reserved?: readonly string[] | undefined
    /** `bytes`: names are byte strings; bytes that are not UTF-8 cross the border as U+DC80 to U+DCFF. Default `unicode`. */
    readonly names?: 'unicode' | 'bytes' | undefined
    /** Names may hold empty segments, `.` and `..`, which are no keys (object stores). Core encodes them. */
    readonly anySegment?: true | undefined
    readonly caseSensitive: boolean
    readonly unicode: 'exact' | 'nfc' | 'nfd'
    /** `a` and `a/b` may both be files. */
    readonly fileAndPrefix?: true | undefined
  }
  readonly directories: 'real' | 'marker' | 'implied'
  /** `read`: a read after a resolved write sees it. `list`: what exists all through a listing appears exactly once. */
  readonly consistent: { readonly read: boolean; readonly list: boolean }
  readonly changes?: { readonly resumable: boolean } | undefined
  readonly upload?:
    | {
        readonly partMinBytes: number
        readonly partMaxBytes: number
        readonly partsMax: number
        /** Uploads in progress can be listed. */
        readonly list?: true | undefined
      }
    | undefined
  /** For routing and for default limits; never relied on for correctness. */
  readonly hints?:
    | {
        readonly latencyMs?: number | undefined
        readonly throughput?: Level | undefined
        readonly durability?: Level | undefined
        readonly cost?: Level | undefined
        readonly concurrency?: number | undefined
        readonly opsPerSecond?: number | undefined
        /** Objects are files of this machine: entries tell `file` where it is wanted, and a `Source` that is one is copied as a file. */
        readonly localFiles?: boolean | undefined
      }
    | undefined
}
