/** The only file that touches `node:fs`: everything that a store does to the disk goes through here. */
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** In bytes where a name is not UTF-8. */
export type FilePath = string | Buffer
export type Stats = fs.Stats
export type Dir = fs.Dir

/** Some of the same, in the thread. */
export interface FilesNow {
  open(path: FilePath, flags: number, mode: number): number
  write(fd: number, bytes: Uint8Array, position: number): number
  close(fd: number): void
  rename(from: FilePath, to: FilePath): void
  link(from: FilePath, to: FilePath): void
  unlink(path: FilePath): void
}

/** The operations that change files and names. Files and directories that are open go by their descriptor. */
export interface FileLayer {
  /** Where they mostly end in memory: on a local filesystem. */
  readonly now?: FilesNow | undefined
  /** `flags` as in `constants` of `node:fs`. */
  open(path: FilePath, flags: number, mode?: number): Promise<number>
  /** Gives the number of bytes written, which may be fewer. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  truncate(fd: number, size: number): Promise<void>
  /** Of a file or a directory. */
  sync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  rename(from: FilePath, to: FilePath): Promise<void>
  link(from: FilePath, to: FilePath): Promise<void>
  unlink(path: FilePath): Promise<void>
  symlink(target: FilePath, path: FilePath): Promise<void>
  mkdir(path: FilePath, mode?: number): Promise<void>
  rmdir(path: FilePath): Promise<void>
  /** As a clone where the filesystem can; fails where `to` exists. */
  copy(from: FilePath, to: FilePath): Promise<void>
}

type Callback<Value> = (error: Error | null, value: Value) => void

// Faster than `node:fs/promises`, which makes a FileHandle of every descriptor.
function promise<Value>(start: (done: Callback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(error)
      else resolve(value)
    })
  })
}

const exclusiveClone = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE

export const nodeFiles: FileLayer = {
  open: (path, flags, mode = 0o666) => promise((done) => fs.open(path, flags, mode, done)),
  write: (fd, bytes, position) => promise((done) => fs.write(fd, bytes, 0, bytes.byteLength, position, done)),
  truncate: (fd, size) => promise((done) => fs.ftruncate(fd, size, done)),
  sync: (fd) => promise((done) => fs.fsync(fd, done)),
  close: (fd) => promise((done) => fs.close(fd, done)),
  rename: (from, to) => promise((done) => fs.rename(from, to, done)),
  link: (from, to) => promise((done) => fs.link(from, to, done)),
  unlink: (path) => promise((done) => fs.unlink(path, done)),
  symlink: (target, path) => promise((done) => fs.symlink(target, path, done)),
  mkdir: (path, mode = 0o777) => promise((done) => fs.mkdir(path, { mode }, (error) => done(error, undefined))),
  rmdir: (path) => promise((done) => fs.rmdir(path, done)),
  copy: (from, to) => promise((done) => fs.copyFile(from, to, exclusiveClone, done)),
}

/** As `nodeFiles`, but closes at once: on a local filesystem that neither waits nor fails, and saves a turn of the thread pool. */
export const localFiles: FileLayer & { readonly now: FilesNow } = {
  ...nodeFiles,
  now: {
    open: fs.openSync,
    write: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.byteLength, position),
    close: fs.closeSync,
    rename: fs.renameSync,
    link: fs.linkSync,
    unlink: fs.unlinkSync,
  },
  async close(fd) {
    fs.closeSync(fd)
  },
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = fs.constants

export const openFlags: Readonly<
  Record<'read' | 'readFollowing' | 'create' | 'change' | 'inPlace' | 'directory', number>
> = {
  /** Never waits for the other end of a pipe, never follows a link. */
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  /** Of a path that may end in a link. */
  readFollowing: O_RDONLY | O_NONBLOCK,
  create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  change: O_RDWR | O_NOFOLLOW,
  inPlace: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
  directory: O_RDONLY | O_DIRECTORY,
}

// Names a file without opening it. `node:fs` does not know it; the number is Linux's on every platform that Node runs on.
const O_PATH = 0o10000000
export const pathFlags: Readonly<Record<'follow' | 'file' | 'directory' | 'realDirectory', number>> = {
  follow: O_PATH,
  file: O_PATH | O_NOFOLLOW,
  directory: O_PATH | O_DIRECTORY,
  realDirectory: O_PATH | O_DIRECTORY | O_NOFOLLOW,
}

/** Where the open descriptors of this process are shown as links; undefined where the system has no such place. */
export function descriptorFolder(): string | undefined {
  try {
    if (process.platform !== 'linux') return undefined
    const pid = fs.readlinkSync('/proc/self')
    return `/proc/${pid}/fd`
  } catch {
    return undefined
  }
}

/** A path of an open descriptor, for what only takes paths. */
export const descriptorPath = (fd: number): string =>
  process.platform === 'linux' ? `/proc/self/fd/${fd}` : `/dev/fd/${fd}`

export const openFileNow = (path: FilePath, flags: number): number => fs.openSync(path, flags)
export const openFile = (path: FilePath, flags: number): Promise<number> =>
  promise((done) => fs.open(path, flags, done))
export const lstat = (path: FilePath): Promise<Stats> => promise((done) => fs.lstat(path, done))
export const lstatThen = (path: FilePath, done: (error: Error | null, stats: Stats) => void): void =>
  fs.lstat(path, done)
export const fstat = (fd: number): Promise<Stats> => promise((done) => fs.fstat(fd, done))
/** On a local filesystem an open file's attributes are in memory: 1 µs, where the thread pool takes 10. */
export const fstatNow = (fd: number): Stats => fs.fstatSync(fd)
export const readlink = (path: FilePath): Promise<Buffer> =>
  promise((done) => fs.readlink(path, { encoding: 'buffer' }, done))
export const lstatNow = (path: FilePath): Stats | undefined => fs.lstatSync(path, { throwIfNoEntry: false })
/** Each byte one character. */
export const readlinkNow = (path: string): string => fs.readlinkSync(path, 'latin1')
export const realpath = (path: FilePath): Promise<Buffer> =>
  promise((done) => fs.realpath.native(path, { encoding: 'buffer' }, done))
/** Bytes read from `position` into `into` from `offset`; 0 at the end. */
export const readAt = (
  fd: number,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
): Promise<number> => promise((done) => fs.read(fd, into, offset, length, position, done))
/** Of a descriptor that was opened for looking only: closing it neither waits nor loses anything. */
/** The same in the thread: for bytes that are in memory. */
export const readAtNow = (fd: number, into: Uint8Array, offset: number, length: number, position: number): number =>
  fs.readSync(fd, into, offset, length, position)
export const closeNow = (fd: number): void => fs.closeSync(fd)
export const readNames = (path: FilePath): Promise<string[]> => promise((done) => fs.readdir(path, done))
export const openDirectory = (path: FilePath): Promise<fs.Dir> =>
  promise((done) => fs.opendir(path, { bufferSize: 1024 }, done))
export const openDirectoryNow = (path: FilePath): fs.Dir => fs.opendirSync(path, { bufferSize: 1024 })
/** Names as bytes, each byte one character. */
export const openByteDirectory = (path: FilePath): Promise<fs.Dir> =>
  promise((done) => fs.opendir(path, { bufferSize: 1024, encoding: 'latin1' }, done))
export const changeMode = (path: FilePath, mode: number): Promise<void> => promise((done) => fs.chmod(path, mode, done))
export const changeModeOf = (fd: number, mode: number): Promise<void> => promise((done) => fs.fchmod(fd, mode, done))
/** Times in seconds. */
export const changeTimes = (path: FilePath, accessed: number, modified: number | Date): Promise<void> =>
  promise((done) => fs.utimes(path, accessed, modified, done))
export const changeModeNow = (fd: number, mode: number): void => fs.fchmodSync(fd, mode)
export const changeTimesOf = (fd: number, accessed: number, modified: number | Date): Promise<void> =>
  promise((done) => fs.futimes(fd, accessed, modified, done))
export const changeTimesNow = (fd: number, accessed: number, modified: number | Date): void =>
  fs.futimesSync(fd, accessed, modified)
export const statFilesystem = (path: FilePath): Promise<fs.StatsFs> => promise((done) => fs.statfs(path, done))

/** When an entry last changed, in Unix ms with fractions; cheaper than all of its attributes. */
export const changedNow = (fd: number): number => fs.fstatSync(fd).ctimeMs
export const existsNow = (path: FilePath): boolean => fs.existsSync(path)
/** Of a directory that is open and has been removed. */
export const isRemovedNow = (fd: number): boolean => fs.fstatSync(fd).nlink === 0

// Numbers of `statfs`: NFS, SMB, CIFS, SMB2, FUSE, 9P, Ceph, AFS twice, Coda, NCP.
const remote = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f, 0x6b414653, 0x73757245,
  0x564c,
])

/** Where open files' attributes are in memory, and closing a file says nothing new. */
export function isLocalFilesystem(type: number): boolean {
  return process.platform === 'linux' && !remote.has(type >>> 0)
}

/** Whether names that differ only in case, or in the composition of characters, are one. */
export const foldsNames: boolean = process.platform === 'darwin' || process.platform === 'win32'

export const absolutePath = (path: string): string => resolve(path)
export const pathOfUrl = (url: URL): string => fileURLToPath(url)

export const randomId = (): string => randomBytes(16).toString('hex')
export const randomToken = (): string => randomBytes(6).toString('hex')

/** A file name for any text. */
export const hashOf = (text: string): string => createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 40)

export interface Watcher {
  close(): void
}

/** Whether one watch sees the whole tree below; else it sees one directory. */
export const watchesTrees: boolean = process.platform === 'darwin' || process.platform === 'win32'

/** `renamed`: made, removed or moved. `name`: of the entry, in bytes; null where the system does not tell. */
export function watchDirectory(
  path: FilePath,
  changed: (renamed: boolean, name: Buffer | null) => void,
  failed: (error: Error) => void,
): Watcher {
  const watcher = fs.watch(path, { recursive: watchesTrees, encoding: 'buffer' }, (event, name) =>
    changed(event === 'rename', name),
  )
  watcher.on('error', failed)
  return watcher
}

export function entriesNow(path: FilePath): { readonly name: Buffer; readonly directory: boolean }[] {
  const entries = fs.readdirSync(path, { withFileTypes: true, encoding: 'buffer' })
  return entries.map((entry) => ({ name: entry.name, directory: entry.isDirectory() }))
}
