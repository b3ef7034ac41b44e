/** Lays out batches as one write. */
import { crc32 } from 'node:zlib'
import { storageError } from '../errors/index.ts'
import { frameBytes, kinds, recordBytesMax, writeFrame } from './frame.ts'
import type { Payload, Position } from './log.ts'

/** Records from this size on are written from where they are; copying smaller ones is quicker than one more part of a write. */
const copiedBelow = 16 * 1024

export interface Batch {
  readonly records: readonly Payload[]
  readonly control: boolean
  /** With all frames. */
  readonly bytes: number
  /** Bytes of frames, and of records that are copied. */
  readonly copied: number
}

/** @throws TooLarge */
export function measure(records: readonly Payload[], control: boolean): Batch {
  let bytes = 0
  let copied = 0
  for (const record of records) {
    const size = sizeOf(record)
    if (size > recordBytesMax) throw storageError('TooLarge', `a record of ${size} bytes is more than a log takes`)
    bytes += frameBytes + size
    copied += frameBytes + (size < copiedBelow ? size : 0)
  }
  return { records, control, bytes, copied }
}

type Sized = Position & { readonly size: number }

export interface Group {
  readonly parts: readonly Uint8Array[]
  readonly positions: Sized[][]
}

/** @param scratch for what is copied; used until the group is written */
export function layOut(
  batches: readonly Batch[],
  file: { readonly id: number; readonly mark: number },
  start: number,
  synced: number,
  scratch: Buffer,
): Group {
  const parts: Uint8Array[] = []
  const positions: Sized[][] = []
  let at = 0
  let run = 0
  let offset = start
  for (const { records, control } of batches) {
    const places: Sized[] = []
    for (const [index, record] of records.entries()) {
      const size = sizeOf(record)
      const last = index === records.length - 1
      const kind = control ? kinds.control : last ? kinds.end : kinds.part
      writeFrame(scratch, at, file.mark, offset, { size, crc: checksum(record), synced, kind })
      at += frameBytes
      if (size < copiedBelow) at = copy(record, scratch, at)
      else {
        parts.push(scratch.subarray(run, at))
        run = at
        if (record instanceof Uint8Array) parts.push(record)
        else parts.push(...record)
      }
      places.push({ segment: file.id, offset, size })
      offset += frameBytes + size
    }
    positions.push(places)
  }
  if (at > run) parts.push(scratch.subarray(run, at))
  return { parts, positions }
}

function sizeOf(record: Payload): number {
  if (record instanceof Uint8Array) return record.byteLength
  let size = 0
  for (const part of record) size += part.byteLength
  return size
}

function checksum(record: Payload): number {
  if (record instanceof Uint8Array) return crc32(record)
  let crc = 0
  for (const part of record) crc = crc32(part, crc)
  return crc
}

function copy(record: Payload, into: Buffer, at: number): number {
  if (record instanceof Uint8Array) {
    into.set(record, at)
    return at + record.byteLength
  }
  let end = at
  for (const part of record) {
    into.set(part, end)
    end += part.byteLength
  }
  return end
}
