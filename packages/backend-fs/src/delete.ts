import { throwIfAborted, type Context, type Key } from '@kit/core'
import { afterwards, checkWrite, exclusively, inPresentFolder, statIn } from './change.ts'
import { changed, kindOf } from './entry.ts'
import { errnoOf, isDirectoryError } from './fs-errors.ts'
import { syncFolder } from './making.ts'
import type { Site } from './site.ts'

/** A link is removed itself. What is not there is success, also where the way to it goes through a file. */
export async function remove(
  site: Site,
  context: Context,
  key: Key,
  { ifMatch }: { readonly ifMatch?: string | undefined },
): Promise<void> {
  throwIfAborted(context.signal)
  try {
    await inPresentFolder(site, key, async (place) => {
      if (place === undefined) {
        if (ifMatch !== undefined) throw changed(undefined, ifMatch)
        return
      }
      await exclusively(site, context, [place.key], ifMatch !== undefined, async () => {
        await checkWrite(place, { ifMatch })
        try {
          await site.files.unlink(place.folder.at(place.name))
        } catch (error) {
          const errno = errnoOf(error)
          if (errno === 'ENOENT') return
          // Some systems say EPERM of a directory.
          const stats = errno === 'EPERM' ? await statIn(place) : undefined
          if (errno === 'EISDIR' || (stats && kindOf(stats) === 'directory')) throw isDirectoryError()
          throw error
        }
        if (site.fsync) await afterwards(() => syncFolder(site.files, place.folder))
      })
    })
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw error
    if (ifMatch !== undefined) throw changed(undefined, ifMatch)
  }
}
