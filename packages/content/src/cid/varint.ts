import { storageError } from '@kit/core'

/** A place in bytes that are being read. Readers move `at`; nothing at or beyond `end` is theirs. */
export interface Cursor {
  readonly bytes: Uint8Array
  at: number
  end: number
}

export function cursorOf(bytes: Uint8Array): Cursor {
  return { bytes, at: 0, end: bytes.byteLength }
}

/**
 * An unsigned varint (LEB128), as CIDs, CARs and protobuf have it.
 * @throws Corrupt for one that is cut off, padded, or above 2^53 - 1.
 */
export function readVarint(cursor: Cursor): number {
  const { bytes, end } = cursor
  let value = 0
  let scale = 1
  for (let at = cursor.at; at < end; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * scale
    if (value > Number.MAX_SAFE_INTEGER) break
    if (byte < 0x80) {
      if (byte === 0 && scale > 1) throw storageError('Corrupt', 'a varint is padded')
      cursor.at = at + 1
      return value
    }
    scale *= 128
    if (scale > Number.MAX_SAFE_INTEGER) break
  }
  throw storageError('Corrupt', 'a varint is cut off, or too large')
}

/** Bytes that `value` takes as a varint. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes `value` at `at` and gives the offset behind it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let to = at
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[to++] = (rest % 128) | 0x80
  target[to++] = rest
  return to
}
