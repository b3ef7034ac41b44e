import { isAborted, storageError, type Bytes, type Context, type Entry, type Key, type WriteOptions } from '@kit/core'
import { placingError } from './change.ts'
import { entryOf } from './entry.ts'
import { split, type Folder } from './folders.ts'
import { changeModeNow, changeTimesNow, fstatNow, type FilePath, type FilesNow } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import type { Site } from './site.ts'
import { bytesNow, type SmallBody } from './small-body.ts'
import { nextStamp } from './stamp.ts'
import type { Temporary } from './temporaries.ts'
import { writeByThread, type Written } from './write-thread.ts'

/**
 * A small body written in one go: in this thread, or in one of its own while there is much to do here. Undefined, with nothing done, where
 * that is not enough: the directory is not at hand, the key is being changed, locks are in use, the body is not what it was.
 */
export async function writeSmall(
  site: Site,
  context: Context,
  key: Key,
  body: SmallBody,
  options: WriteOptions,
): Promise<Entry | undefined> {
  const { files, local, fsync, byPath, locks, workPace } = site
  const { now } = files
  if (now === undefined || !local || !byPath || fsync || options.ifMatch !== undefined) return undefined
  if (locks.inUse() !== false) return undefined
  const [directory] = split(key)
  if (!isKept(site, directory) && !(await opens(site, directory))) return undefined
  const handed = handOver(site, key, body, options)
  if (handed !== undefined) return handed
  const quick = workPace.inTurn()
  if (quick === false || (quick !== true && !(await quick)) || isAborted(context)) return undefined
  return writeNow(site, now, key, body, options)
}

/** Without leaving the thread, so that nothing of this process comes between the steps. */
function writeNow(site: Site, now: FilesNow, key: Key, body: SmallBody, options: WriteOptions): Entry | undefined {
  const { folders, queue, locks, workPace } = site
  if (locks.inUse() !== false) return undefined
  const before = performance.now()
  const [directory, name] = split(key)
  const folder = folders.held(directory)
  if (folder === undefined) return undefined
  try {
    if (!queue.isFree(keyIn(folder, name))) return undefined
    const bytes = bytesNow(body)
    return bytes && steps(site, now, folder, name, key, bytes, options)
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

/** What the thread that writes has of this one until it is done. */
interface Handed {
  readonly folder: Folder
  readonly name: string
  readonly temporary: Temporary
}

function handOver(
  site: Site,
  key: Key,
  body: SmallBody,
  options: WriteOptions,
): Promise<Entry | undefined> | undefined {
  const { folders, queue, temporaries } = site
  const { accessed, modified } = nextStamp(options.modified)
  // Older than what numbers can say.
  if (typeof modified !== 'number') return undefined
  let handed: Handed | undefined
  const written = writeByThread(site.workPace.isQuick(), () => {
    const [directory, last] = split(key)
    const folder = folders.kept(directory)
    if (folder === undefined) return undefined
    const name = keyIn(folder, last)
    const temporary = queue.isFree(name) ? temporaries.next() : undefined
    if (temporary === undefined) {
      folders.release(folder)
      return undefined
    }
    queue.take(name)
    handed = { folder, name, temporary }
    const { link, place: shows } = folder
    const { mode, ifAbsent } = options
    return {
      temporary: temporary.path,
      place: folder.at(last),
      link,
      shows,
      body,
      accessed,
      modified,
      mode,
      ifAbsent: ifAbsent === true,
    }
  })
  if (written === undefined || handed === undefined) return undefined
  return settled(site, handed, key, written)
}

async function settled(
  { folders, queue, temporaries }: Site,
  { folder, name, temporary }: Handed,
  key: Key,
  written: Promise<Written>,
): Promise<Entry | undefined> {
  const result = await written
  folders.release(folder)
  queue.leave(name)
  if (result.ended === 'placed' || result.ended === 'not') temporaries.gone(temporary)
  if (result.ended === 'placed') return entryOf(key, result.facts)
  if (result.ended !== 'unknown') return undefined
  throw storageError('Unexpected', 'it may have been written: what it was given to ended', { applied: 'maybe' })
}

function keyIn(folder: Folder, name: string): string {
  return folder.key === '' ? name : `${folder.key}/${name}`
}

function isKept({ folders }: Site, directory: string): boolean {
  const folder = folders.kept(directory)
  if (folder !== undefined) folders.release(folder)
  return folder !== undefined
}

/** False where it cannot be opened: whoever makes it says why. */
async function opens({ folders }: Site, directory: string): Promise<boolean> {
  try {
    folders.release(await folders.open(directory))
    return true
  } catch {
    return false
  }
}
