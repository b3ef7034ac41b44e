import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fromErrno } from '@kit/core'

/** A local file as a folder that exists and a name in it, `''` for the folder itself. */
export interface LocalFile {
  readonly root: string
  readonly name: string
}

/** Where a path leads, links followed: a folder that is there is a root of its own. */
export async function followLocal(path: string): Promise<LocalFile> {
  const full = resolve(path)
  const real = await existing(full)
  if (real === undefined) return missing(full)
  return (await stat(real)).isDirectory() ? { root: real, name: '' } : { root: dirname(real), name: basename(real) }
}

/** What lies at a path itself: a link is not followed. */
export async function localItself(path: string): Promise<LocalFile> {
  const full = resolve(path)
  if (dirname(full) === full) return { root: full, name: '' }
  const folder = await existing(dirname(full))
  return folder === undefined ? missing(full) : { root: folder, name: basename(full) }
}

/** The nearest folder above that exists holds the rest of the path. */
async function missing(full: string): Promise<LocalFile> {
  for (let folder = dirname(full); ; folder = dirname(folder)) {
    const real = await existing(folder)
    if (real !== undefined) return { root: real, name: relative(folder, full).split(sep).join('/') }
    if (dirname(folder) === folder) return { root: folder, name: relative(folder, full).split(sep).join('/') }
  }
}

/** The path without links; undefined where nothing is, or where the way leads through a file. */
async function existing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    const failure = fromErrno(error, { operation: 'open', key: path })
    if (failure.code === 'NotFound' || failure.code === 'NotDirectory') return undefined
    throw failure
  }
}

/** The path of an object in a root, to be shown and used again. */
export function localPath(root: string, name: string): string {
  return join(root, ...name.split('/'))
}
