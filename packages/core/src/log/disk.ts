/** What only looks at the disk. What changes it goes through `LogFiles`. */
import fs from 'node:fs'
import { storageError } from '../errors/index.ts'
import type { LogFiles } from './files.ts'

/** Flags of `open`. */
export const flags: Readonly<Record<'change' | 'create' | 'folder', number>> = {
  change: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
  folder: fs.constants.O_RDONLY | fs.constants.O_DIRECTORY,
}

/** Reads until `length` bytes are there or the file ends; gives how many. */
export async function readFully(fd: number, into: Uint8Array, length: number, position: number): Promise<number> {
  let done = 0
  while (done < length) {
    const got = await new Promise<number>((resolve, reject) => {
      fs.read(fd, into, done, length - done, position + done, (error, bytes) => {
        if (error) reject(error)
        else resolve(bytes)
      })
    })
    if (got === 0) break
    done += got
  }
  return done
}

export const fileSize = (fd: number): number => fs.fstatSync(fd).size

export function namesIn(folder: string): Promise<string[]> {
  return fs.promises.readdir(folder)
}

/** @throws what the disk says; a write that makes no progress is no room. Some of it may have been written. */
export async function writeFully(
  files: LogFiles,
  fd: number,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let at = position
  const left = parts.filter((part) => part.byteLength > 0)
  while (left.length > 0) {
    const [first] = left
    if (first === undefined) return
    let written =
      files.writev === undefined || left.length === 1
        ? await files.write(fd, first, at)
        : await files.writev(fd, left.slice(0, 1024), at)
    if (written === 0) throw storageError('QuotaExceeded', 'the disk took no more bytes')
    at += written
    while (written > 0) {
      const next = left[0]
      if (next === undefined) break
      if (written < next.byteLength) left[0] = next.subarray(written)
      else left.shift()
      written -= Math.min(written, next.byteLength)
    }
  }
}

export async function syncFolder(files: LogFiles, folder: string): Promise<void> {
  const fd = await files.open(folder, flags.folder)
  try {
    await files.sync(fd)
  } finally {
    await files.close(fd)
  }
}

export function openToRead(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, fs.constants.O_RDONLY, (error, fd) => {
      if (error) reject(error)
      else resolve(fd)
    })
  })
}

/** Of a file that was opened for reading: it neither waits nor loses anything. */
export const closeRead = (fd: number): void => fs.closeSync(fd)

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** As `readFully`, in the thread. */
export function readNow(fd: number, into: Uint8Array, position: number): number {
  let done = 0
  while (done < into.byteLength) {
    const got = fs.readSync(fd, into, done, into.byteLength - done, position + done)
    if (got === 0) break
    done += got
  }
  return done
}
