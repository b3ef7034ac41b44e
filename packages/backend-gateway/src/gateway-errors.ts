import { isStorageError, storageError, type ErrorCode, type StorageError } from '@kit/core'
import { responseError } from '@kit/core/http'

/** How daemons say, under a status of a fault, that they have looked and found nothing. */
const nothingThere =
  /no candidates|could not find|missing block in CAR|block was not found|routing: not found|record not found/i
/** Statuses by which an endpoint may say that it does not speak a format. */
const noSuchFormat: ReadonlySet<number | undefined> = new Set([400, 405, 406, 415, 501])
/** Those that can mean nothing else, of whatever content. */
const neverThisFormat: ReadonlySet<number | undefined> = new Set([406, 415, 501])

/** An answer that is no success. Its body is consumed up to its first words. */
export async function gatewayError(response: Response): Promise<StorageError> {
  // 410: the gateway will not give it, by a deny list or an order; 451 for legal reasons.
  const error = await responseError(response, { codes: { 410: 'PermissionDenied', 451: 'PermissionDenied' } })
  if (![500, 502, 504].includes(response.status) || !nothingThere.test(error.message)) return error
  return storageError('NotFound', error.message, { status: response.status, cause: error })
}

export function refusesFormat(error: unknown): boolean {
  return isStorageError(error) && noSuchFormat.has(error.status)
}

/** It need not be asked for this format again. */
export function neverGives(error: unknown): boolean {
  return isStorageError(error) && neverThisFormat.has(error.status)
}

/** One try at one endpoint that failed. */
export interface Failure {
  /** Host of the endpoint. */
  readonly endpoint: string
  readonly error: StorageError
}

/** What fails for all when one of these came: the first that did, in this order. NotFound only where nobody says anything else. */
const precedence: readonly ErrorCode[] = ['Aborted', 'RateLimited', 'Unavailable', 'Timeout', 'NotReady', 'Corrupt']

/** All that was tried, as one error. */
export function allFailed(failures: readonly Failure[]): StorageError {
  const [first] = failures
  if (first === undefined) return storageError('Unsupported', 'no configured endpoint speaks what this call needs')
  const codes = failures.map(({ error }) => error.code)
  const others = codes.filter((code) => code !== 'NotFound')
  const code = precedence.find((each) => codes.includes(each)) ?? others[0] ?? 'NotFound'
  const waits = failures.map(({ error }) => error.retryAfterMs).filter((ms) => ms !== undefined)
  const decisive = failures.find(({ error }) => error.code === code) ?? first
  return storageError(code, failures.map(({ endpoint, error }) => `${endpoint}: ${error.message}`).join('; '), {
    cause: failures.length === 1 ? first.error : new AggregateError(failures.map(({ error }) => error)),
    retry: failures.every(({ error }) => error.retry === 'never') ? 'never' : undefined,
    status: decisive.error.status,
    // One that has said nothing of waiting may be asked again at once.
    retryAfterMs: waits.length === failures.length ? Math.min(...waits) : undefined,
  })
}
