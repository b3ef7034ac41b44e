import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fromErrno } from '../errors/index.ts'

/**
 * Makes a folder and those missing above it; tells whether the last one is new. Node's own recursive `mkdir` never ends where a folder is
 * there and nothing can be made in it, as under `/proc`.
 *
 * @param mode permission bits of each folder that is made
 * @throws NotDirectory where a file is in the way, and what else the filesystem says
 */
export async function makeFolders(path: string, mode: number = 0o777): Promise<boolean> {
  const full = resolve(path)
  try {
    return await makeOne(full, mode)
  } catch (error) {
    throw fromErrno(error, { operation: 'mkdir', key: path })
  }
}

/** `above`: whether those above are known to be there, so that ENOENT is the filesystem's last word. */
async function makeOne(path: string, mode: number, above: boolean = false): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    if (above || errnoName(error) !== 'ENOENT' || dirname(path) === path) return requireFolder(path, error)
  }
  await makeOne(dirname(path), mode)
  return makeOne(path, mode, true)
}

/** Somebody else's folder is as good. Not every filesystem says EEXIST of its root. */
async function requireFolder(path: string, error: unknown): Promise<false> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory() === true) return false
  const isFile = there !== undefined && errnoName(error) === 'EEXIST'
  throw isFile ? Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR', cause: error }) : error
}

function errnoName(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
