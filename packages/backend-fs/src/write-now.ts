import type { Bytes, Entry, Key, WriteOptions } from '@kit/core'
import { placingError } from './change.ts'
import { entryOf } from './entry.ts'
import { split, type Folder } from './folders.ts'
import { changeModeNow, changeTimesNow, fstatNow, type FilePath, type FilesNow } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import type { Site } from './site.ts'
import { nextStamp } from './stamp.ts'

/** Up to this, bytes are copied to memory faster than a thread is woken. */
const inThreadMax = 64 * 1024

/** Whether a write may be done in the thread, as far as that can be seen from what is asked. */
export function fitsNow({ files, local, fsync, byPath }: Site, bytes: Bytes, { ifMatch }: WriteOptions): boolean {
  return (
    files.now !== undefined && local && byPath && !fsync && ifMatch === undefined && bytes.byteLength <= inThreadMax
  )
}

/**
 * The steps of `write` without leaving the thread, so that nothing of this process comes between them; undefined, with nothing done, where
 * they are not enough: the directory is not at hand, the key is being changed, locks are in use.
 */
export function writeNow(site: Site, key: Key, bytes: Bytes, options: WriteOptions): Entry | undefined {
  const { folders, queue, locks, workPace } = site
  const { now } = site.files
  const [directory, name] = split(key)
  if (now === undefined || locks.inUse() !== false) return undefined
  const before = performance.now()
  const folder = folders.held(directory)
  if (folder === undefined) return undefined
  try {
    if (!queue.isFree(folder.key === '' ? name : `${folder.key}/${name}`)) return undefined
    return steps(site, now, folder, name, key, bytes, options)
  } finally {
    folders.release(folder)
    workPace.took(performance.now() - before)
  }
}

function steps(
  { temporaries }: Site,
  now: FilesNow,
  folder: Folder,
  name: string,
  key: Key,
  bytes: Bytes,
  options: WriteOptions,
): Entry | undefined {
  const temporary = temporaries.createNow(now, 0o666)
  if (temporary === undefined) return undefined
  const { fd, path } = temporary
  let placed = false
  try {
    for (let done = 0; done < bytes.byteLength;) {
      done += now.write(fd, done === 0 ? bytes : bytes.subarray(done), done)
    }
    if (options.mode !== undefined) changeModeNow(fd, options.mode)
    const stamp = nextStamp(options.modified)
    changeTimesNow(fd, stamp.accessed, stamp.modified)
    if (!place(now, path, folder.at(name), options)) return undefined
    placed = true
    return entryOf(key, fstatNow(fd))
  } finally {
    attempt(() => now.close(fd))
    if (placed && options.ifAbsent !== true) temporaries.gone(temporary)
    // Else it is removed when the store is closed.
    else if (attempt(() => now.unlink(path))) temporaries.gone(temporary)
  }
}

/** False where the directory is gone, to be made again. */
function place(now: FilesNow, from: FilePath, to: FilePath, options: WriteOptions): boolean {
  try {
    if (options.ifAbsent === true) now.link(from, to)
    else now.rename(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw placingError(error, options)
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
