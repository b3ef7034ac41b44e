import { storageError, type Bytes } from '@kit/core'
import { readAt, readAtNow } from './fs-client.ts'
import type { Pace } from './pace.ts'

/** Bytes of their own, not cleared: they are read into. */
export function allocate(size: number): Bytes {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
}

/** @throws Corrupt where the file has become shorter than it was. */
export async function readFully(fd: number, into: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < into.byteLength) {
    const count = await readAt(fd, into, done, into.byteLength - done, position + done)
    if (count === 0) throw cutShort()
    done += count
  }
}

/** The same without leaving the thread, for few bytes, which are mostly in memory. */
export function readFullyNow(fd: number, into: Uint8Array, position: number, pace: Pace): void {
  const before = performance.now()
  for (let done = 0; done < into.byteLength;) {
    const count = readAtNow(fd, into, done, into.byteLength - done, position + done)
    if (count === 0) throw cutShort()
    done += count
  }
  pace.took(performance.now() - before)
}

function cutShort(): Error {
  return storageError('Corrupt', 'the file was cut short while it was read')
}
