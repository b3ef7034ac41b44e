import {
  isAborted,
  throwIfAborted,
  type Context,
  type Entry,
  type Key,
  type Source,
  type WriteOptions,
} from '@kit/core'
import {
  alreadyExists,
  checkWrite,
  exclusively,
  inMadeFolder,
  inPresentFolder,
  putInPlace,
  statIn,
  type Place,
} from './change.ts'
import { changed, entryOf, kindOf } from './entry.ts'
import { changeModeOf, changeTimesNow, changeTimesOf, type Stats } from './fs-client.ts'
import { isDirectoryError } from './fs-errors.ts'
import { fill } from './fill.ts'
import { wrongLength, writeAll } from './pour.ts'
import type { Site } from './site.ts'
import { smallBody } from './small-body.ts'
import { nextStamp } from './stamp.ts'
import type { Temporary } from './temporaries.ts'
import { writeSmall } from './write-small.ts'

/** Into a temporary file, which then takes the key's place in one step. */
export async function write(
  site: Site,
  context: Context,
  key: Key,
  source: Source,
  options: WriteOptions,
): Promise<Entry> {
  const { temporaries, files } = site
  const { bytes } = source
  if (isAborted(context)) throwIfAborted(context.signal)
  if (key === '') throw isDirectoryError()
  if (bytes !== undefined && source.size !== undefined && source.size !== bytes.byteLength) {
    throw wrongLength(`${bytes.byteLength} bytes, not the ${source.size}`)
  }
  const small = smallBody(source)
  if (small !== undefined) {
    const entry = await writeSmall(site, context, key, small, options)
    if (entry !== undefined) {
      source.file?.copied?.(entry.size ?? 0)
      return entry
    }
  }
  const { signal } = context
  throwIfAborted(signal)
  if (bytes === undefined) await refuseEarly(site, key, options)
  const temporary = await temporaries.create(0o666)
  const { fd } = temporary
  try {
    if (signal.aborted) throwIfAborted(signal)
    if (bytes === undefined) await fill(site, fd, source, context)
    else if (bytes.byteLength > 0) await writeAll(files, fd, bytes, 0)
    if (options.mode !== undefined) await changeModeOf(fd, options.mode)
    return entryOf(key, await publish(site, context, key, temporary, fd, options))
  } finally {
    await files.close(fd).catch(() => undefined)
    const removing = temporaries.remove(temporary)
    if (removing !== undefined) await removing
  }
}

/** What a long body would be pulled in vain for. */
async function refuseEarly(site: Site, key: Key, options: WriteOptions): Promise<void> {
  await inPresentFolder(site, key, async (place) => {
    const stats = place && (await statIn(place))
    if (stats !== undefined && kindOf(stats) === 'directory') throw isDirectoryError()
    if (stats !== undefined && options.ifAbsent === true) throw alreadyExists()
    if (options.ifMatch !== undefined && stats === undefined) throw changed(undefined, options.ifMatch)
    if (options.ifMatch !== undefined && place !== undefined) await checkWrite(place, options)
  })
}

/** Gives a written temporary its time and its place; `done` is told as soon as it is there. */
export async function publish(
  site: Site,
  context: Context,
  key: Key,
  temporary: Temporary,
  fd: number,
  options: WriteOptions,
): Promise<Stats> {
  const { files, temporaries } = site
  const stamp = nextStamp(options.modified)
  if (site.local) changeTimesNow(fd, stamp.accessed, stamp.modified)
  else await changeTimesOf(fd, stamp.accessed, stamp.modified)
  // A remote filesystem may keep a failure until now.
  if (site.fsync || !site.local) await files.sync(fd)
  const put = (place: Place): Promise<Stats> =>
    exclusively(site, context, [place.key], options.ifMatch !== undefined, async () => {
      if (options.ifMatch !== undefined) await checkWrite(place, options)
      await putInPlace(site, undefined, temporary.path, place, options)
      if (options.ifAbsent === true) await temporaries.remove(temporary)
      else temporaries.gone(temporary)
      return site.fstat(fd)
    })
  if (options.ifMatch === undefined) return inMadeFolder(site, key, put)
  const { ifMatch } = options
  return inPresentFolder(site, key, (place) => {
    if (place === undefined) throw changed(undefined, ifMatch)
    return put(place)
  })
}
