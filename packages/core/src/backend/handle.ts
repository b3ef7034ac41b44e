import type { WriteConditions } from './backend.ts'
import type { Context } from './context.ts'
import type { Bytes, Entry } from './values.ts'

/**
 * `read`: the object as it was when opened. `write`: starts from the present bytes, or empty where there is no object; unseen until
 * `publish`. `in-place`: every write is seen at once; only where declared native.
 */
export type HandleMode = 'read' | 'write' | 'in-place'

/** Random access to one object. Calls on one handle may run in parallel; overlapping writes land in some order. */
export interface Handle {
  /** As it was when opened. */
  readonly entry: Entry
  /** Fills `into` from the offset `at`, in bytes; fewer than asked only at the end. Returns how many, 0 at and beyond the end. */
  read(context: Context, into: Bytes, at: number): Promise<number>
  /** Writes all of `from`; a gap before `at` reads as zeroes. */
  write?(context: Context, from: Bytes, at: number): Promise<void>
  truncate?(context: Context, size: number): Promise<void>
  /** Makes the bytes the object's, under conditions. Core adds `ifMatch` of the opened etag. The handle stays open. */
  publish?(context: Context, options: WriteConditions): Promise<Entry>
  /** Frees everything and drops what was not published. Closing twice is no error. */
  close(): Promise<void>
}
