import type { Bytes } from '@kit/core'
import { type Cursor, cursorOf, readVarint, varintLength, writeVarint } from '../cid/varint.ts'
import {
  decodePb,
  encodePb,
  fieldLength,
  type Link,
  malformed,
  readBytes,
  readLength,
  tag,
  writeBytes,
  writeTag,
} from './protobuf.ts'

/** How the bytes of a tree become a DAG, and so which CIDs they have (IPIP-499). See `docs/formats/unixfs-and-car.md`. */
export type Profile = 'unixfs-v1-2025' | 'unixfs-v0-2015'

const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'hamt-shard'] as const

/** Seconds since 1970, negative before; `nanoseconds` 0 to 999,999,999 are added. */
export interface UnixFsTime {
  readonly seconds: number
  readonly nanoseconds?: number | undefined
}

/** A dag-pb node of UnixFS: its links and what its data says. https://specs.ipfs.tech/unixfs/ */
export interface UnixFsNode {
  readonly type: (typeof types)[number]
  /** Empty in leaves without links. In a file every link is one entry of `blockSizes`. */
  readonly links: readonly Link[]
  /** A file's own bytes, before those of its links; a symlink's target; the bit field of a HAMT shard. */
  readonly data?: Bytes | undefined
  /** Bytes of the file below this node, its own included. Says what it likes until its children are read. */
  readonly fileSize?: number | undefined
  /** Bytes of the file below each link. */
  readonly blockSizes?: readonly number[] | undefined
  /** Of a HAMT shard: code of the hash function of names (murmur3-x64-64 is 0x22). */
  readonly hashType?: number | undefined
  /** Of a HAMT shard: places in it, 256 in practice. */
  readonly fanout?: number | undefined
  /** POSIX permission bits, 0 to 0o7777. */
  readonly mode?: number | undefined
  readonly modified?: UnixFsTime | undefined
}

/** The block of a node, in the canonical form that Kubo writes. Links keep their order. */
export function encodeUnixFs(node: UnixFsNode): Bytes {
  return encodePb({ links: node.links, data: encodeData(node) })
}

/** Reads a block; `data` is a view into it. @throws Corrupt for bytes that are no dag-pb, or no UnixFS. */
export function decodeUnixFs(bytes: Bytes): UnixFsNode {
  const { links, data } = decodePb(bytes)
  if (data === undefined) throw malformed('a dag-pb node holds no UnixFS data')
  return { ...decodeData(data), links }
}

function encodeData(node: UnixFsNode): Bytes {
  const { data, fileSize, blockSizes = [], hashType, fanout, mode, modified } = node
  const time = modified === undefined ? undefined : encodeTime(modified)
  let length = 2
  if (data !== undefined) length += fieldLength(data.byteLength)
  if (fileSize !== undefined) length += 1 + varintLength(fileSize)
  for (const size of blockSizes) length += 1 + varintLength(size)
  if (hashType !== undefined) length += 1 + varintLength(hashType)
  if (fanout !== undefined) length += 1 + varintLength(fanout)
  if (mode !== undefined) length += 1 + varintLength(mode)
  if (time !== undefined) length += fieldLength(time.byteLength)
  const target = new Uint8Array(length)
  let at = writeNumber(target, 0, 1, types.indexOf(node.type))
  if (data !== undefined) at = writeBytes(target, at, 2, data)
  if (fileSize !== undefined) at = writeNumber(target, at, 3, fileSize)
  for (const size of blockSizes) at = writeNumber(target, at, 4, size)
  if (hashType !== undefined) at = writeNumber(target, at, 5, hashType)
  if (fanout !== undefined) at = writeNumber(target, at, 6, fanout)
  if (mode !== undefined) at = writeNumber(target, at, 7, mode)
  if (time !== undefined) writeBytes(target, at, 8, time)
  return target
}

function writeNumber(target: Uint8Array, at: number, field: number, value: number): number {
  return writeVarint(target, writeTag(target, at, field, 0), value)
}

function encodeTime({ seconds, nanoseconds = 0 }: UnixFsTime): Bytes {
  const target = new Uint8Array(16)
  let at = writeTag(target, 0, 1, 0)
  if (seconds >= 0) {
    at = writeVarint(target, at, seconds)
  } else {
    // Two's complement in 64 bits, which a varint holds in ten bytes.
    let rest = BigInt.asUintN(64, BigInt(seconds))
    for (; rest >= 128n; rest >>= 7n) target[at++] = Number(rest & 127n) | 0x80
    target[at++] = Number(rest)
  }
  if (nanoseconds !== 0) {
    at = writeTag(target, at, 2, 5)
    new DataView(target.buffer).setUint32(at, nanoseconds, true)
    at += 4
  }
  return target.slice(0, at)
}

type Fields = { -readonly [Name in keyof UnixFsNode]: UnixFsNode[Name] }

function decodeData(bytes: Bytes): Omit<UnixFsNode, 'links'> {
  const cursor = cursorOf(bytes)
  const found: Partial<Fields> = {}
  const blockSizes: number[] = []
  while (cursor.at < cursor.end) {
    const key = readVarint(cursor)
    switch (key) {
      case tag(1, 0): {
        const type = types[readVarint(cursor)]
        if (type === undefined) throw malformed('a UnixFS node is of no known type')
        found.type = type
        break
      }
      case tag(2, 2): {
        const end = readLength(cursor)
        found.data = bytes.subarray(cursor.at, end)
        cursor.at = end
        break
      }
      case tag(3, 0):
        found.fileSize = readVarint(cursor)
        break
      case tag(4, 0):
        blockSizes.push(readVarint(cursor))
        break
      case tag(4, 2): {
        // Packed, as some writers of protobuf have it.
        const end = readLength(cursor)
        const inner: Cursor = { bytes, at: cursor.at, end }
        while (inner.at < end) blockSizes.push(readVarint(inner))
        cursor.at = end
        break
      }
      case tag(5, 0):
        found.hashType = readVarint(cursor)
        break
      case tag(6, 0):
        found.fanout = readVarint(cursor)
        break
      case tag(7, 0):
        // The upper bits are free for whoever wants them; only the permissions are read.
        found.mode = readVarint(cursor) % 0o10000
        break
      case tag(8, 2):
        found.modified = decodeTime(readBytes(cursor))
        break
      default:
        skip(cursor, key)
    }
  }
  const { type, ...rest } = found
  if (type === undefined) throw malformed('a UnixFS node says no type')
  return blockSizes.length === 0 ? { ...rest, type } : { ...rest, type, blockSizes }
}

function decodeTime(bytes: Uint8Array): UnixFsTime {
  const cursor = cursorOf(bytes)
  let seconds = 0
  let nanoseconds: number | undefined
  while (cursor.at < cursor.end) {
    const key = readVarint(cursor)
    if (key === tag(1, 0)) seconds = readSigned(cursor)
    else if (key === tag(2, 5)) {
      if (cursor.end - cursor.at < 4) throw malformed('a UnixFS time is cut off')
      nanoseconds = new DataView(bytes.buffer, bytes.byteOffset + cursor.at, 4).getUint32(0, true)
      if (nanoseconds > 999_999_999) throw malformed('a UnixFS time has more nanoseconds than a second')
      cursor.at += 4
    } else skip(cursor, key)
  }
  return nanoseconds === undefined ? { seconds } : { seconds, nanoseconds }
}

/** A varint of 64 bits in two's complement. */
function readSigned(cursor: Cursor): number {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.at < cursor.end ? cursor.bytes[cursor.at++] : undefined
    if (byte === undefined) break
    value |= BigInt(byte & 0x7f) << shift
    if (byte >= 0x80) continue
    const signed = Number(BigInt.asIntN(64, value))
    if (!Number.isSafeInteger(signed)) break
    return signed
  }
  throw malformed('a UnixFS time is cut off, or too far away')
}

/** Moves over a field that is not known here. */
function skip(cursor: Cursor, key: number): void {
  const wire = key & 7
  if (wire === 0) readSigned(cursor)
  else if (wire === 2) cursor.at = readLength(cursor)
  else if (wire === 1 || wire === 5) {
    const length = wire === 1 ? 8 : 4
    if (cursor.end - cursor.at < length) throw malformed('a field ends beyond its message')
    cursor.at += length
  } else throw malformed('a field of protobuf is of no known kind')
}
