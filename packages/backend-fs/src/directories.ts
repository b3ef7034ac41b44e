import { storageError, throwIfAborted, type Context, type Key } from '@kit/core'
import { afterwards, alreadyExists } from './change.ts'
import { kindOf } from './entry.ts'
import { missing, split } from './folders.ts'
import { lstat } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import { ensureDurable, makeFolder, syncFolder } from './making.ts'
import { inFolder, type Site } from './site.ts'

export async function makeDirectory(site: Site, { signal }: Context, key: Key): Promise<void> {
  throwIfAborted(signal)
  try {
    const folder = await makeFolder(site.folders, site.files, key)
    try {
      if (site.fsync) await afterwards(() => ensureDurable(site, folder))
    } finally {
      site.folders.release(folder)
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw error
    // In its own place: it exists. Above it: there is no way.
    const [directory, name] = split(key)
    const own = await inFolder(site, directory, (folder) => lstat(folder.at(name)))
    if (kindOf(own) !== 'directory') throw alreadyExists(error)
  }
}

export async function removeDirectory(site: Site, { signal }: Context, key: Key): Promise<void> {
  throwIfAborted(signal)
  if (key === '') throw storageError('Unsupported', 'the root of a store is not removed')
  const [directory, name] = split(key)
  await inFolder(site, directory, async (folder) => {
    try {
      await site.files.rmdir(folder.at(name))
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'EEXIST') throw storageError('NotEmpty', 'the directory holds something', { cause: error })
      if (errno === 'ENOENT') throw missing()
      throw error
    }
    if (site.fsync) await afterwards(() => syncFolder(site.files, folder))
  })
}
