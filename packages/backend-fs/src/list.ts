import {
  nameFromBytes,
  throwIfAborted,
  type Context,
  type Entry,
  type Key,
  type ListOptions,
  type LocalFile,
  type Page,
} from '@kit/core'
import { fileState } from '@kit/core/node'
import { entryOf, kindOf } from './entry.ts'
import { pathOf, reserved, type Folder } from './folders.ts'
import {
  lstat,
  lstatNow,
  openByteDirectory,
  openDirectory,
  openDirectoryNow,
  readlink,
  type Dir,
  type Stats,
} from './fs-client.ts'
import { errnoOf, fsError } from './fs-errors.ts'
import { timed } from './pace.ts'
import type { Site } from './site.ts'

export const pageMax = 1000
/** Attributes asked for at a time. */
const inFlight = 64

/**
 * Directory by directory, each before those in it, each page of names in order. Names are read as they are needed, 1,024 at a time, so memory stays
 * flat however many there are; only the names of directories still to come are kept.
 */
export async function* list(
  site: Site,
  { signal }: Context,
  directory: Key,
  { recursive = false, limit = pageMax, want }: ListOptions,
): AsyncGenerator<Page> {
  const size = Math.max(1, Math.min(limit, pageMax))
  const fileOf =
    want?.includes('file') === true ? (key: string, stats: Stats) => localFile(site, key, stats) : undefined
  // Without links, and as the caller names them: a link may be on the way to the top.
  const waiting: { readonly key: string; readonly prefix: string }[] = []
  let entries: Entry[] = []
  let key: string = directory
  let prefix = directory === '' ? '' : `${directory}/`
  try {
    for (let top = true; ; top = false) {
      throwIfAborted(signal)
      const folder = await openListed(site, key, top)
      const below: string[] = []
      if (folder !== undefined) {
        try {
          for await (const names of namesOf(site, folder, size)) {
            throwIfAborted(signal)
            for (const entry of await entriesOf(site, folder, names, prefix, fileOf)) {
              if (entry === undefined) continue
              if (recursive && entry.kind === 'directory') below.push(entry.key.slice(prefix.length))
              entries.push(entry)
            }
            while (entries.length >= size) {
              yield { entries: entries.slice(0, size) }
              throwIfAborted(signal)
              entries = entries.slice(size)
            }
          }
        } finally {
          site.folders.release(folder)
        }
        const within = folder.key === '' ? '' : `${folder.key}/`
        for (const name of below.toReversed()) waiting.push({ key: within + name, prefix: `${prefix}${name}/` })
      }
      const next = waiting.pop()
      if (next === undefined) break
      ;({ key, prefix } = next)
    }
  } catch (error) {
    throw fsError(error)
  }
  if (entries.length > 0) yield { entries }
}

async function openListed({ folders, local, pace }: Site, key: string, top: boolean): Promise<Folder | undefined> {
  try {
    if (top) return await folders.open(key)
    return local && pace.isQuick() ? timed(pace, () => folders.visitNow(key)) : await folders.visit(key)
  } catch (error) {
    const errno = errnoOf(error)
    // Below the top, whatever is no directory any more has gone meanwhile.
    if (errno === 'ENOENT' || (!top && (errno === 'ENOTDIR' || errno === 'ELOOP'))) return undefined
    throw error
  }
}

async function* namesOf(site: Site, folder: Folder, size: number): AsyncGenerator<string[]> {
  const { local, workPace } = site
  const odd: string[] = []
  const dir =
    local && workPace.isQuick()
      ? timed(workPace, () => openDirectoryNow(folder.path))
      : await openDirectory(folder.path)
  try {
    for (let read = size; read === size;) {
      const names: string[] = []
      read = await readNames(site, dir, size, (name) => {
        if (name === reserved && folder.key === '') return
        // Stands for bytes that are not UTF-8, or for itself: which, only the bytes tell.
        if (name.includes('\uFFFD')) odd.push(name)
        else names.push(name)
      })
      // Whoever puts all entries in order has less to do so.
      yield names.toSorted()
    }
  } finally {
    dir.closeSync()
  }
  if (odd.length > 0) yield* oddNames(folder, size)
}

/** Reads so many names, fewer at the end. */
async function readNames(
  { local, workPace }: Site,
  dir: Dir,
  size: number,
  take: (name: string) => void,
): Promise<number> {
  let read = 0
  if (local && (await workPace.inTurn())) {
    timed(workPace, () => {
      for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) {
        take(entry.name)
        if (++read === size) break
      }
    })
    return read
  }
  for (let entry = await dir.read(); entry !== null; entry = await dir.read()) {
    take(entry.name)
    if (++read === size) break
  }
  return read
}

/** Names that are not UTF-8, or hold the sign for that. */
async function* oddNames(folder: Folder, size: number): AsyncGenerator<string[]> {
  let names: string[] = []
  for await (const { name } of await openByteDirectory(folder.path)) {
    const bytes = Buffer.from(name, 'latin1')
    if (!bytes.toString().includes('\uFFFD')) continue
    if (names.push(nameFromBytes(bytes)) < size) continue
    yield names
    names = []
  }
  yield names
}

/** What vanished meanwhile is left out, and so is what is neither file, directory nor link. */
function entriesOf(
  { local, pace }: Site,
  folder: Folder,
  names: readonly string[],
  prefix: string,
  fileOf: ((key: string, stats: Stats) => LocalFile | undefined) | undefined,
): Promise<(Entry | undefined)[]> {
  return new Promise((resolve, reject) => {
    const entries: (Entry | undefined)[] = Array.from({ length: names.length })
    let next = 0
    let running = 0
    const run = async (): Promise<void> => {
      running++
      for (let at = next++; at < names.length; at = next++) {
        const name = names[at] ?? ''
        const path = folder.at(name)
        const quick = local && pace.inTurn()
        const now = quick === true || (quick !== false && (await quick))
        try {
          const stats = now ? timed(pace, () => lstatNow(path)) : await lstat(path)
          const kind = stats && kindOf(stats)
          if (stats === undefined || kind === undefined) continue
          const key = prefix + name
          const entry = entryOf(key, stats, kind === 'link' ? await readlink(path) : undefined)
          entries[at] = fileOf === undefined || kind !== 'file' ? entry : { ...entry, file: fileOf(key, stats) }
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EINVAL') throw error
        }
      }
      if (--running === 0) resolve(entries)
    }
    for (let count = Math.min(inFlight, Math.max(1, names.length)); count > 0; count--) run().catch(reject)
  })
}

/** By its usual path: what that leads to is compared with the state, so it need not be held. */
function localFile({ root }: Site, key: string, stats: Stats): LocalFile | undefined {
  const path = pathOf(root === '/' ? `/${key}` : `${root}/${key}`)
  return typeof path === 'string' ? { path, state: fileState(stats), from: 0 } : undefined
}
