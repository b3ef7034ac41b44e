import type { Bytes, ByteStream, Source } from '@kit/core'

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that repeat nowhere near, so that a shifted or swapped part is seen; the same for the same arguments. */
export function sampleBytes(length: number, seed: number = 1): Bytes {
  const bytes = new Uint8Array(length)
  const words = new Uint32Array(bytes.buffer, 0, length >>> 2)
  let state = (seed * 0x9e3779b9) >>> 0 || 1
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  for (let at = words.length * 4; at < length; at++) bytes[at] = (seed + at) & 0xff
  return bytes
}

/** The bytes in chunks of odd lengths, each of its own memory. */
export async function* inChunks(bytes: Bytes, chunkBytes: number = 65_521): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.slice(at, at + chunkBytes)
}

/** A one-shot stream that counts what is done with it. */
export interface WatchedStream extends AsyncIterable<Bytes> {
  readonly opened: number
  readonly pulled: number
  /** Read to its end, or told by `return()` that no more is wanted. */
  readonly ended: boolean
}

/** `steps` is called for each chunk; `undefined` ends the stream. What it throws, the stream fails with. */
export function watchedStream(steps: (index: number) => Promise<Bytes | undefined> | Bytes | undefined): WatchedStream {
  const seen = { opened: 0, pulled: 0, ended: false }
  return {
    get opened() {
      return seen.opened
    },
    get pulled() {
      return seen.pulled
    },
    get ended() {
      return seen.ended
    },
    [Symbol.asyncIterator]() {
      seen.opened++
      return {
        async next() {
          if (seen.ended) return { done: true, value: undefined }
          let value: Bytes | undefined
          try {
            value = await steps(seen.pulled++)
          } catch (error) {
            seen.ended = true
            throw error
          }
          if (value === undefined) {
            seen.ended = true
            return { done: true, value: undefined }
          }
          return { done: false, value }
        },
        async return() {
          seen.ended = true
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** A stream that can be opened anywhere, again and again. */
export function replayable(bytes: Bytes, options: { readonly sized: boolean } = { sized: true }): Source {
  return {
    ...(options.sized ? { size: bytes.byteLength } : {}),
    version: 'sample',
    open: (from): ByteStream => inChunks(bytes.slice(from)),
  }
}

/** Fails with `failure` after so many bytes. */
export async function* failing(bytes: Bytes, afterBytes: number, failure: unknown): AsyncGenerator<Bytes> {
  yield* inChunks(bytes.slice(0, afterBytes))
  throw failure
}

/** Waits until the signal aborts, whatever else happens; used as a chunk that never comes. */
export function untilAbort(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
