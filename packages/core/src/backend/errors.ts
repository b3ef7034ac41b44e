/** The 24 codes. Meaning, retry rule, HTTP status, errno and exit code of each: `docs/errors.md`, made from core's catalogue. */
export type ErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'ConditionFailed'
  | 'NotModified'
  | 'NotEmpty'
  | 'IsDirectory'
  | 'NotDirectory'
  | 'InvalidKey'
  | 'InvalidRange'
  | 'InvalidConfig'
  | 'Unauthenticated'
  | 'PermissionDenied'
  | 'ReadOnly'
  | 'Unsupported'
  | 'TooLarge'
  | 'QuotaExceeded'
  | 'RateLimited'
  | 'Conflict'
  | 'NotReady'
  | 'Unavailable'
  | 'Timeout'
  | 'Aborted'
  | 'Corrupt'
  | 'Unexpected'

/**
 * Whether calling again may help. `safe`: yes, now or after `retryAfterMs`. `exhausted`: it would have been, and core has tried as often
 * as it was told to. `never`: the same call fails the same way, or repeating it could do harm.
 */
export type Retry = 'never' | 'safe' | 'exhausted'

/** Whether the change may have happened. `maybe`: the answer was lost; look before writing again. */
export type Applied = 'no' | 'maybe' | 'yes'

/**
 * What every operation rejects with. Matched by `code`, or by the brand `Symbol.for('kit.error')` (`isStorageError`), never by
 * `instanceof`, so that two copies of core agree. A backend gives code, message and cause; core fills in the rest.
 */
export interface StorageError extends Error {
  readonly code: ErrorCode
  readonly retry: Retry
  readonly applied: Applied
  readonly operation?: string | undefined
  readonly store?: string | undefined
  readonly key?: string | undefined
  readonly retryAfterMs?: number | undefined
  /** HTTP or protocol status, where there was one. */
  readonly status?: number | undefined
  readonly requestId?: string | undefined
}
