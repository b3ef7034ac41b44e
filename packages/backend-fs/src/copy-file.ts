import { abortError, errorCode, storageError, type Bytes, type Context, type LocalFile } from '@kit/core'
import { fileState } from '@kit/core/node'
import { copyInThread, type Stretch } from './copy-threads.ts'
import { openFile, openFlags, readAtNow } from './fs-client.ts'
import { allocate, readFully } from './bytes.ts'
import { fsError } from './fs-errors.ts'
import { timed } from './pace.ts'
import { SourceFailure, writeAll } from './pour.ts'
import type { Site } from './site.ts'

/** Read and written in turns by so many at once: threads of the pool, which read and write at the same time. */
const lanesMax = 4
let lanesInUse = 0
/** Stays in a processor's cache between being read and being written. */
const laneBytes = 256 * 1024
/** From this size on a thread of its own is worth its beginning. */
const threadFrom = 16 * 2 ** 20
/** Of what is copied in the thread: one for all, as nothing comes between reading and writing. */
const own: Bytes = allocate(laneBytes)
/** Kept for the next piece. */
const keptMax = 16
const kept: Bytes[] = []

/**
 * Copies `size` bytes of another file of this machine to `at` of an open one. False, with nothing done, where the file is not the one that the
 * source names any more.
 * @throws SourceFailure where it changes while it is copied, or cannot be read
 */
export async function copyFile(
  site: Site,
  fd: number,
  file: LocalFile,
  size: number,
  at: number,
  { signal }: Context,
): Promise<boolean> {
  const source = await openFile(file.path, openFlags.readFollowing).catch(() => undefined)
  if (source === undefined) return false
  try {
    if (fileState(await site.fstat(source)) !== file.state) return false
    const stretch = { from: source, to: fd, read: file.from, write: at, length: size }
    if (size >= threadFrom && site.local && site.files.now !== undefined) await byThread(stretch, file, signal)
    else await byLanes(site, stretch, file, signal)
    if (fileState(await site.fstat(source)) !== file.state) throw new SourceFailure(changedMeanwhile())
    return true
  } finally {
    await site.files.close(source).catch(() => undefined)
  }
}

/** Looked at so often, for whoever is told of the progress. */
const tellMs = 50

async function byThread(stretch: Stretch, file: LocalFile, signal: AbortSignal): Promise<void> {
  const copying = copyInThread(stretch)
  let told = 0
  const tell = (): void => {
    const copied = copying.copied()
    if (copied > told) file.copied?.(copied - told)
    told = copied
  }
  const timer = setInterval(tell, tellMs)
  const onAbort = (): void => copying.cancel()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    const answer = await copying.ended
    if (signal.aborted) throw abortError(signal)
    tell()
    if (answer.ended === 'short') throw new SourceFailure(changedMeanwhile())
    if (answer.ended !== 'failed') return
    const { code, message, reading } = answer.failure
    const error = fsError(Object.assign(new Error(message), { code }))
    throw reading ? new SourceFailure(error) : error
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

async function byLanes(site: Site, stretch: Stretch, file: LocalFile, signal: AbortSignal): Promise<void> {
  const { from: source, to, read, write, length } = stretch
  const progress = { next: 0, failed: false }
  const lane = async (): Promise<void> => {
    lanesInUse++
    try {
      while (progress.next < length && !progress.failed) {
        if (signal.aborted) throw abortError(signal)
        const from = progress.next
        const bytes = Math.min(laneBytes, length - from)
        progress.next += bytes
        await copyPiece(site, { from: source, to, read: read + from, write: write + from, length: bytes })
        file.copied?.(bytes)
      }
    } catch (error) {
      progress.failed = true
      throw error
    } finally {
      lanesInUse--
    }
  }
  const free = Math.max(1, lanesMax - lanesInUse)
  const lanes = Array.from({ length: Math.min(free, Math.ceil(length / laneBytes)) }, lane)
  // Nobody may close a file that is being written.
  for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason
}

/** In the thread where that is quick: bytes that one processor has read are in its cache when it writes them. Else by threads of the pool. */
async function copyPiece(site: Site, { from, to, read, write, length }: Stretch): Promise<void> {
  const { workPace } = site
  const { now } = site.files
  if (site.local && now !== undefined && (await workPace.inTurn())) {
    timed(workPace, () => {
      const bytes = own.subarray(0, length)
      readNow(from, bytes, read)
      for (let done = 0; done < length;) done += now.write(to, bytes.subarray(done), write + done)
    })
    return
  }
  const buffer = kept.pop() ?? allocate(laneBytes)
  try {
    const bytes = buffer.subarray(0, length)
    await reading(readFully(from, bytes, read))
    await writeAll(site.files, to, bytes, write)
  } finally {
    if (kept.length < keptMax) kept.push(buffer)
  }
}

function readNow(fd: number, into: Bytes, position: number): void {
  try {
    for (let done = 0; done < into.byteLength;) {
      const count = readAtNow(fd, into, done, into.byteLength - done, position + done)
      if (count === 0) throw changedMeanwhile()
      done += count
    }
  } catch (error) {
    throw new SourceFailure(fsError(error))
  }
}

async function reading(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw new SourceFailure(errorCode(error) === 'Corrupt' ? changedMeanwhile() : fsError(error))
  }
}

function changedMeanwhile(): Error {
  return storageError('Conflict', 'the file that is copied changed meanwhile')
}
