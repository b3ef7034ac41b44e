import { abortError, storageError, type Bytes, type Context, type Source } from '@kit/core'
import type { FileLayer } from './fs-client.ts'
import type { Site } from './site.ts'

/** A body's own failure, to be thrown as it came. */
export class SourceFailure {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** Smaller chunks are put together, so that each write is worth its turn of the thread pool. */
const directMin = 64 * 1024
const gatherMin = 256 * 1024

export async function writeAll(files: FileLayer, fd: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) {
    done += await files.write(fd, done === 0 ? bytes : bytes.subarray(done), position + done)
  }
}

/**
 * Writes a body to a file, from `at` on, and gives its length. One write is under way while the next chunk is pulled.
 * @throws SourceFailure, Corrupt where the body is not `source.size` long, TooLarge where it is longer than `max`, Aborted; the source has
 * been ended then
 */
export async function pour(
  site: Site,
  fd: number,
  source: Source,
  { signal }: Context,
  { at = 0, max = Number.POSITIVE_INFINITY }: { readonly at?: number; readonly max?: number } = {},
): Promise<number> {
  const { files } = site
  const stream = open(source)
  const iterator = stream[Symbol.asyncIterator]()
  let stop: ((reason: unknown) => void) | undefined
  const onAbort = (): void => stop?.(abortError(signal))
  let pulling = false
  const pull = (): Promise<IteratorResult<Bytes, unknown>> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortError(signal))
        return
      }
      stop = reject
      pulling = true
      iterator.next().then(
        (step) => {
          pulling = false
          resolve(step)
        },
        (error: unknown) => {
          pulling = false
          reject(new SourceFailure(error))
        },
      )
    })

  let writing: Promise<void> = Promise.resolve()
  let position = 0
  let gathered: Bytes[] = []
  let gatheredBytes = 0
  async function put(bytes: Uint8Array): Promise<void> {
    await writing
    writing = writeAll(files, fd, bytes, at + position)
    // It is awaited before the next; until then nobody may be listening.
    writing.catch(() => undefined)
    position += bytes.byteLength
  }
  async function flush(): Promise<void> {
    const [first] = gathered
    if (first === undefined) return
    const bytes = gathered.length === 1 ? first : joined(gathered, gatheredBytes)
    gathered = []
    gatheredBytes = 0
    await put(bytes)
  }

  let ended = false
  const close = async (): Promise<void> => stop?.(storageError('Aborted', 'the store was closed'))
  site.living.add(close)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      const step = await pull()
      if (step.done === true) break
      const chunk = step.value
      if (source.size !== undefined && position + gatheredBytes + chunk.byteLength > source.size) {
        throw wrongLength(`more than the ${source.size}`)
      }
      if (position + gatheredBytes + chunk.byteLength > max)
        throw storageError('TooLarge', `at most ${max} bytes go here`)
      if (chunk.byteLength >= directMin) {
        await flush()
        await put(chunk)
      } else if (chunk.byteLength > 0) {
        gathered.push(chunk)
        gatheredBytes += chunk.byteLength
        if (gatheredBytes >= gatherMin) await flush()
      }
    }
    ended = true
    await flush()
    await writing
    if (source.size !== undefined && position !== source.size) {
      throw wrongLength(`${position} bytes, not the ${source.size}`)
    }
    return position
  } catch (error) {
    if (!ended && !(error instanceof SourceFailure)) await end(iterator, pulling)
    // Nobody may close the file under a write.
    await writing.catch(() => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    site.living.delete(close)
  }
}

function open(source: Source): AsyncIterable<Bytes> {
  let stream: AsyncIterable<Bytes> | null
  try {
    stream = source.open(0)
  } catch (error) {
    throw new SourceFailure(error)
  }
  if (stream === null) throw storageError('InvalidConfig', 'the body is a stream that has been taken already')
  return stream
}

/** A generator that is waiting ends only when it has what it waits for, which may be never. */
async function end(iterator: AsyncIterator<Bytes>, pulling: boolean): Promise<void> {
  try {
    const ending = iterator.return?.()
    if (pulling) ending?.catch(() => undefined)
    else await ending
  } catch {
    // What failed first is what is told.
  }
}

function joined(chunks: readonly Bytes[], size: number): Uint8Array {
  const all = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

export function wrongLength(text: string): Error {
  return storageError('Corrupt', `the body has ${text} bytes that \`size\` says; nothing was written`)
}
