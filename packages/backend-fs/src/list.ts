import {
  nameFromBytes,
  throwIfAborted,
  type Context,
  type Entry,
  type Key,
  type ListOptions,
  type Page,
} from '@kit/core'
import { entryOf, kindOf } from './entry.ts'
import { reserved, type Folder } from './folders.ts'
import { lstat, openByteDirectory, openDirectory, readlink } from './fs-client.ts'
import { errnoOf, fsError } from './fs-errors.ts'
import type { Site } from './site.ts'

export const pageMax = 1000
/** Attributes asked for at a time. */
const inFlight = 64

/**
 * Directory by directory, each before those in it, in the system's own order. Names are read as they are needed, 1,024 at a time, so memory stays
 * flat however many there are; only the names of directories still to come are kept.
 */
export async function* list(
  site: Site,
  { signal }: Context,
  directory: Key,
  { recursive = false, limit = pageMax }: ListOptions,
): AsyncGenerator<Page> {
  const size = Math.max(1, Math.min(limit, pageMax))
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
          for await (const names of namesOf(folder, size)) {
            throwIfAborted(signal)
            for (const entry of await entriesOf(folder, names, prefix)) {
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

async function openListed({ folders }: Site, key: string, top: boolean): Promise<Folder | undefined> {
  try {
    return await (top ? folders.open(key) : folders.visit(key))
  } catch (error) {
    const errno = errnoOf(error)
    // Below the top, whatever is no directory any more has gone meanwhile.
    if (errno === 'ENOENT' || (!top && (errno === 'ENOTDIR' || errno === 'ELOOP'))) return undefined
    throw error
  }
}

async function* namesOf(folder: Folder, size: number): AsyncGenerator<string[]> {
  let names: string[] = []
  let odd = false
  for await (const { name } of await openDirectory(folder.path)) {
    // Stands for bytes that are not UTF-8, or for itself: which, only the bytes tell.
    if (name === reserved && folder.key === '') continue
    if (name.includes('\uFFFD')) odd = true
    else if (names.push(name) >= size) {
      yield names
      names = []
    }
  }
  if (odd) {
    for await (const { name } of await openByteDirectory(folder.path)) {
      const bytes = Buffer.from(name, 'latin1')
      if (!bytes.toString().includes('\uFFFD')) continue
      names.push(nameFromBytes(bytes))
    }
  }
  for (let at = 0; at < names.length; at += size) yield names.slice(at, at + size)
}

/** What vanished meanwhile is left out, and so is what is neither file, directory nor link. */
function entriesOf(folder: Folder, names: readonly string[], prefix: string): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = []
    let next = 0
    let running = 0
    const run = async (): Promise<void> => {
      running++
      for (let name = names[next++]; name !== undefined; name = names[next++]) {
        const entry = await entryFor(folder, name, prefix)
        if (entry !== undefined) entries.push(entry)
      }
      if (--running === 0) resolve(entries)
    }
    if (names.length === 0) resolve(entries)
    for (let count = Math.min(inFlight, names.length); count > 0; count--) run().catch(reject)
  })
}

async function entryFor(folder: Folder, name: string, prefix: string): Promise<Entry | undefined> {
  const path = folder.at(name)
  try {
    const stats = await lstat(path)
    const kind = kindOf(stats)
    if (kind === undefined) return undefined
    return entryOf(prefix + name, stats, kind === 'link' ? await readlink(path) : undefined)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined
    throw error
  }
}
