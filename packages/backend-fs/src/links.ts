import { storageError, throwIfAborted, type Context, type Key } from '@kit/core'
import { afterwards, alreadyExists, inMadeFolder } from './change.ts'
import { pathOf } from './folders.ts'
import { errnoOf } from './fs-errors.ts'
import { syncFolder } from './making.ts'
import type { Site } from './site.ts'

/** Pointing anywhere: reading is what stays below the root. */
export async function makeLink(site: Site, { signal }: Context, key: Key, target: string): Promise<void> {
  throwIfAborted(signal)
  if (target === '' || target.includes('\0')) {
    throw storageError('InvalidConfig', `no link can point to ${JSON.stringify(target)}`)
  }
  await inMadeFolder(site, key, async ({ folder, name }) => {
    try {
      await site.files.symlink(pathOf(target), folder.at(name))
    } catch (error) {
      throw errnoOf(error) === 'EEXIST' ? alreadyExists(error) : error
    }
    if (site.fsync) await afterwards(() => syncFolder(site.files, folder))
  })
}
