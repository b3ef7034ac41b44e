import type { Applied, ErrorCode, Retry, StorageError } from '../backend/index.ts'
import { catalogue } from './catalogue.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a symbol of the registry cannot be declared unique
const brand: unique symbol = Symbol.for('kit.error') as never

/** What a StorageError may carry besides its code and message. Absent fields get the catalogue's or are filled in by core. */
export interface ErrorDetails {
  readonly cause?: unknown
  readonly retry?: Retry | undefined
  /** Default: `no`; for a write that lost its answer say `maybe`. */
  readonly applied?: Applied | undefined
  readonly operation?: string | undefined
  readonly store?: string | undefined
  readonly key?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly status?: number | undefined
  readonly requestId?: string | undefined
}

class KitError extends Error implements StorageError {
  readonly code: ErrorCode
  readonly retry: Retry
  readonly applied: Applied
  readonly operation: string | undefined
  readonly store: string | undefined
  readonly key: string | undefined
  readonly retryAfterMs: number | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly summary: string

  constructor(code: ErrorCode, summary: string, details: ErrorDetails) {
    super(sentence(code, summary, details), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.summary = summary
    this.retry = details.retry ?? catalogue[code].retry
    this.applied = details.applied ?? 'no'
    this.operation = details.operation
    this.store = details.store
    this.key = details.key
    this.retryAfterMs = details.retryAfterMs
    this.status = details.status
    this.requestId = details.requestId
  }

  get [brand](): true {
    return true
  }

  toJSON(): Record<string, unknown> {
    const { code, message, retry, applied, operation, store, key, retryAfterMs, status, requestId } = this
    return { code, message, retry, applied, operation, store, key, retryAfterMs, status, requestId }
  }
}
// 'AbortError' is what the platform calls a cancelled operation; every other code goes by one name.
Object.defineProperty(KitError.prototype, 'name', {
  configurable: true,
  get(this: KitError) {
    return this.code === 'Aborted' ? 'AbortError' : 'StorageError'
  },
})

function sentence(code: ErrorCode, summary: string, details: ErrorDetails): string {
  const what = [
    details.operation,
    details.key === undefined ? undefined : JSON.stringify(details.key),
    details.store === undefined ? undefined : `on ${details.store}`,
  ].filter((part) => part !== undefined)
  return what.length === 0 ? `${code}: ${summary}` : `${code}: ${what.join(' ')}: ${summary}`
}

/** Makes a StorageError. `summary` says what happened, without operation, store or key: core puts those before it. */
export function storageError(code: ErrorCode, summary: string, details: ErrorDetails = {}): StorageError {
  return new KitError(code, summary, details)
}

/** True for errors made by any copy of core. */
export function isStorageError(value: unknown): value is StorageError {
  return typeof value === 'object' && value !== null && brand in value
}

/** The code of any thrown value, for a `switch`; `undefined` for what is no StorageError. */
export function errorCode(value: unknown): ErrorCode | undefined {
  return isStorageError(value) ? value.code : undefined
}

/** The same error with more details: what it already says is kept, and the stack is the first one's. */
export function withDetails(error: StorageError, details: ErrorDetails): StorageError {
  const merged: { -readonly [Name in keyof ErrorDetails]: ErrorDetails[Name] } = {
    retry: details.retry ?? error.retry,
    applied: details.applied ?? error.applied,
    operation: error.operation ?? details.operation,
    store: error.store ?? details.store,
    key: error.key ?? details.key,
    retryAfterMs: error.retryAfterMs ?? details.retryAfterMs,
    status: error.status ?? details.status,
    requestId: error.requestId ?? details.requestId,
  }
  if (error.cause !== undefined) merged.cause = error.cause
  const made = new KitError(error.code, (error as Partial<KitError>).summary ?? error.message, merged)
  if (error.stack !== undefined) {
    Object.defineProperty(made, 'stack', {
      value: `${made.name}: ${made.message}\n${error.stack.slice(error.stack.indexOf('\n') + 1)}`,
      configurable: true,
      writable: true,
    })
  }
  return made
}

/**
 * Any thrown value as a StorageError: an abort as Aborted, the rest as Unexpected with the value as cause.
 * A signal's reason that is already a StorageError (a deadline's Timeout) is that error.
 */
export function toStorageError(value: unknown, details: ErrorDetails = {}): StorageError {
  if (isStorageError(value)) return withDetails(value, details)
  if (value instanceof Error && value.name === 'AbortError') {
    return storageError('Aborted', 'cancelled by the caller', { cause: value, ...details })
  }
  const text = value instanceof Error ? value.message : String(value)
  return storageError('Unexpected', text, { cause: value, ...details })
}

/** What an aborted signal stands for: its reason where that is a StorageError, else Aborted with the reason as cause. */
export function abortError(signal: { readonly reason: unknown }): StorageError {
  if (isStorageError(signal.reason)) return signal.reason
  return storageError('Aborted', 'cancelled by the caller', { cause: signal.reason })
}

/** Rejects with what the signal stands for, as soon as it aborts; the listener goes when `work` is settled. */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    // Nobody waits for it any more, however it ends.
    work.catch(() => undefined)
    return Promise.reject(abortError(signal))
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal)
}
