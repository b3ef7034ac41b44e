import { abortError, errorCode, storageError, type Bytes, type Context, type LocalFile } from '@kit/core'
import { fileState } from '@kit/core/node'
import { copyInThread, type Stretch } from './copy-threads.ts'
import { openFile, openFlags } from './fs-client.ts'
import { allocate, readFully, readFullyNow } from './bytes.ts'
import { fsError } from './fs-errors.ts'
import { timed } from './pace.ts'
import { SourceFailure, writeAll } from './pour.ts'
import type { Site } from './site.ts'

/** Stays in a processor's cache between being read and being written. */
const pieceBytes = 256 * 1024
/** From this size on a thread of its own is worth its beginning. */
const threadFrom = 16 * 2 ** 20

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
    else await byPieces(site, stretch, file, signal)
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

async function byPieces(
  site: Site,
  { from, to, read, write, length }: Stretch,
  file: LocalFile,
  signal: AbortSignal,
): Promise<void> {
  const buffer = allocate(Math.min(pieceBytes, length))
  for (let done = 0; done < length;) {
    if (signal.aborted) throw abortError(signal)
    const piece = buffer.subarray(0, Math.min(pieceBytes, length - done))
    await copyPiece(site, { from, to, read: read + done, write: write + done }, piece)
    done += piece.byteLength
    file.copied?.(piece.byteLength)
  }
}

/** In the thread where that is quick: bytes that one processor has read are in its cache when it writes them. Else by threads of the pool. */
async function copyPiece(site: Site, { from, to, read, write }: Omit<Stretch, 'length'>, piece: Bytes): Promise<void> {
  const { workPace } = site
  const { now } = site.files
  if (site.local && now !== undefined && (await workPace.inTurn())) {
    await reading(async () => readFullyNow(from, piece, read, workPace))
    timed(workPace, () => {
      for (let done = 0; done < piece.byteLength;) done += now.write(to, piece.subarray(done), write + done)
    })
    return
  }
  await reading(() => readFully(from, piece, read))
  await writeAll(site.files, to, piece, write)
}

/** A failure of the source is the source's own. */
async function reading(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw new SourceFailure(errorCode(error) === 'Corrupt' ? changedMeanwhile() : fsError(error))
  }
}

function changedMeanwhile(): Error {
  return storageError('Conflict', 'the file that is copied changed meanwhile')
}
