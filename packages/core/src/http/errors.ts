import type { Context, ErrorCode, StorageError } from '../backend/index.ts'
import { abortError, errnoCode, isStorageError, storageError, type ErrorDetails } from '../errors/index.ts'

/** Codes of single statuses, where a protocol means something else by them than HTTP does. */
export type StatusCodes = { readonly [status: number]: ErrorCode }

const codes: StatusCodes = {
  304: 'NotModified',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'NotFound',
  405: 'Unsupported',
  407: 'Unauthenticated',
  408: 'Timeout',
  409: 'Conflict',
  410: 'NotFound',
  412: 'ConditionFailed',
  413: 'TooLarge',
  414: 'InvalidKey',
  416: 'InvalidRange',
  423: 'Conflict',
  425: 'NotReady',
  429: 'RateLimited',
  500: 'Unavailable',
  501: 'Unsupported',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Timeout',
  507: 'QuotaExceeded',
}

/** The code that a status means; `special` goes first. */
export function statusCode(status: number, special: StatusCodes = {}): ErrorCode {
  return special[status] ?? codes[status] ?? (status >= 500 ? 'Unavailable' : 'Unexpected')
}

/** Retry-After (RFC 9110 §10.2.3) in milliseconds from now: a number of seconds or a date. */
export function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** How much of an error's body goes into its message. */
const maxText = 300

/**
 * An answer that is no success as a StorageError, with its status, Retry-After and the start of its text. Its body is consumed.
 * `changes`: the request was to change something, so that a failing server may have done it.
 */
export async function responseError(
  response: Response,
  options: { readonly codes?: StatusCodes | undefined; readonly changes?: boolean | undefined } = {},
): Promise<StorageError> {
  const { status, statusText, headers } = response
  const text = (await startOfText(response)).replaceAll(/\s+/g, ' ').trim()
  return storageError(
    statusCode(status, options.codes),
    `HTTP ${status} ${statusText}${text === '' ? '' : `: ${text}`}`,
    {
      status,
      retryAfterMs: retryAfterMs(headers.get('retry-after')),
      applied: options.changes === true && (status >= 500 || status === 408) ? 'maybe' : 'no',
    },
  )
}

async function startOfText(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined || !/text|json|xml/.test(response.headers.get('content-type') ?? '')) {
    await reader?.cancel().catch(() => undefined)
    return ''
  }
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (text.length < maxText) {
      const step = await reader.read()
      if (step.done) break
      text += decoder.decode(step.value, { stream: true })
    }
  } catch {
    // The status says enough.
  }
  await reader.cancel().catch(() => undefined)
  return text.slice(0, maxText)
}

const neverSent: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** What `fetch` or a body threw as a StorageError: the caller's abort, a time-out, or a connection that failed. */
export function fetchError(error: unknown, context: Context, changes: boolean = false): StorageError {
  if (context.signal.aborted) return abortError(context.signal)
  if (isStorageError(error)) return error
  const code = errnoCode(error)
  const details: ErrorDetails = { cause: error, applied: changes && !neverSent.has(errnoName(error)) ? 'maybe' : 'no' }
  const text = deepestMessage(error)
  if (code !== undefined) return storageError(code === 'NotFound' ? 'Unavailable' : code, text, details)
  return storageError(error instanceof TypeError ? 'Unavailable' : 'Unexpected', text, details)
}

function errnoName(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at) return at.code
  return undefined
}

function deepestMessage(error: unknown): string {
  let text = String(error)
  for (let at = error; at instanceof Error; at = at.cause) if (at.message !== '') text = at.message
  return text
}
