/**
 * The frame of one record: 24 bytes, then the record. Little-endian.
 *
 * | at | bytes | what |
 * | 0 | 4 | mark: a random number of this file, so that no record can hold what looks like a frame of it |
 * | 4 | 4 | CRC-32 of the 16 bytes that follow, begun from mark and offset: a frame at another place is none |
 * | 8 | 4 | length of the record |
 * | 12 | 4 | CRC-32 of the record |
 * | 16 | 6 | this much of the file, and all files before it, was on the disk when the frame was written; 0 says nothing |
 * | 22 | 1 | kind |
 * | 23 | 1 | 0 |
 */
import { crc32 } from 'node:zlib'

export const frameBytes = 24
export const recordBytesMax: number = 256 * 2 ** 20

/** `part`: more of the same batch follow. `end`: the last or only one. `control`: the log's own, a batch by itself. */
export const kinds = { part: 0, end: 1, control: 2 } as const

export interface Frame {
  readonly size: number
  readonly crc: number
  readonly synced: number
  readonly kind: number
}

/** The start of a checksum that belongs to one place of one file. */
function seed(mark: number, offset: number): number {
  return (mark ^ offset ^ Math.imul(Math.floor(offset / 2 ** 32), 0x9e3779b1)) >>> 0
}

export function writeFrame(into: Buffer, at: number, mark: number, offset: number, frame: Frame): void {
  into.writeUInt32LE(frame.size, at + 8)
  into.writeUInt32LE(frame.crc, at + 12)
  into.writeUIntLE(frame.synced, at + 16, 6)
  into[at + 22] = frame.kind
  into[at + 23] = 0
  into.writeUInt32LE(mark, at)
  into.writeUInt32LE(crc32(into.subarray(at + 8, at + frameBytes), seed(mark, offset)), at + 4)
}

/** The frame at `at` of a buffer, which is at `offset` of its file; undefined where there is none. The record is not looked at. */
export function parseFrame(from: Buffer, at: number, mark: number, offset: number): Frame | undefined {
  if (at + frameBytes > from.length || from.readUInt32LE(at) !== mark) return undefined
  if (from.readUInt32LE(at + 4) !== crc32(from.subarray(at + 8, at + frameBytes), seed(mark, offset))) return undefined
  const size = from.readUInt32LE(at + 8)
  const kind = from[at + 22] ?? 0
  if (size > recordBytesMax || kind > kinds.control || from[at + 23] !== 0) return undefined
  return { size, crc: from.readUInt32LE(at + 12), synced: from.readUIntLE(at + 16, 6), kind }
}
