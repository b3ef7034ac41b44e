import { nameFromBytes, storageError } from '@kit/core'
import { isReserved, missing, pathOf, type Folder, type Folders } from './folders.ts'
import { lstat, openFile, openFlags, realpath, type FilePath } from './fs-client.ts'
import { escapes } from './fs-errors.ts'
import { kindOf, special } from './entry.ts'

/**
 * Directories by path, for systems that do not show where a descriptor points. The true path is found before an operation and
 * compared after it: whoever swaps a directory for a link in between and back again is not found out.
 */
export function checkedFolders(rootPath: string): Folders {
  const prefix = rootPath === '/' ? '/' : `${rootPath}/`
  let closed = false

  async function trueKey(path: FilePath): Promise<string> {
    const real = nameFromBytes(await realpath(path))
    if (real === rootPath) return ''
    const key = real.slice(prefix.length)
    if (!real.startsWith(prefix) || isReserved(key)) throw escapes()
    return key
  }

  function folder(key: string): Folder {
    const path = key === '' ? rootPath : prefix + key
    const within = key === '' ? prefix : `${path}/`
    return { key, path: pathOf(path), at: (name) => pathOf(within + name) }
  }

  async function open(key: string): Promise<Folder> {
    if (closed) throw storageError('Aborted', 'the store is closed')
    if (key === '') return folder('')
    const opened = folder(isReserved(key) ? key : await trueKey(pathOf(prefix + key)))
    if (kindOf(await lstat(opened.path)) === 'directory') return opened
    throw Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR' })
  }

  return {
    held: () => undefined,
    kept: () => undefined,
    known: () => undefined,
    confirm: () => false,
    open,
    async visit(key) {
      const opened = await open(key)
      if (opened.key !== key) throw missing()
      return opened
    },
    visitNow: folder,
    release: () => undefined,
    async recheck({ key, path }) {
      if (key !== '' && !isReserved(key) && (await trueKey(path).catch(() => '')) !== key) throw escapes()
    },
    async follow(within, name) {
      const key = await trueKey(within.at(name))
      const path = pathOf(prefix + key)
      if (kindOf(await lstat(path)) === undefined) throw special()
      return openFile(path, openFlags.read)
    },
    close() {
      closed = true
    },
  }
}
