import { crc32 } from 'node:zlib'
import type { Bytes } from '../backend/index.ts'
import { readFully } from './disk.ts'
import { frameBytes, parseFrame, type Frame } from './frame.ts'

const chunkBytes = 2 ** 20

export interface Scanned extends Frame {
  readonly offset: number
  readonly bytes: Bytes
}

export interface Scan {
  /** Where the next frame is expected. */
  readonly at: number
  /** The frames that the next read brings; none at the end, or where there is no whole frame. */
  next(): Promise<readonly Scanned[]>
}

/** Reads frame after frame from `from` up to `until`, the checksums of all verified. */
export function scanFrames(fd: number, mark: number, from: number, until: number): Scan {
  let at = from
  return {
    get at() {
      return at
    },
    async next() {
      let want = Math.min(chunkBytes, until - at)
      for (;;) {
        if (want < frameBytes) return []
        const buffer = Buffer.allocUnsafeSlow(want)
        const got = await readFully(fd, buffer, want, at)
        const bytes = got < want ? buffer.subarray(0, got) : buffer
        const { frames, end } = framesIn(bytes, mark, at)
        if (frames.length > 0) {
          at += end
          return frames
        }
        // A frame larger than the chunk: its head is right, so its length may be believed.
        const first = parseFrame(bytes, 0, mark, at)
        const whole = first === undefined ? 0 : frameBytes + first.size
        // Unless the file is shorter than it should be.
        if (whole <= want || got < want || whole > until - at) return []
        want = whole
      }
    },
  }
}

function framesIn(bytes: Buffer<ArrayBuffer>, mark: number, offset: number): { frames: Scanned[]; end: number } {
  const frames: Scanned[] = []
  let at = 0
  for (;;) {
    const frame = parseFrame(bytes, at, mark, offset + at)
    if (frame === undefined) break
    const start = at + frameBytes
    if (start + frame.size > bytes.length) break
    const record = new Uint8Array(bytes.buffer, bytes.byteOffset + start, frame.size)
    if (crc32(record) !== frame.crc) break
    frames.push({ ...frame, offset: offset + at, bytes: record })
    at = start + frame.size
  }
  return { frames, end: at }
}

/** Whether a frame in `[from, until)` says what `proves` asks. Looks at every place, as what is before may be damaged. */
export async function anyFrame(
  fd: number,
  mark: number,
  from: number,
  until: number,
  proves: (frame: Frame) => boolean,
): Promise<boolean> {
  const pattern = Buffer.alloc(4)
  pattern.writeUInt32LE(mark)
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  for (let position = from; position + frameBytes <= until;) {
    const got = await readFully(fd, buffer, Math.min(chunkBytes, until - position), position)
    if (got < frameBytes) return false
    const bytes = buffer.subarray(0, got)
    for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1)) {
      const frame = parseFrame(bytes, at, mark, position + at)
      if (frame !== undefined && proves(frame)) return true
    }
    // What is cut by the end of the chunk is looked at again.
    position += got - frameBytes + 1
  }
  return false
}
