import { errnoCode, fromErrno, isStorageError, storageError, type ErrorCode, type StorageError } from '@kit/core'

/** Name of the system's error, such as ENOENT. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

// What the general table does not say, or says otherwise than a path below the root would have it.
const codes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ELOOP: ['NotFound', 'the links on the way lead in a circle'],
  ENXIO: ['Unsupported', 'it is neither file, directory nor link'],
  ENODEV: ['Unsupported', 'it is neither file, directory nor link'],
  EXDEV: ['Unsupported', 'another filesystem is mounted inside the folder, and files do not move between the two'],
  EMLINK: ['Unsupported', 'the filesystem allows no more links'],
}

/** What the system said as a StorageError. `missing`: NotFound also where the way to the key goes through a file. */
export function fsError(error: unknown, details: { readonly missing?: boolean } = {}): StorageError {
  if (isStorageError(error)) return error
  const errno = errnoOf(error)
  if (errno === 'ENOENT') return storageError('NotFound', 'there is nothing', { cause: error })
  if (errno === 'ENOTDIR' && details.missing === true) {
    return storageError('NotFound', 'there is nothing: the way to it goes through a file', { cause: error })
  }
  const known = errno === undefined ? undefined : codes[errno]
  if (known !== undefined) return storageError(known[0], known[1], { cause: error })
  return fromErrno(error, errnoCode(error) === undefined ? {} : { cause: error })
}

export function isDirectoryError(): StorageError {
  return storageError('IsDirectory', 'there is a directory')
}

export function escapes(): StorageError {
  return storageError('PermissionDenied', 'the way to it leads out of the folder, through a symbolic link')
}
