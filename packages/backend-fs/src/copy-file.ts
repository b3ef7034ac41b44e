import { abortError, storageError, type Context, type LocalFile } from '@kit/core'
import { fileState } from '@kit/core/node'
import { openFile, openFlags, readAt } from './fs-client.ts'
import { fsError } from './fs-errors.ts'
import { SourceFailure, writeAll } from './pour.ts'
import type { Site } from './site.ts'

/** Read and written in turns by so many at once: threads of the pool, which read and write at the same time. */
const lanesMax = 4
let lanesInUse = 0
/** Stays in a processor's cache between being read and being written. */
const laneBytes = 256 * 1024
/** Kept for the next file. */
const keptMax = 32
const kept: Uint8Array<ArrayBuffer>[] = []

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
  const source = await openFile(file.path, openFlags.read).catch(() => undefined)
  if (source === undefined) return false
  try {
    if (fileState(await site.fstat(source)) !== file.state) return false
    const progress = { next: 0, failed: false }
    const lane = async (): Promise<void> => {
      lanesInUse++
      const buffer = kept.pop() ?? new Uint8Array(new ArrayBuffer(laneBytes))
      try {
        while (progress.next < size && !progress.failed) {
          if (signal.aborted) throw abortError(signal)
          const from = progress.next
          const wanted = Math.min(laneBytes, size - from)
          progress.next += wanted
          await readWhole(source, buffer, file.from + from, wanted)
          await writeAll(site.files, fd, wanted === laneBytes ? buffer : buffer.subarray(0, wanted), at + from)
          file.copied?.(wanted)
        }
      } catch (error) {
        progress.failed = true
        throw error
      } finally {
        lanesInUse--
        if (kept.length < keptMax) kept.push(buffer)
      }
    }
    const free = Math.max(1, lanesMax - lanesInUse)
    const lanes = Array.from({ length: Math.min(free, Math.ceil(size / laneBytes)) }, lane)
    // Nobody may close a file that is being written.
    for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason
    if (fileState(await site.fstat(source)) !== file.state) throw new SourceFailure(changedMeanwhile())
    return true
  } finally {
    await site.files.close(source).catch(() => undefined)
  }
}

async function readWhole(fd: number, into: Uint8Array, position: number, length: number): Promise<void> {
  for (let done = 0; done < length;) {
    const count = await readAt(fd, into, done, length - done, position + done).catch((error: unknown) => {
      throw new SourceFailure(fsError(error))
    })
    if (count === 0) throw new SourceFailure(changedMeanwhile())
    done += count
  }
}

function changedMeanwhile(): Error {
  return storageError('Conflict', 'the file that is copied changed meanwhile')
}
