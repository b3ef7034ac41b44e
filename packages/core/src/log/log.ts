/**
 * A crash-safe append log in a folder: what every format of Kit on disk is built on. The layout is in `docs/formats/log.md`.
 *
 * A log is a row of segments (files) of records, each with its length and checksum. One process writes, any number of them read.
 * Beside the records a snapshot may be kept: the state that they add up to, so that opening replays only what came after it.
 */
import type { Bytes } from '../backend/index.ts'
import type { LogFiles } from './files.ts'

/** Where a record is. Plain data, good across processes and restarts for as long as the record's segment is kept. */
export interface Position {
  /** Number of the segment, from 1 on; a later one is greater. */
  readonly segment: number
  /** Of the record's frame in the segment's file, in bytes. 0 stands before the segment's first record. */
  readonly offset: number
  /** Length of the record in bytes. Given by `append` and `replay`; where it is known, `read` takes one read instead of two. */
  readonly size?: number | undefined
}

/** A record as it is appended: bytes, or parts of one record that follow each other, which saves whoever has a head and a body a copy. */
export type Payload = Uint8Array | readonly Uint8Array[]

export interface LogRecord {
  readonly position: Position & { readonly size: number }
  /** The caller's own. Records that came together may share one ArrayBuffer: copy a small one that is kept for long. */
  readonly bytes: Bytes
}

export interface Segment {
  readonly id: number
  /** Length of its file in bytes, as far as it counts. */
  readonly bytes: number
}

export interface Snapshot {
  /** The state holds all records up to this one and no later. */
  readonly covers: Position
  /** The state as it was saved, piece by piece. Its checksums were found right when the log was opened, and are checked again. */
  read(): AsyncIterable<Bytes>
}

/** What an acknowledged record survives: the end of the process, or a power cut too. */
export type Durable = 'process' | 'power'

export interface LogOptions {
  /** Folder of this log alone. `openLog` makes it, and its parents, where it is missing. */
  readonly folder: string
  /** What the records are, a short name such as `content-pack`. A log of another name is refused: InvalidConfig. */
  readonly format: string
  /**
   * Version of what the records are, a whole number from 1 on. A log with a newer one is refused by name: Unsupported. An older one is
   * opened, and told by `Log.version`; new segments get this one.
   */
  readonly version: number
  /** What `append` waits for, unless told otherwise. Default: `power`. */
  readonly durable?: Durable | undefined
  /** Length from which on a segment takes no more records, in bytes. At least 4096; default 256 MiB. */
  readonly segmentBytes?: number | undefined
  /**
   * `save` drops the segments that both kept snapshots cover, so that the log stays short; `drop` is refused then, and a log whose
   * snapshots are both damaged is Corrupt. Without it only `drop` removes segments, and the records that are kept must add up to the
   * state by themselves: snapshots save time only, and a log without a whole one is replayed from its first record.
   */
  readonly dropCovered?: boolean | undefined
  /** File operations; for tests that cut the power. Default: those of `node:fs`. */
  readonly files?: LogFiles | undefined
}

/** A log opened for reading: sees what the writer had written when it was opened or last refreshed. */
export interface LogReader extends AsyncDisposable {
  /** The lowest version that a segment of this log has; `options.version` for a new one. */
  readonly version: number
  /** The newest snapshot that is whole, where there is one. What `openLog` found; a later one is seen by who opens later. */
  readonly snapshot: Snapshot | undefined
  /** Of the last record; with offset 0 where the newest segment has none yet. */
  readonly last: Position
  /** In their order. Dropped ones are left out. */
  segments(): readonly Segment[]
  /**
   * One record, its checksum verified.
   * @throws NotFound where its segment was dropped; Corrupt where the bytes are not those that were appended, or nothing begins there.
   */
  read(position: Position): Promise<Bytes>
  /**
   * All records after a position, in their order and as many at a time as one read brings; memory stays flat. Ends with what was there
   * when it was called. Default: after what `snapshot` covers, or all. `{ segment: 0, offset: 0 }` is before all records.
   * @throws Corrupt where a record is damaged or a segment is missing that was not dropped. Nothing is skipped.
   */
  replay(after?: Position): AsyncIterable<readonly LogRecord[]>
  /**
   * Looks for what was written since; `replay(last)` gives it. Nothing to do where this process writes. Records that the writer has
   * not acknowledged yet may show too.
   */
  refresh(): Promise<void>
  /** Waits for what is under way, then frees everything. */
  close(): Promise<void>
}

/** A log opened for writing. No other process can have it so at the same time. */
export interface Log extends LogReader {
  /**
   * Adds records, all or none of them also after a crash, in one segment and one after the other. Calls may run in parallel: their
   * order is that of the calls, and they share writes and fsyncs. Nothing is copied of large parts; the bytes are the caller's again
   * when the promise has settled.
   * @throws QuotaExceeded where the disk is full: nothing was added, and appending works again when there is room.
   * @throws TooLarge for a record of more than 256 MiB.
   * @throws Unavailable after a failed fsync: what is on the disk is unknown, so that this log takes no more changes until it is
   *   opened again. `applied` is `maybe`.
   */
  append(
    records: readonly Payload[],
    options?: { readonly durable?: Durable | undefined },
  ): Promise<(Position & { readonly size: number })[]>
  /** Resolves when all that was appended before survives a power cut. Calls at the same time share one fsync. */
  sync(): Promise<void>
  /**
   * Keeps a state that the records up to and with `covers` add up to. Atomic and on the disk when it resolves, as are those records.
   * The one before is kept too, for the case that this one is damaged. No second call while one runs.
   * @param covers Position of the last record that the state holds; `{ segment: 0, offset: 0 }` for a state without any.
   */
  save(covers: Position, state: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>
  /** Ends the current segment, unless it is empty, so that it can be dropped. */
  rotate(): Promise<void>
  /**
   * Removes whole segments with all their records; ids that are gone already are no failure. Done, also after a crash, or not at all.
   * @throws InvalidConfig for the segment that is being written: `rotate` first.
   */
  drop(segments: readonly number[]): Promise<void>
  /** Waits for all appends, and syncs unless the log is `durable: 'process'`. */
  close(): Promise<void>
}

/** Which of two positions comes first: negative, 0 or positive. */
export function comparePositions(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset
}
