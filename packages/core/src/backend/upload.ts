import type { WriteConditions } from './backend.ts'
import type { Context } from './context.ts'
import type { Attributes, Entry, Key, Source } from './values.ts'

/**
 * Uploads in parts that outlive the process. Parts are kept until the token expires (default 7 days). Nothing is seen before `finish`.
 *
 * Several processes may work on one upload at once. A token comes from outside: what it says is checked against what `start` was given, and one
 * that does not belong to a live upload of this store is NotFound.
 */
export interface Upload {
  start(
    context: Context,
    key: Key,
    options: WriteConditions &
      Attributes & { readonly size?: number | undefined; readonly sourceVersion?: string | undefined },
  ): Promise<UploadToken>
  /**
   * Parts are numbered from 1, may come in any order and in parallel; the same number again replaces it. A part counts only when all of it is
   * there. One longer than `partBytes` is TooLarge, and a number above `capabilities.upload.partsMax` InvalidRange.
   */
  part(context: Context, token: UploadToken, number: number, source: Source): Promise<void>
  /** What is there, in any order. `size` in bytes. */
  parts(context: Context, token: UploadToken): Promise<{ readonly number: number; readonly size: number }[]>
  /**
   * Joins the parts by number, under the conditions given at the start. A gap in the numbers, no part at all, and a short part that is
   * not the last are InvalidRange; another length than the `size` given at the start is Corrupt. After a failure the parts are still there.
   */
  finish(context: Context, token: UploadToken): Promise<Entry | void>
  /** Drops the parts. An unknown or ended upload is success. */
  abort(context: Context, token: UploadToken): Promise<void>
  /** Uploads in progress, of any process, in any order. Only where `capabilities.upload.list` says so. */
  list?(context: Context): AsyncIterable<UploadToken>
}

/** Plain JSON without secrets: may be saved and used by another process. */
export interface UploadToken {
  readonly key: string
  /** Every part but the last has this many bytes; from `capabilities.upload.partMinBytes` to `partMaxBytes`. */
  readonly partBytes: number
  /** ISO 8601. Afterwards the upload is NotFound. */
  readonly expires?: string | undefined
  readonly sourceVersion?: string | undefined
  /** The backend's own; read by nobody else, trusted by nobody. */
  readonly state: unknown
}
