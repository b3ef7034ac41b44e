import fs from 'node:fs'

/** The operations that change files and names, so that a test can record them and rebuild what a power cut leaves. */
export interface LogFiles {
  /** `flags` as in `constants` of `node:fs`. Gives a descriptor, of a directory too. */
  open(path: string, flags: number, mode?: number): Promise<number>
  /** Gives the number of bytes written, which may be fewer. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  /** As `write`, of parts one after the other. Without it they are written one by one. */
  writev?: ((fd: number, parts: readonly Uint8Array[], position: number) => Promise<number>) | undefined
  /** As `write`, in the thread: for a few KiB, which mostly end in memory. */
  writeNow?: ((fd: number, bytes: Uint8Array, position: number) => number) | undefined
  truncate(fd: number, size: number): Promise<void>
  /** Of a file or a directory. */
  sync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  mkdir(path: string, mode?: number): Promise<void>
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

export const nodeFiles: LogFiles = {
  open: (path, flags, mode = 0o666) => promise((done) => fs.open(path, flags, mode, done)),
  write: (fd, bytes, position) => promise((done) => fs.write(fd, bytes, 0, bytes.byteLength, position, done)),
  writev: (fd, parts, position) => promise((done) => fs.writev(fd, parts, position, done)),
  writeNow: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.byteLength, position),
  truncate: (fd, size) => promise((done) => fs.ftruncate(fd, size, done)),
  // The times of a file are of no use here; its length is synced too.
  sync: (fd) => promise((done) => fs.fdatasync(fd, done)),
  close: (fd) => promise((done) => fs.close(fd, done)),
  rename: (from, to) => promise((done) => fs.rename(from, to, done)),
  unlink: (path) => promise((done) => fs.unlink(path, done)),
  mkdir: (path, mode = 0o777) => promise((done) => fs.mkdir(path, { mode }, (error) => done(error, undefined))),
}
