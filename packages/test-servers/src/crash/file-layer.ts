import fs, { constants } from 'node:fs'
import { promisify } from 'node:util'

/** A path in bytes may hold names that are not UTF-8. It may go through `/proc/self/fd/N/name`. */
export type FilePath = string | Buffer

/** The mutating file operations of a store on disk. Files and directories that are open go by their descriptor. */
export interface FileLayer {
  /** `flags` as in `node:fs` constants. */
  open(path: FilePath, flags: number, mode?: number): Promise<number>
  /** Writes at a position from the start, and gives the number of bytes written, which may be fewer. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  truncate(fd: number, size: number): Promise<void>
  /** fsync of a file or of a directory. */
  sync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  rename(from: FilePath, to: FilePath): Promise<void>
  link(from: FilePath, to: FilePath): Promise<void>
  unlink(path: FilePath): Promise<void>
  symlink(target: FilePath, path: FilePath): Promise<void>
  mkdir(path: FilePath, mode?: number): Promise<void>
  rmdir(path: FilePath): Promise<void>
  /** Copies a file, as a clone where the filesystem can; fails when `to` exists. */
  copy(from: FilePath, to: FilePath): Promise<void>
}

const open = promisify(fs.open)
const write = promisify(fs.write)
const mkdir = promisify(fs.mkdir)
const copyFile = promisify(fs.copyFile)

/** The operations of `node:fs`. */
export const nodeFiles: FileLayer = {
  open: (path, flags, mode = 0o666) => open(path, flags, mode),
  write: async (fd, bytes, position) => (await write(fd, bytes, 0, bytes.byteLength, position)).bytesWritten,
  truncate: promisify(fs.ftruncate),
  sync: promisify(fs.fsync),
  close: promisify(fs.close),
  rename: promisify(fs.rename),
  link: promisify(fs.link),
  unlink: promisify(fs.unlink),
  symlink: (target, path) => promisify(fs.symlink)(target, path, null),
  mkdir: async (path, mode = 0o777) => {
    await mkdir(path, { mode })
  },
  rmdir: (path) => promisify(fs.rmdir)(path),
  copy: (from, to) => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
}
