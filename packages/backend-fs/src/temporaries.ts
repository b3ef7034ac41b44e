import { ownerName, ownerState } from '@kit/core/node'
import { makeFolder } from './making.ts'
import { reserved, type Folder, type Folders } from './folders.ts'
import { lstat, openFlags, readNames, type FileLayer, type FilePath, type FilesNow } from './fs-client.ts'
import { kindOf } from './entry.ts'
import { errnoOf } from './fs-errors.ts'

/** Files that nobody sees: `.kit/tmp/HOST-PID-START/…`. */
export interface Temporaries {
  /** Opened for reading and writing. */
  create(mode: number): Promise<Temporary & { readonly fd: number }>
  /** The same in the thread; undefined where that needs more than one step. */
  createNow(files: FilesNow, mode: number): (Temporary & { readonly fd: number }) | undefined
  /** A path for a file that is made there at once; undefined where that needs more than one step. */
  next(): Temporary | undefined
  /** A name for a file (or directory) that `work` makes; it is called again when the directory was gone. */
  named(work: (path: FilePath) => Promise<void>): Promise<Temporary & { readonly key: string }>
  /** Removes it where it is still there. Never throws: what cannot be removed now is removed at `close`. */
  remove(temporary: Temporary): Promise<void> | undefined
  /** The file went elsewhere by rename. */
  gone(temporary: Temporary): void
  close(): Promise<void>
}

export interface Temporary {
  readonly path: FilePath
}

const home = `${reserved}/tmp`

export function createTemporaries(
  folders: Folders,
  files: FileLayer,
  token: string,
  sweepOthers: () => Promise<void>,
): Temporaries {
  const outstanding = new Set<Temporary>()
  let count = 0
  let ready: Promise<Folder> | undefined
  /** What `ready` has given. */
  let current: Folder | undefined
  let swept = false

  async function folderNow(): Promise<Folder> {
    ready ??= makeFolder(folders, files, `${home}/${ownerName()}`).catch((error: unknown) => {
      ready = undefined
      throw error
    })
    const folder = await ready
    current = folder
    if (!swept) {
      swept = true
      // What cannot be swept is left for another time; it is in nobody's way.
      await sweep(folders, files).catch(() => undefined)
      await sweepOthers().catch(() => undefined)
    }
    return folder
  }

  async function forget(folder: Folder): Promise<void> {
    if (ready === undefined || (await ready) !== folder) return
    ready = undefined
    current = undefined
    folders.release(folder)
  }

  async function named(work: (path: FilePath) => Promise<void>): Promise<Temporary & { readonly key: string }> {
    for (let tries = 0; ; tries++) {
      const folder = await folderNow()
      const name = `${token}-${++count}`
      const temporary = { path: folder.at(name), key: `${folder.key}/${name}` }
      try {
        await work(temporary.path)
        outstanding.add(temporary)
        return temporary
      } catch (error) {
        // The last store of this process to close took the directory away.
        if (errnoOf(error) !== 'ENOENT' || tries === 3) throw error
        await forget(folder)
      }
    }
  }

  function remove(temporary: Temporary): Promise<void> | undefined {
    return outstanding.has(temporary) ? unlink(temporary) : undefined
  }

  async function unlink(temporary: Temporary): Promise<void> {
    try {
      await files.unlink(temporary.path)
      outstanding.delete(temporary)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') outstanding.delete(temporary)
    }
  }

  return {
    named,
    remove,
    async create(mode) {
      if (current !== undefined) {
        const path = current.at(`${token}-${++count}`)
        try {
          const temporary = { path, fd: await files.open(path, openFlags.create, mode) }
          outstanding.add(temporary)
          return temporary
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT') throw error
        }
      }
      const opened = { fd: -1 }
      const temporary = await named(async (path) => {
        opened.fd = await files.open(path, openFlags.create, mode)
      })
      return Object.assign(temporary, opened)
    },
    next() {
      if (current === undefined) return undefined
      const temporary = { path: current.at(`${token}-${++count}`) }
      outstanding.add(temporary)
      return temporary
    },
    createNow(now, mode) {
      if (current === undefined) return undefined
      const path = current.at(`${token}-${++count}`)
      try {
        const temporary = { path, fd: now.open(path, openFlags.create, mode) }
        outstanding.add(temporary)
        return temporary
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      }
    },
    gone: (temporary) => void outstanding.delete(temporary),
    async close() {
      for (const temporary of outstanding) await remove(temporary)
      if (ready === undefined) return
      const folder = await ready.catch(() => undefined)
      ready = undefined
      current = undefined
      if (folder !== undefined) folders.release(folder)
      const own = [`${home}/${ownerName()}`, home, `${reserved}/locks`, `${reserved}/uploads`, reserved]
      for (const key of own) await removeEmpty(folders, files, key)
    },
  }
}

/** Removes what processes of this host left that are no more. */
async function sweep(folders: Folders, files: FileLayer): Promise<void> {
  const folder = await folders.open(home)
  try {
    for (const owner of await readNames(folder.path)) {
      if (ownerState(owner) === 'dead') await removeTree(folders, files, `${home}/${owner}`).catch(() => undefined)
    }
  } finally {
    folders.release(folder)
  }
}

export async function removeTree(folders: Folders, files: FileLayer, key: string): Promise<void> {
  const folder = await folders.visit(key)
  try {
    for (const name of await readNames(folder.path)) {
      if (kindOf(await lstat(folder.at(name))) === 'directory') await removeTree(folders, files, `${key}/${name}`)
      else await files.unlink(folder.at(name))
    }
  } finally {
    folders.release(folder)
  }
  await removeEmpty(folders, files, key)
}

async function removeEmpty(folders: Folders, files: FileLayer, key: string): Promise<void> {
  const slash = key.lastIndexOf('/')
  try {
    const parent = await folders.open(key.slice(0, Math.max(0, slash)))
    try {
      await files.rmdir(parent.at(key.slice(slash + 1)))
    } finally {
      folders.release(parent)
    }
  } catch {
    // Not empty, gone already, or kept for the next one to sweep.
  }
}
