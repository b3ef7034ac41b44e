import { storageError } from '@kit/core'
import { split, type Folder, type Folders } from './folders.ts'
import { openFlags, type FileLayer } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'

/** Opens a directory, and makes it and what is missing above. */
export async function makeFolder(folders: Folders, files: FileLayer, key: string): Promise<Folder> {
  for (let tries = 0; ; tries++) {
    const held = folders.held(key)
    if (held !== undefined) return held
    try {
      return await folders.open(key)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || key === '') throw error
      if (tries === 8) throw storageError('NotDirectory', `${key} is a link to nothing`, { cause: error })
    }
    const [above, name] = split(key)
    const parent = await makeFolder(folders, files, above)
    try {
      await files.mkdir(parent.at(name))
    } catch (error) {
      // Made by another meanwhile; or the parent is gone again, and all begins anew.
      if (errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOENT') throw error
    } finally {
      folders.release(parent)
    }
  }
}

/** Puts a directory's entries on the disk. */
export async function syncFolder(files: FileLayer, folder: Folder): Promise<void> {
  const fd = await files.open(folder.path, openFlags.directory)
  try {
    await files.sync(fd)
  } finally {
    await files.close(fd)
  }
}

/**
 * Makes sure that the directory itself is on the disk, by syncing those above. Not only after making it: another, who made it, may not
 * have come to it yet.
 */
export async function ensureDurable(
  site: { readonly folders: Folders; readonly files: FileLayer; readonly durable: WeakSet<Folder> },
  folder: Folder,
): Promise<void> {
  const { folders, files, durable } = site
  if (folder.key === '' || durable.has(folder)) return
  const above = split(folder.key)[0]
  const parent = folders.held(above) ?? (await folders.open(above))
  try {
    await ensureDurable(site, parent)
    await syncFolder(files, parent)
  } finally {
    folders.release(parent)
  }
  durable.add(folder)
}
