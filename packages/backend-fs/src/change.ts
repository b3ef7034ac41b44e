import { storageError, throwIfAborted, type Context, type WriteConditions } from '@kit/core'
import { changed, etagOf, kindOf } from './entry.ts'
import { split, type Folder } from './folders.ts'
import { lstat, type Stats } from './fs-client.ts'
import { errnoOf, isDirectoryError } from './fs-errors.ts'
import { ensureDurable, makeFolder, syncFolder } from './making.ts'
import type { Site } from './site.ts'

/** Where a name is put or taken from: its directory, held, and its name there. */
export interface Place {
  readonly folder: Folder
  readonly name: string
  /** Its true key, which no other way leads to. */
  readonly key: string
}

/** Works in the directory of a key, which is made where it is missing and again where it vanishes meanwhile. */
export async function inMadeFolder<Result>(
  site: Site,
  key: string,
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  const [directory, name] = split(key)
  if (name === '') throw isDirectoryError()
  for (let tries = 0; ; tries++) {
    const { folders, files } = site
    const folder = folders.held(directory) ?? (await makeFolder(folders, files, directory))
    try {
      if (site.fsync) await ensureDurable(site, folder)
      const result = await work(placeIn(folder, name))
      const check = folders.recheck(folder)
      if (check !== undefined) await check
      return result
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      if (tries === 3) {
        throw storageError('Unavailable', 'what is made on the way is removed again and again', { cause: error })
      }
    } finally {
      folders.release(folder)
    }
  }
}

/** Works in the directory of a key; with `undefined` where there is none. */
export async function inPresentFolder<Result>(
  site: Site,
  key: string,
  work: (place: Place | undefined) => Promise<Result>,
): Promise<Result> {
  const [directory, name] = split(key)
  if (name === '') throw isDirectoryError()
  const { folders } = site
  let folder: Folder
  try {
    folder = folders.held(directory) ?? (await folders.open(directory))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return work(undefined)
    throw error
  }
  try {
    const result = await work(placeIn(folder, name))
    const check = folders.recheck(folder)
    if (check !== undefined) await check
    return result
  } finally {
    folders.release(folder)
  }
}

function placeIn(folder: Folder, name: string): Place {
  return { folder, name, key: folder.key === '' ? name : `${folder.key}/${name}` }
}

/**
 * Does `work` while no other change of these keys is under way: in this store, and where conditions are in use in any Kit process of the host.
 */
export async function exclusively<Result>(
  site: Site,
  { signal }: Context,
  keys: readonly string[],
  conditional: boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const { queue, locks } = site
  const [only] = keys
  if (!conditional && keys.length === 1 && only !== undefined && locks.inUse() === false && !signal.aborted) {
    // Nearly always so: nobody to wait for, nothing to lock.
    const turn = queue.enter(only, signal)
    if (turn !== undefined) await turn
    try {
      return await work()
    } finally {
      queue.leave(only)
    }
  }
  // Always in the same order, so that no two wait for each other.
  const ordered = keys.length > 1 ? [...new Set(keys)].toSorted() : keys
  const entered: string[] = []
  const frees: (() => Promise<void>)[] = []
  try {
    for (const key of ordered) {
      const turn = queue.enter(key, signal)
      if (turn !== undefined) await turn
      entered.push(key)
    }
    const used = conditional || locks.inUse()
    if (used === true || (used !== false && (await used))) {
      for (const key of ordered) frees.push(await locks.take(key, signal))
    }
    if (signal.aborted) throwIfAborted(signal)
    return await work()
  } finally {
    for (const free of frees) await free()
    for (const key of entered) queue.leave(key)
  }
}

export async function statIn({ folder, name }: Place): Promise<Stats | undefined> {
  try {
    return await lstat(folder.at(name))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** @throws ConditionFailed, IsDirectory */
export async function checkWrite(place: Place, { ifMatch }: { readonly ifMatch?: string | undefined }): Promise<void> {
  if (ifMatch === undefined) return
  const stats = await statIn(place)
  if (stats !== undefined && kindOf(stats) === 'directory') throw isDirectoryError()
  const etag = stats === undefined ? undefined : etagOf(stats)
  if (etag !== ifMatch) throw changed(etag, ifMatch)
}

/** Gives a file its place: over what is there, or, with `ifAbsent`, only where nothing is. `unlink` takes the old name away then. */
export async function putInPlace(
  site: Site,
  from: Folder | undefined,
  path: Parameters<Site['files']['rename']>[0],
  place: Place,
  conditions: WriteConditions,
): Promise<void> {
  const { files } = site
  const to = place.folder.at(place.name)
  try {
    await (conditions.ifAbsent === true ? files.link(path, to) : files.rename(path, to))
  } catch (error) {
    throw placingError(error, conditions)
  }
  if (!site.fsync) return
  await afterwards(async () => {
    await syncFolder(files, place.folder)
    if (from !== undefined && from.key !== place.folder.key) await syncFolder(files, from)
  })
}

/** Why a file could not be given its place. */
export function placingError(error: unknown, { ifAbsent }: WriteConditions): unknown {
  const errno = errnoOf(error)
  if (ifAbsent === true) {
    if (errno === 'EEXIST') return alreadyExists(error)
    return errno === 'EPERM' ? noHardLinks(error) : error
  }
  return errno === 'EISDIR' || errno === 'ENOTEMPTY' || errno === 'EEXIST' ? isDirectoryError() : error
}

/** What comes after a change was made: when it fails, the change is there all the same. */
export async function afterwards(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw storageError('Unexpected', 'the change was made, but could not be put on the disk for certain', {
      cause: error,
      applied: 'maybe',
    })
  }
}

export function alreadyExists(cause?: unknown): Error {
  return storageError('AlreadyExists', 'there is something already', { cause })
}

function noHardLinks(cause: unknown): Error {
  return storageError('Unsupported', 'the filesystem has no hard links, which `ifAbsent` needs', { cause })
}
