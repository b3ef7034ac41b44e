import { throwIfAborted, type Context, type Entry, type Key, type WriteConditions } from '@kit/core'
import {
  afterwards,
  alreadyExists,
  checkWrite,
  exclusively,
  inMadeFolder,
  inPresentFolder,
  putInPlace,
  statIn,
  type Place,
} from './change.ts'
import { entryOf, kindOf } from './entry.ts'
import { readlink, type Stats } from './fs-client.ts'
import { fsError, isDirectoryError } from './fs-errors.ts'
import { missing } from './folders.ts'
import { syncFolder } from './making.ts'
import type { Site } from './site.ts'

/**
 * By rename, in one step. With `ifAbsent` by a second name and the removal of the first: a process that dies in between leaves both.
 */
export async function move(
  site: Site,
  context: Context,
  from: Key,
  to: Key,
  conditions: WriteConditions,
): Promise<Entry> {
  throwIfAborted(context.signal)
  if (to === '') throw isDirectoryError()
  // Before anything is made for it.
  await inPresentFolder(site, from, sourceOf)
  const conditional = conditions.ifMatch !== undefined || conditions.ifAbsent === true
  return inMadeFolder(site, to, (target) =>
    inPresentFolder(site, from, async (source) => {
      if (source === undefined) throw fsError(missing())
      return exclusively(site, context, [source.key, target.key], conditional, async () => {
        const before = await sourceOf(source)
        if (source.key === target.key) {
          if (conditions.ifAbsent === true) throw alreadyExists()
          await checkWrite(target, conditions)
        } else {
          await checkWrite(target, conditions)
          await putInPlace(site, source.folder, source.folder.at(source.name), target, conditions)
          if (conditions.ifAbsent === true || before.nlink > 1) await dropOldName(site, source, before)
        }
        return entryNow(target, to)
      })
    }),
  )
}

async function sourceOf(source: Place | undefined): Promise<Stats> {
  const stats = source && (await statIn(source))
  if (stats === undefined) throw fsError(missing())
  if (kindOf(stats) === 'directory') throw isDirectoryError()
  return stats
}

/** After a link, and where both names are one file already: renaming does nothing then. */
async function dropOldName(site: Site, source: Place, before: Stats): Promise<void> {
  const there = await statIn(source)
  if (there === undefined || there.ino !== before.ino) return
  await afterwards(async () => {
    await site.files.unlink(source.folder.at(source.name))
    if (site.fsync) await syncFolder(site.files, source.folder)
  })
}

async function entryNow(place: Place, key: Key): Promise<Entry> {
  const stats = await statIn(place)
  if (stats === undefined) throw missing()
  return entryOf(key, stats, kindOf(stats) === 'link' ? await readlink(place.folder.at(place.name)) : undefined)
}
