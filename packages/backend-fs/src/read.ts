import { isAborted, storageError, throwIfAborted, type ByteRange, type Context, type Entry } from '@kit/core'
import type { Key, ReadConditions, ReadOptions, ReadResult } from '@kit/core'
import { fileState } from '@kit/core/node'
import { bodyStream } from './body-stream.ts'
import { allocate, readFully, readFullyNow } from './bytes.ts'
import { checkRead, entryOf, etagOf, kindOf, special } from './entry.ts'
import { split } from './folders.ts'
import {
  descriptorPath,
  lstat,
  lstatNow,
  lstatThen,
  openFile,
  openFileNow,
  openFlags,
  readlink,
  type FilePath,
  type Stats,
} from './fs-client.ts'
import { errnoOf, fsError, isDirectoryError } from './fs-errors.ts'
import { timed, type Pace } from './pace.ts'
import { inFolder, type Site } from './site.ts'

/**
 * The common case of `stat` without a turn to wait but the one for the disk; undefined where it is another case. `later` takes over when
 * only the answer shows that.
 */
export function statQuickly(
  { local, folders, pace }: Site,
  context: Context,
  key: Key,
  conditions: ReadConditions,
  later: () => Promise<Entry>,
): Promise<Entry> | undefined {
  if (!local || isAborted(context) || key === '') return undefined
  const slash = key.lastIndexOf('/')
  const folder = folders.known(slash < 0 ? '' : key.slice(0, slash))
  if (folder === undefined) return undefined
  /** The answer, or undefined where it is not the common case. */
  const settle = (stats: Stats | undefined): Entry | undefined => {
    const confirmed = folders.confirm(folder)
    folders.release(folder)
    if (!confirmed || stats === undefined || kindOf(stats) === 'link') return undefined
    const entry = entryOf(key, stats)
    checkRead(entry.etag, conditions)
    return entry
  }
  const path = folder.plain(key.slice(slash + 1))
  return new Promise((resolve, reject) => {
    const answer = (stats: Stats | undefined): void => {
      let entry: Entry | undefined
      try {
        entry = settle(stats)
      } catch (reason) {
        reject(fsError(reason, { missing: true }))
        return
      }
      resolve(entry ?? later())
    }
    if (pace.isQuick()) answer(statInThread(path, pace))
    else lstatThen(path, (error, stats) => answer(error === null ? stats : undefined))
  })
}

function statInThread(path: FilePath, pace: Pace): Stats | undefined {
  const before = performance.now()
  try {
    return lstatNow(path)
  } catch {
    // Whoever asks again tells why.
    return undefined
  } finally {
    pace.took(performance.now() - before)
  }
}

export async function stat(site: Site, context: Context, key: Key, conditions: ReadConditions): Promise<Entry> {
  if (isAborted(context)) throwIfAborted(context.signal)
  const entry = await entryAt(site, key)
  checkRead(entry.etag, conditions)
  return entry
}

function entryAt(site: Site, key: Key): Promise<Entry> {
  const [directory, name] = split(key)
  return inFolder(site, directory, async (folder) => {
    const path = name === '' ? folder.path : folder.at(name)
    const stats = await lstat(path)
    return kindOf(stats) === 'link' ? entryOf(key, stats, await readlink(path)) : entryOf(key, stats)
  })
}

/** Up to this, a body is read at once: a stream would cost more than the wait for it. In bytes. */
const wholeMax = 256 * 1024
/** Up to this, bytes in memory are copied faster than a thread is woken. */
const inThreadMax = 64 * 1024

export async function read(site: Site, context: Context, key: Key, options: ReadOptions): Promise<ReadResult> {
  if (isAborted(context)) throwIfAborted(context.signal)
  const fd = await openForReading(site, key)
  let kept = false
  try {
    const stats = await site.fstat(fd)
    const entry = fileEntry(key, stats)
    const size = entry.size ?? 0
    checkRead(entry.etag, options)
    const { from, to } = options.range === undefined ? { from: 0, to: size } : boundsOf(options.range, size)
    if (to - from > wholeMax) {
      kept = true
      const body = bodyStream(site, context, fd, from, to)
      // Where a descriptor leads to what it has open, whatever is at the name by then.
      return site.byPath
        ? { entry, from, body, file: { path: descriptorPath(fd), state: fileState(stats), from } }
        : { entry, from, body }
    }
    const body = allocate(to - from)
    if (site.local && to - from <= inThreadMax && site.pace.isQuick()) readFullyNow(fd, body, from, site.pace)
    else if (to > from) await readFully(fd, body, from)
    if (isAborted(context)) throwIfAborted(context.signal)
    return { entry, from, body }
  } finally {
    if (!kept) await site.files.close(fd)
  }
}

/** Through a link too, where it stays below the root. The caller closes it. */
export async function openForReading(site: Site, key: Key): Promise<number> {
  const [directory, name] = split(key)
  if (name === '') throw isDirectoryError()
  return inFolder(site, directory, async (folder) => {
    try {
      const { local, pace } = site
      const path = folder.at(name)
      return local && pace.isQuick()
        ? timed(pace, () => openFileNow(path, openFlags.read))
        : await openFile(path, openFlags.read)
    } catch (error) {
      if (errnoOf(error) !== 'ELOOP') throw error
      return site.folders.follow(folder, name)
    }
  })
}

/** @throws IsDirectory, Unsupported */
export function fileEntry(key: string, stats: Parameters<typeof etagOf>[0]): Entry {
  const kind = kindOf(stats)
  if (kind === 'directory') throw isDirectoryError()
  if (kind !== 'file') throw special()
  return entryOf(key, stats)
}

function boundsOf(range: ByteRange, size: number): { readonly from: number; readonly to: number } {
  if ('last' in range) return { from: Math.max(0, size - range.last), to: size }
  const { from, to = size } = range
  if (from > size || (from === size && from > 0)) {
    throw storageError('InvalidRange', `it starts at ${from}, and the object has ${size} bytes`)
  }
  return { from, to: Math.min(to, size) }
}
