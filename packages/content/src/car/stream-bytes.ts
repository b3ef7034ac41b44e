import { type Bytes, storageError } from '@kit/core'
import { cursorOf, readVarint } from '../cid/varint.ts'
import type { Pieces } from './pieces.ts'

/** Bytes that are read by exact lengths. */
export interface StreamBytes extends AsyncDisposable {
  /** Bytes read so far. */
  readonly position: number
  /** True where a read waits for nobody but the disk. */
  readonly direct: boolean
  /** True where nothing more comes. */
  atEnd(): Promise<boolean>
  /** @throws Corrupt where the stream ends before, or has no varint there */
  varint(): Promise<number>
  /**
   * The next bytes in one piece: a view into what came where they lie together there, else in `into` (which is long enough) or in a new
   * buffer. @throws Corrupt where the stream ends before
   */
  take(length: number, into?: Bytes): Promise<Bytes>
  /** True where the next bytes lie together already: `take` would not need a buffer. */
  holds(length: number): boolean
  /** @throws Corrupt where the stream ends before */
  skip(length: number): Promise<void>
}

const longestVarint = 9

export function streamBytes(pieces: Pieces): StreamBytes {
  let piece: Bytes = new Uint8Array()
  let at = 0
  /** Of the stream, before `piece`. */
  let before = 0
  let ended = false

  /** Gets the next piece where this one is used up; false at the end. */
  const refill = async (): Promise<boolean> => {
    while (at === piece.byteLength) {
      if (ended) return false
      const next = await pieces.next()
      before += piece.byteLength
      at = 0
      piece = next ?? new Uint8Array()
      ended = next === undefined
    }
    return true
  }
  const tooShort = (): Error => storageError('Corrupt', `the stream ends early, after ${before + at} bytes`)
  const need = async (): Promise<void> => {
    if (!(await refill())) throw tooShort()
  }
  return {
    direct: pieces.fill !== undefined,
    get position() {
      return before + at
    },
    async atEnd() {
      return at === piece.byteLength && !(await refill())
    },
    async varint() {
      const bytes = piece.subarray(at, at + longestVarint)
      if (bytes.some((byte) => byte < 0x80)) {
        const cursor = cursorOf(bytes)
        const value = readVarint(cursor)
        at += cursor.at
        return value
      }
      const gathered: number[] = []
      for (let byte = 0x80; byte >= 0x80 && gathered.length < longestVarint;) {
        await need()
        byte = piece[at++] ?? 0
        gathered.push(byte)
      }
      return readVarint(cursorOf(Uint8Array.from(gathered)))
    },
    holds: (length) => piece.byteLength - at >= length,
    async take(length, into) {
      if (piece.byteLength - at >= length) {
        at += length
        return piece.subarray(at - length, at)
      }
      const target = into === undefined ? new Uint8Array(length) : into.subarray(0, length)
      for (let filled = 0; filled < length;) {
        if (at === piece.byteLength && pieces.fill !== undefined && !ended) {
          const more = await pieces.fill(target, filled)
          if (more === 0) throw tooShort()
          filled += more
          before += more
          continue
        }
        await need()
        const part = piece.subarray(at, at + length - filled)
        target.set(part, filled)
        filled += part.byteLength
        at += part.byteLength
      }
      return target
    },
    async skip(length) {
      for (let left = length; left > 0;) {
        await need()
        const step = Math.min(left, piece.byteLength - at)
        at += step
        left -= step
      }
    },
    async [Symbol.asyncDispose]() {
      ended = true
      piece = new Uint8Array()
      at = 0
      await pieces.end()
    },
  }
}
