import { Buffer } from 'node:buffer'
import { type Bytes, storageError } from '@kit/core'
import { type Cursor, readVarint, varintLength, writeVarint } from '../cid/varint.ts'
import { fromBase32 } from '../cid/base32.ts'
import { cidFromBytes, parseCid } from '../cid/index.ts'
import { fieldLength, malformed, readLength, tag, writeBytes, writeTag } from '../unixfs/protobuf.ts'
import type { Child } from './child.ts'

/**
 * One link as it stands in a dag-pb block: the whole field, so that it can be copied from block to block without being taken apart.
 * Offsets are of the block.
 */
export interface LinkField {
  readonly from: number
  readonly to: number
  readonly cidFrom: number
  readonly cidTo: number
  readonly nameFrom: number
  readonly nameTo: number
  readonly size: number | undefined
}

/** Reads the link field whose key stands before the cursor at `from`; the cursor moves behind it. @throws Corrupt */
export function readLinkField(cursor: Cursor, from: number): LinkField {
  const to = readLength(cursor)
  const inner: Cursor = { bytes: cursor.bytes, at: cursor.at, end: to }
  cursor.at = to
  if (inner.at === to || readVarint(inner) !== tag(1, 2)) throw malformed('a link of a directory has no CID')
  const cidTo = readLength(inner)
  const cidFrom = inner.at
  inner.at = cidTo
  let nameFrom = cidTo
  let nameTo = cidTo
  let size: number | undefined
  let key = inner.at < to ? readVarint(inner) : 0
  if (key === tag(2, 2)) {
    nameTo = readLength(inner)
    nameFrom = inner.at
    inner.at = nameTo
    key = inner.at < to ? readVarint(inner) : 0
  }
  if (key === tag(3, 0)) size = readVarint(inner)
  else if (key !== 0) throw malformed('a link of a directory has a field that is none of its own')
  if (inner.at !== to) throw malformed('a link of a directory has a field too many')
  return { from, to, cidFrom, cidTo, nameFrom, nameTo, size }
}

/** @throws Corrupt for what is no CID */
export function childOf(bytes: Bytes, { cidFrom, cidTo, size }: LinkField): Child {
  try {
    const cid = cidFromBytes(bytes.subarray(cidFrom, cidTo)).text
    return size === undefined ? { cid } : { cid, size }
  } catch (error) {
    throw storageError('Corrupt', 'a link of a directory holds no CID that can be read', { cause: error })
  }
}

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The name's text. @throws Corrupt for bytes that are not UTF-8 */
export function nameOf(block: Buffer, { nameFrom, nameTo }: LinkField): string {
  const name = block.toString('utf8', nameFrom, nameTo)
  if (!name.includes('\uFFFD')) return name
  try {
    return fatal.decode(block.subarray(nameFrom, nameTo))
  } catch (error) {
    throw storageError('Corrupt', 'a name in a directory is not UTF-8', { cause: error })
  }
}

/** The bytes of a CID in text. Nearly all are of one form, which is taken apart without the rest of a parse. @throws InvalidKey */
export function cidBytes(text: string): Uint8Array {
  if (text.length === 59 && text.startsWith('b')) {
    const bytes = fromBase32(text, 1)
    if (bytes[0] === 1 && (bytes[1] ?? 0x80) < 0x80 && bytes[2] === 0x12 && bytes[3] === 0x20) return bytes
  }
  return parseCid(text).bytes
}

/** A whole link field, in the canonical form. */
export function encodeLinkField(name: string, { cid, size }: Child): Bytes {
  return encodeLink(cidBytes(cid), name, size)
}

/** The same link under another name. */
export function renamedField(bytes: Bytes, link: LinkField, name: string): Bytes {
  return encodeLink(bytes.subarray(link.cidFrom, link.cidTo), name, link.size)
}

/** Bytes that a link field takes. */
export function linkFieldLength(cidBytes: number, nameBytes: number, size: number | undefined): number {
  const sizeBytes = size === undefined ? 0 : 1 + varintLength(size)
  return fieldLength(fieldLength(cidBytes) + fieldLength(nameBytes) + sizeBytes)
}

export function encodeLink(cid: Uint8Array, text: string, size: number | undefined): Bytes {
  const name = Buffer.from(text)
  const length = linkFieldLength(cid.byteLength, name.byteLength, size)
  const target = new Uint8Array(length)
  const sizeBytes = size === undefined ? 0 : 1 + varintLength(size)
  const inner = fieldLength(cid.byteLength) + fieldLength(name.byteLength) + sizeBytes
  let at = writeVarint(target, writeTag(target, 0, 2, 2), inner)
  at = writeBytes(target, at, 1, cid)
  at = writeBytes(target, at, 2, name)
  if (size !== undefined) writeVarint(target, writeTag(target, at, 3, 0), size)
  return target
}
