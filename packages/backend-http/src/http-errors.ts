import { storageError, type StorageError } from '@kit/core'

/** Where it leads is said without path and query: these may hold what is signed. */
export function redirectError(where: string, status: number): StorageError {
  return storageError('Unexpected', `the server redirects ${where}`, { status })
}

/** What the configuration says of the server and is not so. */
export function wrongClaim(text: string, instead: string): StorageError {
  return storageError('InvalidConfig', `etag: ${text}; configure \`etag: ${instead}\``)
}
