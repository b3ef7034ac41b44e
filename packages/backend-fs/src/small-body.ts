import type { Bytes, LocalFile, Source } from '@kit/core'
import { fileState } from '@kit/core/node'
import { allocate } from './bytes.ts'
import { closeNow, fstatNow, openFileNow, openFlags, readAtNow } from './fs-client.ts'

/** Up to this, bytes are copied to memory faster than a thread is woken. */
export const smallMax: number = 64 * 1024

/** What is small enough to be written in one go: bytes, or a whole file of this machine. */
export type SmallBody = { readonly bytes: Bytes } | { readonly file: LocalFile; readonly size: number }

export function smallBody({ bytes, file, size }: Source): SmallBody | undefined {
  if (bytes !== undefined) return bytes.byteLength <= smallMax ? { bytes } : undefined
  return file?.from === 0 && size !== undefined && size <= smallMax ? { file, size } : undefined
}

/** Its bytes; undefined where the file is not the one that is meant, or of another size. */
export function bytesNow(body: SmallBody): Bytes | undefined {
  if ('bytes' in body) return body.bytes
  const { file, size } = body
  let fd: number
  try {
    fd = openFileNow(file.path, openFlags.read)
  } catch {
    return undefined
  }
  try {
    const bytes = allocate(size)
    for (let done = 0; done < size;) {
      const count = readAtNow(fd, bytes, done, size - done, done)
      if (count === 0) return undefined
      done += count
    }
    // Afterwards, so that a change while it was read is found out; one before is found out as well.
    return fileState(fstatNow(fd)) === file.state ? bytes : undefined
  } catch {
    return undefined
  } finally {
    closeNow(fd)
  }
}
