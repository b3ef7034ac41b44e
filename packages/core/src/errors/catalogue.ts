import type { ErrorCode, Retry } from '../backend/index.ts'

/** What one error code means everywhere. `docs/errors.md` is made from this table. */
export interface CodeFacts {
  /** One sentence for people. */
  readonly meaning: string
  /** Whether a call that failed so may help when repeated, unless the error itself says otherwise. */
  readonly retry: Exclude<Retry, 'exhausted'>
  /** HTTP status of our own server's answer. */
  readonly status: number
  /** Name of the POSIX error, for the `node:fs` face and FUSE. */
  readonly errno: string
  /** Exit code of the command line. */
  readonly exit: number
  /** What the caller can do. */
  readonly hint: string
}

export const catalogue: { readonly [Code in ErrorCode]: CodeFacts } = {
  NotFound: {
    meaning: 'There is no such object, directory, version or pin.',
    retry: 'never',
    status: 404,
    errno: 'ENOENT',
    exit: 4,
    hint: 'Check the key; `list` shows what is there.',
  },
  AlreadyExists: {
    meaning: 'Something is there already, and the call asked for it not to be.',
    retry: 'never',
    status: 412,
    errno: 'EEXIST',
    exit: 1,
    hint: 'Leave out `ifAbsent` to replace it, or choose another key.',
  },
  ConditionFailed: {
    meaning: 'The object is not in the state that the condition names.',
    retry: 'never',
    status: 412,
    errno: 'ESTALE',
    exit: 1,
    hint: 'Read it again and decide on what is there now.',
  },
  NotModified: {
    meaning: 'The object is still in the state that `ifNoneMatch` names.',
    retry: 'never',
    status: 304,
    errno: 'EALREADY',
    exit: 0,
    hint: 'Use the copy you have.',
  },
  NotEmpty: {
    meaning: 'The directory holds something.',
    retry: 'never',
    status: 409,
    errno: 'ENOTEMPTY',
    exit: 1,
    hint: 'Delete what is in it first.',
  },
  IsDirectory: {
    meaning: 'A directory is where a file was expected.',
    retry: 'never',
    status: 409,
    errno: 'EISDIR',
    exit: 1,
    hint: 'Name a file, or use an operation for directories.',
  },
  NotDirectory: {
    meaning: 'A file is where a directory was expected, or is part of the way to the key.',
    retry: 'never',
    status: 409,
    errno: 'ENOTDIR',
    exit: 1,
    hint: 'Choose a key that does not go through a file.',
  },
  InvalidKey: {
    meaning: 'The key, name or CID is none, or the store cannot hold it.',
    retry: 'never',
    status: 400,
    errno: 'EINVAL',
    exit: 2,
    hint: 'Keys are `/`-joined segments, none empty, `.` or `..`; see docs/semantics.md.',
  },
  InvalidRange: {
    meaning: 'The range lies outside the object, or is none.',
    retry: 'never',
    status: 416,
    errno: 'ESPIPE',
    exit: 2,
    hint: 'Ask for a range within the size that `stat` tells.',
  },
  InvalidConfig: {
    meaning: 'An option, a configuration file or a call argument is wrong.',
    retry: 'never',
    status: 400,
    errno: 'EINVAL',
    exit: 2,
    hint: 'Correct what the message names.',
  },
  Unauthenticated: {
    meaning: 'The store does not accept the credentials, or got none.',
    retry: 'never',
    status: 401,
    errno: 'EACCES',
    exit: 12,
    hint: 'Check the credentials that the store is configured with.',
  },
  PermissionDenied: {
    meaning: 'The store knows who asks and refuses.',
    retry: 'never',
    status: 403,
    errno: 'EACCES',
    exit: 12,
    hint: 'Ask for the right, or use another account.',
  },
  ReadOnly: {
    meaning: 'The store or mount takes no changes.',
    retry: 'never',
    status: 403,
    errno: 'EROFS',
    exit: 1,
    hint: 'Write to another store.',
  },
  Unsupported: {
    meaning: 'The store cannot do this; nothing was sent to it.',
    retry: 'never',
    status: 422,
    errno: 'ENOTSUP',
    exit: 1,
    hint: '`store.can(…)` and `store.capabilities` tell what it can do.',
  },
  TooLarge: {
    meaning: 'The object, name list or answer is larger than a limit.',
    retry: 'never',
    status: 413,
    errno: 'EFBIG',
    exit: 1,
    hint: 'Use a smaller body, or raise the limit that the message names.',
  },
  QuotaExceeded: {
    meaning: 'No room is left: a full disk or a used-up quota.',
    retry: 'never',
    status: 507,
    errno: 'ENOSPC',
    exit: 8,
    hint: 'Free space or raise the quota.',
  },
  RateLimited: {
    meaning: 'Too many calls in too short a time.',
    retry: 'safe',
    status: 429,
    errno: 'EBUSY',
    exit: 5,
    hint: 'Wait; `retryAfterMs` tells how long where the store said so.',
  },
  Conflict: {
    meaning: 'The store reports a concurrent change, or it cannot be known whether this one happened.',
    retry: 'never',
    status: 409,
    errno: 'EBUSY',
    exit: 5,
    hint: 'Look at what is there before writing again.',
  },
  NotReady: {
    meaning: 'The object is archived or being restored, or the service is starting.',
    retry: 'safe',
    status: 503,
    errno: 'EAGAIN',
    exit: 5,
    hint: 'Ask for it to be restored, and wait.',
  },
  Unavailable: {
    meaning: 'The store cannot be reached or answers that it cannot serve now.',
    retry: 'safe',
    status: 503,
    errno: 'EIO',
    exit: 5,
    hint: 'Check that the service runs and can be reached.',
  },
  Timeout: {
    meaning: 'No answer or no bytes came in time.',
    retry: 'safe',
    status: 504,
    errno: 'ETIMEDOUT',
    exit: 10,
    hint: 'Try again, or allow more time.',
  },
  Aborted: {
    meaning: 'The caller cancelled.',
    retry: 'never',
    status: 499,
    errno: 'ECANCELED',
    exit: 130,
    hint: 'Nothing to do: this was asked for.',
  },
  Corrupt: {
    meaning: 'Bytes are not what their hash, CID, size or format says.',
    retry: 'never',
    status: 502,
    errno: 'EIO',
    exit: 7,
    hint: 'Do not use them; read from another copy, and check the store.',
  },
  Unexpected: {
    meaning: 'Something failed in a way nobody provided for.',
    retry: 'never',
    status: 500,
    errno: 'EIO',
    exit: 1,
    hint: 'The cause has the details; please report it.',
  },
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has every code, and only codes
export const errorCodes: readonly ErrorCode[] = Object.keys(catalogue) as ErrorCode[]
