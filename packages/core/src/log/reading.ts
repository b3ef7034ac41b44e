import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Bytes } from '../backend/index.ts'
import { errorCode, fromErrno, isStorageError, storageError } from '../errors/index.ts'
import { errnoOf, readFully, readNow } from './disk.ts'
import { frameBytes, kinds, parseFrame } from './frame.ts'
import { segmentName } from './header.ts'
import type { LogRecord, Position } from './log.ts'
import { createPace } from './pace.ts'
import { scanFrames } from './scan.ts'
import type { SegmentFile, SegmentFiles } from './segment-files.ts'

/** What of the log is there. */
export interface View {
  /** The numbers of the segments that are kept, in their order, and where their records end. */
  readonly ends: ReadonlyMap<number, number>
  /** Asked for where a segment's file is gone: looks again whether it was dropped. */
  lookAgain(): Promise<void>
}

export interface Reading {
  read(position: Position): Promise<Bytes>
  replay(after: Position): AsyncIterable<readonly LogRecord[]>
  /** The place behind a record. @throws Corrupt where none begins there. */
  endOf(position: Position): Promise<number>
}

/** Read at once, and whole or not: few records are larger in logs of small ones. */
const guessBytes = 4096
/** Up to this size bytes are read in the thread, where they mostly are in memory. */
const nowBytes = 64 * 1024

export function createReading(
  { folder, dropCovered }: { readonly folder: string; readonly dropCovered: boolean },
  files: SegmentFiles,
  view: View,
): Reading {
  const pace = createPace()

  const pathOf = (id: number): string => join(folder, segmentName(id))
  const dropped = (id: number): Error => storageError('NotFound', `segment ${id} of the log in ${folder} was dropped`)

  async function acquire(id: number): Promise<SegmentFile> {
    if (!view.ends.has(id)) throw dropped(id)
    try {
      return await files.acquire(id)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw isStorageError(error) ? error : fromErrno(error)
      await view.lookAgain()
      if (!view.ends.has(id)) throw dropped(id)
      throw storageError('Corrupt', `${pathOf(id)} is missing`, { cause: error })
    }
  }

  function fill(fd: number, into: Buffer, position: number): number | Promise<number> {
    if (into.length > nowBytes) return readFully(fd, into, into.length, position)
    const begun = pace.begin()
    if (begun === undefined) return readFully(fd, into, into.length, position)
    const got = readNow(fd, into, position)
    pace.done(begun)
    return got
  }

  async function read(position: Position): Promise<Bytes> {
    const { segment, offset, size } = position
    const end = view.ends.get(segment)
    if (end === undefined) throw dropped(segment)
    const file = files.held(segment) ?? (await acquire(segment))
    try {
      const damaged = (): Error =>
        storageError('Corrupt', `no whole record is at offset ${offset} of ${pathOf(segment)}`)
      if (offset < file.start || offset + frameBytes > end) throw damaged()
      const first = Buffer.allocUnsafeSlow(Math.min(frameBytes + (size ?? guessBytes), end - offset))
      const filled = fill(file.fd, first, offset)
      const got = typeof filled === 'number' ? filled : await filled
      const frame = parseFrame(got < first.length ? first.subarray(0, got) : first, 0, file.header.mark, offset)
      if (frame === undefined || frame.kind === kinds.control) throw damaged()
      if (size !== undefined && frame.size !== size) throw damaged()
      if (offset + frameBytes + frame.size > end) throw damaged()
      let bytes = new Uint8Array(first.buffer, frameBytes, Math.min(frame.size, got - frameBytes))
      if (bytes.length < frame.size) {
        const rest = Buffer.allocUnsafeSlow(frame.size)
        rest.set(bytes)
        const more = await readFully(file.fd, rest.subarray(bytes.length), frame.size - bytes.length, offset + got)
        if (bytes.length + more < frame.size) throw damaged()
        bytes = new Uint8Array(rest.buffer, 0, frame.size)
      }
      if (crc32(bytes) !== frame.crc) throw damaged()
      return bytes
    } finally {
      files.release(file)
    }
  }

  async function behind(file: SegmentFile, offset: number): Promise<number> {
    const head = Buffer.alloc(frameBytes)
    await readFully(file.fd, head, frameBytes, offset)
    const frame = parseFrame(head, 0, file.header.mark, offset)
    if (frame !== undefined) return offset + frameBytes + frame.size
    throw storageError('Corrupt', `no record is at offset ${offset} of ${pathOf(file.header.segment)}`)
  }

  async function endOf({ segment, offset }: Position): Promise<number> {
    if (!view.ends.has(segment)) return offset
    const file = await acquire(segment)
    try {
      return await behind(file, offset)
    } finally {
      files.release(file)
    }
  }

  function replay(after: Position): AsyncIterable<readonly LogRecord[]> {
    // Now, not when the first are pulled.
    const ends = [...view.ends]
    return records(ends, after)
  }

  async function* records(ends: readonly [number, number][], after: Position): AsyncGenerator<readonly LogRecord[]> {
    // Where dropped records live on in snapshots only, nobody may miss them.
    const first = ends[0]?.[0] ?? 1
    if (dropCovered && after.segment < first && first > 1) throw dropped(first - 1)
    for (const [segment, end] of ends) {
      if (segment < after.segment) continue
      const file = await acquire(segment).catch((error: unknown) => {
        if (errorCode(error) === 'NotFound' && !dropCovered) return undefined
        throw error
      })
      if (file === undefined) continue
      try {
        const from = segment === after.segment && after.offset > 0 ? await behind(file, after.offset) : file.start
        yield* recordsOf(file, from, end)
      } finally {
        files.release(file)
      }
    }
  }

  async function* recordsOf(file: SegmentFile, from: number, end: number): AsyncGenerator<readonly LogRecord[]> {
    const { segment, mark } = file.header
    const scan = scanFrames(file.fd, mark, from, end)
    while (scan.at < end) {
      const frames = await scan.next()
      if (frames.length === 0) throw storageError('Corrupt', `${pathOf(segment)} is damaged at offset ${scan.at}`)
      const found: LogRecord[] = []
      for (const { kind, offset, size, bytes } of frames) {
        if (kind !== kinds.control) found.push({ position: { segment, offset, size }, bytes })
      }
      if (found.length > 0) yield found
    }
  }

  return { read, replay, endOf }
}
