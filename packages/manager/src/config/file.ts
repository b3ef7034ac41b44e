import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fromErrno, storageError } from '@kit/core'
import { makeFolders } from '@kit/core/node'
import { whileLocked } from './lock.ts'
import { textMax } from './tree.ts'

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const bytesMax = textMax * 3

/** The text of the file; undefined where there is none. @throws InvalidConfig for one that is too large or not UTF-8 */
export async function readConfigFile(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    if (size > bytesMax) throw storageError('InvalidConfig', `${path} has ${size} bytes; at most ${bytesMax} are read`)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path))
  } catch (error) {
    if (error instanceof TypeError) throw storageError('InvalidConfig', `${path} is not UTF-8`, { cause: error })
    const failure = fromErrno(error, { operation: 'read', key: path })
    if (failure.code === 'NotFound') return undefined
    throw error instanceof Error && 'errno' in error ? failure : error
  }
}

/**
 * Replaces the file as a whole, mode 0600, through to the disk: a reader and a power cut see the old text or the new one. A link stays
 * a link. Of several programs that save at once one wins. @throws Conflict where the file no longer has the text `before` (undefined:
 * does not exist), or where another program keeps saving
 */
export async function replaceConfigFile(path: string, before: string | undefined, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  try {
    await makeFolders(dirname(target), 0o700)
  } catch (error) {
    throw fromErrno(error, { operation: 'write', key: path })
  }
  await whileLocked(target, async () => {
    if ((await readConfigFile(target)) !== before) {
      throw storageError('Conflict', `${path} changed since it was read; nothing was saved`)
    }
    const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`)
    try {
      const handle = await open(temporary, 'wx', 0o600)
      try {
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true })
      throw fromErrno(error, { operation: 'write', key: path })
    }
    await syncFolder(dirname(target))
  })
}

/** Makes the rename last; not every file system takes it, and the file itself is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // As said above.
  }
}
