import { createHash } from 'node:crypto'
import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fromErrno } from '../errors/index.ts'
import type { ResumeStore } from '../transfer/index.ts'
import { makeFolders } from './make-folders.ts'

/**
 * Keeps what a later run goes on with in a folder of this machine, a file for each name. The folder is made when something is first kept, for
 * the user alone (0700, the files 0600); file names are hashes, so no name of an object is told by a listing. A text is there whole or not at all.
 */
export function resumeFolder(path: string): ResumeStore {
  const fileOf = (name: string): string => join(path, `${createHash('sha256').update(name).digest('hex')}.json`)
  // Of one name, so that what a killed process left is taken by the next one.
  const temporaryOf = (name: string): string => `${fileOf(name)}.tmp`
  const failed = (error: unknown, operation: string): Error => fromErrno(error, { operation, key: path })
  return {
    async load(name) {
      try {
        return await readFile(fileOf(name), 'utf8')
      } catch (error) {
        if (isMissing(error)) return undefined
        throw failed(error, 'load')
      }
    },
    async save(name, text) {
      const temporary = temporaryOf(name)
      try {
        if (!(await makeFolders(path, 0o700))) await chmod(path, 0o700)
        const handle = await open(temporary, 'w', 0o600)
        try {
          await handle.writeFile(text)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, fileOf(name))
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined)
        throw failed(error, 'save')
      }
    },
    async remove(name) {
      try {
        await rm(fileOf(name), { force: true })
        await rm(temporaryOf(name), { force: true })
      } catch (error) {
        throw failed(error, 'remove')
      }
    },
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
