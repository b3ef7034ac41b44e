/**
 * Finds out where a log ends: what is whole, what is the torn tail that a crash may leave, and what is damage.
 *
 * A frame says how much of its file was on the disk when it was written, and a segment's header how much of the log was. So a place that
 * does not read as a frame is damage if anything whole behind it says that this place had been on the disk; else it is the torn tail:
 * what was never acknowledged as durable.
 */
import { join } from 'node:path'
import { storageError } from '../errors/index.ts'
import { fileSize, namesIn } from './disk.ts'
import { frameBytes, kinds } from './frame.ts'
import { numbered, segmentName, type Boundary, type Sealed } from './header.ts'
import type { Position } from './log.ts'
import { anyFrame, scanFrames, type Scanned } from './scan.ts'
import type { SegmentFile, SegmentFiles } from './segment-files.ts'

/** A place up to which the log was seen whole, and was on the disk. */
export interface Known {
  readonly place: Boundary
  /** The last record before it, or the start of its segment. */
  readonly last: Position
  /** What was kept besides the segment of `place` when that was the newest. */
  readonly sealed: readonly Sealed[]
  /** The segment that was the newest then. */
  readonly newest: number
}

export interface Found {
  readonly newest: { readonly id: number; readonly version: number; readonly mark: number; readonly start: number }
  readonly sealed: readonly Sealed[]
  /** Where the last whole batch ends. */
  readonly end: number
  readonly last: Position
  /** What is known to be on the disk; a later sync has to sync everything from there on. */
  readonly durable: Boundary
  /** There is more in the newest segment's file, to be cut off. */
  readonly torn: boolean
  /** Files of segments that are none of the log: dropped ones, and those behind a torn one. */
  readonly extra: readonly number[]
}

interface Tail {
  readonly end: number
  readonly last: Position | undefined
  readonly dropped: readonly number[]
  readonly synced: number
}

/** @throws Corrupt where more than a tail is damaged; nothing is found in a folder without segments. */
export async function inspect(
  folder: string,
  files: SegmentFiles,
  known: Known | undefined,
): Promise<Found | undefined> {
  const ids = numbered(await namesIn(folder), 'segment')
  const there = new Set(ids)
  if (known !== undefined && (ids.at(-1) ?? 0) < known.newest) throw missing(folder, known.newest)
  for (let id = ids.at(-1); id !== undefined;) {
    const file = await files.acquire(id)
    try {
      const found = await inspectAs(folder, files, file, known, there)
      if (typeof found !== 'number') return found
      id = found
    } finally {
      files.release(file)
    }
  }
  return undefined
}

/** With this segment as the newest; gives the number of an earlier one where that turns out to be torn. */
async function inspectAs(
  folder: string,
  files: SegmentFiles,
  file: SegmentFile,
  known: Known | undefined,
  there: ReadonlySet<number>,
): Promise<Found | number> {
  const { segment: id, version, mark } = file.header
  const path = join(folder, segmentName(id))
  const isKnown = known?.place.segment === id
  const size = fileSize(file.fd)
  const from = isKnown ? Math.max(known.place.offset, file.start) : file.start
  if (from > size) throw damage(path, size)
  const tail = await readTail(file, from, size)
  const { end } = tail
  const torn = end < size
  if (torn && (await anyFrame(file.fd, mark, end + 1, size, ({ synced }) => synced > end))) throw damage(path, end)

  const gone = new Set(tail.dropped)
  const sealed = (isKnown ? known.sealed : file.header.sealed).filter((one) => !gone.has(one.id))
  for (const one of sealed) if (!there.has(one.id)) throw missing(folder, one.id)

  let durable: Boundary = { segment: id, offset: Math.max(from, tail.synced) }
  if (!isKnown && tail.synced === 0) {
    const since = known !== undefined && isAfter(known.place, file.header.durable) ? known.place : file.header.durable
    const tornOne = await findTorn(folder, files, sealed, since, file)
    if (tornOne !== undefined) return tornOne
    durable = since
  }
  return {
    newest: { id, version, mark, start: file.start },
    sealed,
    end,
    last: tail.last ?? (isKnown ? known.last : { segment: id, offset: 0 }),
    durable,
    torn,
    extra: [...there].filter((one) => one !== id && !sealed.some((kept) => kept.id === one)),
  }
}

async function readTail(file: SegmentFile, from: number, size: number): Promise<Tail> {
  const { mark, segment } = file.header
  const scan = scanFrames(file.fd, mark, from, size)
  let end = from
  let synced = 0
  let last: Position | undefined
  let inBatch: Position | undefined
  const dropped: number[] = []
  for (;;) {
    const frames = await scan.next()
    if (frames.length === 0) return { end, last, dropped, synced }
    for (const frame of frames) {
      if (frame.kind === kinds.control) dropped.push(...droppedBy(frame))
      else inBatch = { segment, offset: frame.offset, size: frame.size }
      synced = Math.max(synced, frame.synced)
      if (frame.kind === kinds.part) continue
      end = frame.offset + frameBytes + frame.size
      last = inBatch
    }
  }
}

/** What the log says about itself in a record of its own. */
export interface Control {
  readonly dropped?: readonly number[] | undefined
  /** The log was closed, all of it on the disk: what comes before is no torn tail. */
  readonly closed?: true | undefined
}

function droppedBy(frame: Scanned): readonly number[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its checksum is right, so this log has written it
  return (JSON.parse(Buffer.from(frame.bytes).toString()) as Control).dropped ?? []
}

/** The first of the earlier segments, from what is known to be on the disk on, that does not reach its end. */
async function findTorn(
  folder: string,
  files: SegmentFiles,
  sealed: readonly Sealed[],
  since: Boundary,
  newest: SegmentFile,
): Promise<number | undefined> {
  for (const [index, { id, end }] of sealed.entries()) {
    if (id < since.segment) continue
    const file = await files.acquire(id)
    try {
      const from = id === since.segment ? Math.max(since.offset, file.start) : file.start
      if (from > end) throw damage(join(folder, segmentName(id)), end)
      const scan = scanFrames(file.fd, file.header.mark, from, end)
      while ((await scan.next()).length > 0);
      if (scan.at === end) continue
      const at = scan.at
      const size = fileSize(file.fd)
      const inFile = await anyFrame(file.fd, file.header.mark, at + 1, size, ({ synced }) => synced > at)
      const later = [...sealed.slice(index + 1).map((one) => one.id), newest.header.segment]
      if (inFile || (await anyLater(files, later, { segment: id, offset: at }))) {
        throw damage(join(folder, segmentName(id)), at)
      }
      return id
    } finally {
      files.release(file)
    }
  }
  return undefined
}

/** Whether a later segment says that this place was on the disk. */
async function anyLater(files: SegmentFiles, ids: readonly number[], place: Boundary): Promise<boolean> {
  for (const id of ids) {
    const file = await files.acquire(id)
    try {
      const { mark, durable } = file.header
      if (isAfter(durable, place)) return true
      // Of all earlier segments everything was, or it would be 0.
      if (await anyFrame(file.fd, mark, file.start, fileSize(file.fd), ({ synced }) => synced > 0)) return true
    } finally {
      files.release(file)
    }
  }
  return false
}

function isAfter(a: Boundary, b: Boundary): boolean {
  return a.segment > b.segment || (a.segment === b.segment && a.offset > b.offset)
}

function damage(path: string, at: number): Error {
  return storageError('Corrupt', `${path} is damaged at offset ${at}; the records behind it were on the disk`)
}

function missing(folder: string, id: number): Error {
  return storageError('Corrupt', `${join(folder, segmentName(id))} is missing, and was not dropped`)
}
