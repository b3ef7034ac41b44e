import type { Bytes } from '@kit/core'

/** Buffers of one size that are used again. Made as they are needed, up to `most`. */
export interface BufferPool {
  /** Waits while all are out. */
  take(): Promise<Bytes>
  /** Nothing while all are out. */
  tryTake(): Bytes | undefined
  give(buffer: Bytes): void
}

export function bufferPool(bytes: number, most: number): BufferPool {
  const free: Bytes[] = []
  const waiting: ((buffer: Bytes) => void)[] = []
  let made = 0
  const tryTake = (): Bytes | undefined => {
    const buffer = free.pop()
    if (buffer !== undefined || made >= most) return buffer
    made++
    return new Uint8Array(bytes)
  }
  return {
    tryTake,
    async take() {
      return tryTake() ?? (await new Promise<Bytes>((resolve) => waiting.push(resolve)))
    },
    give(buffer) {
      const next = waiting.shift()
      if (next === undefined) free.push(buffer)
      else next(buffer)
    },
  }
}
