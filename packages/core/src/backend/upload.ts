import type { WriteConditions } from './backend.ts'
import type { Context } from './context.ts'
import type { Attributes, Entry, Key, Source } from './values.ts'

/** Uploads in parts that outlive the process. Parts are kept until the token expires (default 7 days). Nothing is seen before `finish`. */
export interface Upload {
  start(
    context: Context,
    key: Key,
    options: WriteConditions &
      Attributes & { readonly size?: number | undefined; readonly sourceVersion?: string | undefined },
  ): Promise<UploadToken>
  /** Parts are numbered from 1, may come in any order and in parallel; the same number again replaces it. */
  part(context: Context, token: UploadToken, number: number, source: Source): Promise<void>
  parts(context: Context, token: UploadToken): Promise<{ readonly number: number; readonly size: number }[]>
  /** Joins the parts by number, under the conditions given at the start. A gap in the numbers is InvalidRange. */
  finish(context: Context, token: UploadToken): Promise<Entry | void>
  /** Drops the parts. An unknown or ended upload is success. */
  abort(context: Context, token: UploadToken): Promise<void>
}

/** Plain JSON without secrets: may be saved and used by another process. */
export interface UploadToken {
  readonly key: string
  /** Every part but the last has this many bytes. */
  readonly partBytes: number
  /** ISO 8601. */
  readonly expires?: string | undefined
  readonly sourceVersion?: string | undefined
  /** The backend's own. */
  readonly state: unknown
}
