import { type Bytes, storageError } from '@kit/core'
import { type Cid, cidFromBytes, parseCid } from '../cid/cid.ts'
import { type Cursor, cursorOf, readVarint, varintLength, writeVarint } from '../cid/varint.ts'

/** A link of a dag-pb node. */
export interface Link {
  /** `''` in the nodes of files. */
  readonly name: string
  readonly cid: string
  /** Bytes of the whole DAG below, each block counted as often as it is linked. What the node says: nothing has checked it. */
  readonly size?: number | undefined
}

/** A dag-pb node: https://ipld.io/specs/codecs/dag-pb/spec/ */
export interface PbNode {
  readonly links: readonly Link[]
  readonly data?: Bytes | undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Key of a protobuf field: its number and wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes). */
export function tag(field: number, wire: 0 | 1 | 2 | 5): number {
  return (field << 3) | wire
}

/** Bytes of a field that holds a length and `length` bytes; of fields numbered below 16. */
export function fieldLength(length: number): number {
  return 1 + varintLength(length) + length
}

/** The canonical form: links in the order given, then the data. */
export function encodePb({ links, data }: PbNode): Bytes {
  const parts = links.map(({ name, cid, size }) => {
    const bytes = parseCid(cid).bytes
    const text = name === '' ? empty : encoder.encode(name)
    const length =
      fieldLength(bytes.byteLength) + fieldLength(text.byteLength) + (size === undefined ? 0 : 1 + varintLength(size))
    return { bytes, text, size, length }
  })
  let total = data === undefined ? 0 : fieldLength(data.byteLength)
  for (const { length } of parts) total += fieldLength(length)
  const target = new Uint8Array(total)
  let at = 0
  for (const { bytes, text, size, length } of parts) {
    at = writeVarint(target, writeTag(target, at, 2, 2), length)
    at = writeBytes(target, at, 1, bytes)
    at = writeBytes(target, at, 2, text)
    if (size !== undefined) at = writeVarint(target, writeTag(target, at, 3, 0), size)
  }
  if (data !== undefined) writeBytes(target, at, 1, data)
  return target
}

const empty = new Uint8Array()

export function writeTag(target: Uint8Array, at: number, field: number, wire: 0 | 1 | 2 | 5): number {
  target[at] = tag(field, wire)
  return at + 1
}

/** Writes a field of bytes and gives the offset behind it. */
export function writeBytes(target: Uint8Array, at: number, field: number, bytes: Uint8Array): number {
  const from = writeVarint(target, writeTag(target, at, field, 2), bytes.byteLength)
  target.set(bytes, from)
  return from + bytes.byteLength
}

/** Reads a node; its data is a view into `bytes`. @throws Corrupt for what is no dag-pb. */
export function decodePb(bytes: Bytes): PbNode {
  const cursor = cursorOf(bytes)
  const links: Link[] = []
  let data: Bytes | undefined
  let linksEnded = false
  while (cursor.at < cursor.end) {
    const key = readVarint(cursor)
    const end = readLength(cursor)
    if (key === tag(1, 2)) {
      if (data !== undefined) throw malformed('a dag-pb node has two data fields')
      data = bytes.subarray(cursor.at, end)
      linksEnded = links.length > 0
    } else if (key === tag(2, 2)) {
      // Both orders are about; links on both sides of the data are not.
      if (linksEnded) throw malformed('a dag-pb node has links before and behind its data')
      links.push(decodeLink({ bytes, at: cursor.at, end }))
    } else {
      throw malformed('a dag-pb node has a field that is none of its own')
    }
    cursor.at = end
  }
  return data === undefined ? { links } : { links, data }
}

function decodeLink(cursor: Cursor): Link {
  let cid: Cid | undefined
  let name: string | undefined
  let size: number | undefined
  while (cursor.at < cursor.end) {
    const key = readVarint(cursor)
    if (key === tag(1, 2) && cid === undefined && name === undefined && size === undefined) {
      cid = linked(readBytes(cursor))
    } else if (key === tag(2, 2) && name === undefined && size === undefined) {
      name = readText(cursor)
    } else if (key === tag(3, 0) && size === undefined) {
      size = readVarint(cursor)
    } else {
      throw malformed('a dag-pb link has a field twice, out of order, or that is none of its own')
    }
  }
  if (cid === undefined) throw malformed('a dag-pb link has no CID')
  return size === undefined ? { name: name ?? '', cid: cid.text } : { name: name ?? '', cid: cid.text, size }
}

function linked(bytes: Uint8Array): Cid {
  try {
    return cidFromBytes(bytes)
  } catch (error) {
    throw storageError('Corrupt', 'a dag-pb link holds no CID that can be read', { cause: error })
  }
}

/** The offset behind a field whose length stands at the cursor, which moves behind the length. */
export function readLength(cursor: Cursor): number {
  const length = readVarint(cursor)
  if (length > cursor.end - cursor.at) throw malformed('a field ends beyond its message')
  return cursor.at + length
}

/** The bytes of a field whose length stands at the cursor: a view. */
export function readBytes(cursor: Cursor): Uint8Array {
  const end = readLength(cursor)
  const part = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return part
}

function readText(cursor: Cursor): string {
  const bytes = readBytes(cursor)
  if (bytes.byteLength === 0) return ''
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw storageError('Corrupt', 'the name of a dag-pb link is not UTF-8', { cause: error })
  }
}

export function malformed(text: string): Error {
  return storageError('Corrupt', text)
}
