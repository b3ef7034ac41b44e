import type { ErrorCode, StorageError } from '../backend/index.ts'
import { storageError, type ErrorDetails } from './storage-error.ts'

/** Codes of the operating system's errors, as files and sockets give them. */
const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NotFound',
  EEXIST: 'AlreadyExists',
  ENOTEMPTY: 'NotEmpty',
  EISDIR: 'IsDirectory',
  ENOTDIR: 'NotDirectory',
  ENAMETOOLONG: 'InvalidKey',
  EILSEQ: 'InvalidKey',
  EACCES: 'PermissionDenied',
  EPERM: 'PermissionDenied',
  EROFS: 'ReadOnly',
  ENOTSUP: 'Unsupported',
  EOPNOTSUPP: 'Unsupported',
  ENOSYS: 'Unsupported',
  EFBIG: 'TooLarge',
  ENOSPC: 'QuotaExceeded',
  EDQUOT: 'QuotaExceeded',
  ESTALE: 'Conflict',
  EBUSY: 'Unavailable',
  ETXTBSY: 'Unavailable',
  EAGAIN: 'Unavailable',
  EMFILE: 'Unavailable',
  ENFILE: 'Unavailable',
  ENOMEM: 'Unavailable',
  ENOBUFS: 'Unavailable',
  ETIMEDOUT: 'Timeout',
  UND_ERR_CONNECT_TIMEOUT: 'Timeout',
  UND_ERR_HEADERS_TIMEOUT: 'Timeout',
  UND_ERR_BODY_TIMEOUT: 'Timeout',
  ECONNREFUSED: 'Unavailable',
  ECONNRESET: 'Unavailable',
  ECONNABORTED: 'Unavailable',
  EPIPE: 'Unavailable',
  EHOSTUNREACH: 'Unavailable',
  EHOSTDOWN: 'Unavailable',
  ENETUNREACH: 'Unavailable',
  ENETDOWN: 'Unavailable',
  ENOTFOUND: 'Unavailable',
  EAI_AGAIN: 'Unavailable',
  UND_ERR_SOCKET: 'Unavailable',
  ABORT_ERR: 'Aborted',
}

/** The code behind an errno name, looked for along the chain of causes (fetch hides it there); `undefined` where there is none. */
export function errnoCode(error: unknown): ErrorCode | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && Object.hasOwn(codes, at.code)) return codes[at.code]
    if (at instanceof AggregateError && at.errors.length > 0 && at.cause === undefined) return errnoCode(at.errors[0])
  }
  return undefined
}

/** An error of files or sockets as a StorageError; what is no such error becomes Unexpected. */
export function fromErrno(error: unknown, details: ErrorDetails = {}): StorageError {
  const text = error instanceof Error ? error.message : String(error)
  return storageError(errnoCode(error) ?? 'Unexpected', text, { cause: error, ...details })
}
