import { abortError, type Bytes, type ByteStream, type Context } from '@kit/core'
import { allocate, readFully } from './bytes.ts'
import { fsError } from './fs-errors.ts'
import type { Site } from './site.ts'

const chunkBytes = 1024 * 1024
/** Where many bodies are open their chunks are smaller: so much for all of them together, but no chunk below the least. */
const togetherBytes = 24 * 1024 * 1024
const leastChunkBytes = 64 * 1024

type Step = IteratorResult<Bytes, undefined>
const done: Step = { done: true, value: undefined }

/**
 * The bytes of an open file from `from` to `to`, closed at the end, on `return()`, on failure and on abort. The next chunk is read while
 * the consumer has the last. By hand, because a generator that was never started frees nothing.
 */
export function bodyStream(site: Site, { signal }: Context, fd: number, from: number, to: number): ByteStream {
  let position = from
  let ahead: Promise<Bytes> | undefined
  let ended = false
  let closing: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()

  function fetch(): Promise<Bytes> {
    const share = Math.max(leastChunkBytes, Math.min(chunkBytes, togetherBytes / site.living.size))
    const chunk = allocate(Math.min(Math.floor(share), to - position))
    const at = position
    position += chunk.byteLength
    const reading = readFully(fd, chunk, at).then(() => chunk)
    // It may fail before anybody asks for it.
    reading.catch(() => undefined)
    return reading
  }

  /** Nobody may close a file that is being read: its number may be another's by then. */
  function close(): Promise<void> {
    ended = true
    closing ??= (async () => {
      signal.removeEventListener('abort', onAbort)
      site.living.delete(close)
      await ahead?.catch(() => undefined)
      ahead = undefined
      await site.files.close(fd)
    })().catch(() => undefined)
    return closing
  }

  function onAbort(): void {
    void close()
  }

  async function step(): Promise<Step> {
    if (signal.aborted) {
      await close()
      throw abortError(signal)
    }
    if (ended) return done
    try {
      const reading = ahead ?? fetch()
      ahead = reading
      const value = await reading
      // Ended meanwhile: by an abort, or because the store was closed.
      if (signal.aborted || ended) {
        await close()
        throw abortError(signal)
      }
      ahead = position < to ? fetch() : undefined
      if (ahead === undefined) await close()
      return { done: false, value }
    } catch (error) {
      await close()
      throw fsError(error)
    }
  }

  site.living.add(close)
  signal.addEventListener('abort', onAbort, { once: true })
  const iterator: AsyncIterator<Bytes, undefined> = {
    next() {
      const next = last.then(step, step)
      last = next
      return next
    },
    async return() {
      await close()
      return done
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
