import { type Bytes, type ByteStream, storageError, untilAborted } from '@kit/core'
import { cursorOf, readVarint } from '../cid/varint.ts'

/** A stream that is read piece by exact piece. */
export interface StreamBytes extends AsyncDisposable {
  /** Bytes read so far. */
  readonly position: number
  /** True where nothing more comes. */
  atEnd(): Promise<boolean>
  /** @throws Corrupt where the stream ends before, or has no varint there */
  varint(): Promise<number>
  /** The next bytes in one piece: a view into what the stream gave where they lie together. @throws Corrupt where the stream ends before */
  take(length: number): Promise<Bytes>
  /** @throws Corrupt where the stream ends before */
  skip(length: number): Promise<void>
}

const longestVarint = 9

export function streamBytes(stream: ByteStream, signal: AbortSignal): StreamBytes {
  const iterator = stream[Symbol.asyncIterator]()
  let piece: Bytes = new Uint8Array()
  let at = 0
  /** Of the stream, before `piece`. */
  let before = 0
  let ended = false

  /** Gets the next piece where this one is used up; false at the end. */
  const refill = async (): Promise<boolean> => {
    while (at === piece.byteLength) {
      if (ended) return false
      const { done, value } = await untilAborted(signal, iterator.next())
      before += piece.byteLength
      at = 0
      piece = done === true ? new Uint8Array() : value
      ended = done === true
    }
    return true
  }
  const need = async (): Promise<void> => {
    if (!(await refill())) throw storageError('Corrupt', `the stream ends early, after ${before + at} bytes`)
  }
  return {
    get position() {
      return before + at
    },
    async atEnd() {
      return at === piece.byteLength && !(await refill())
    },
    async varint() {
      let bytes = piece.subarray(at, at + longestVarint)
      if (!bytes.some((byte) => byte < 0x80)) {
        const gathered: number[] = []
        for (let byte = 0x80; byte >= 0x80 && gathered.length < longestVarint;) {
          await need()
          byte = piece[at++] ?? 0
          gathered.push(byte)
        }
        bytes = Uint8Array.from(gathered)
        return readVarint(cursorOf(bytes))
      }
      const cursor = cursorOf(bytes)
      const value = readVarint(cursor)
      at += cursor.at
      return value
    },
    async take(length) {
      if (piece.byteLength - at >= length) {
        at += length
        return piece.subarray(at - length, at)
      }
      const target = new Uint8Array(length)
      for (let filled = 0; filled < length;) {
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
      if (ended) return
      ended = true
      piece = new Uint8Array()
      at = 0
      const ending = iterator.return?.()
      // A stream that hangs in a pull would hang here too.
      if (signal.aborted) ending?.catch(() => undefined)
      else await ending
    },
  }
}
