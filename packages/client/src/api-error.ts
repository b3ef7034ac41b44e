import { readProblem, type Problem } from './problem.ts'

/** By which core's `isStorageError` knows its own, whichever copy made them. */
const brand = Symbol.for('kit.error')

/**
 * A failure as the server tells it, or of the way to it. Shaped and branded as core's `StorageError`, so that what handles those handles
 * these: matched by `code`, never by `instanceof`.
 */
export class KitApiError extends Error {
  readonly code: string
  /** What the caller can do, where the server said so. */
  readonly hint: string | undefined
  readonly retry: 'never' | 'safe' | 'exhausted'
  readonly applied: 'no' | 'maybe' | 'yes'
  readonly store: string | undefined
  readonly key: string | undefined
  readonly retryAfterMs: number | undefined
  /** HTTP status; absent where no answer came. */
  readonly status: number | undefined
  /** To be found in the server's log. */
  readonly requestId: string | undefined

  constructor(
    problem: Problem,
    { status, cause }: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(problem.message ?? problem.code, cause === undefined ? undefined : { cause })
    this.code = problem.code
    this.name = problem.code === 'Aborted' ? 'AbortError' : 'KitApiError'
    this.hint = problem.hint
    this.retry = problem.retry ?? 'never'
    this.applied = problem.applied ?? 'no'
    this.store = problem.store
    this.key = problem.key
    this.retryAfterMs = problem.retryAfterMs
    this.status = status
    this.requestId = problem.requestId
  }
}
Object.defineProperty(KitApiError.prototype, brand, { value: true })

/** Whether a thrown value is such an error, by the code that it carries. */
export function isKitApiError(value: unknown): value is KitApiError {
  return value instanceof Error && brand in value && 'code' in value
}

/** An answer that is no success. Its body is consumed. `changes`: the request was to change something. */
export async function answeredError(response: Response, changes: boolean): Promise<KitApiError> {
  const { status } = response
  if (response.headers.has('x-kit-error')) {
    const problem = await readProblem(response)
    const seconds = response.headers.get('retry-after') ?? ''
    const wait = /^\d+$/.test(seconds) ? Number(seconds) * 1000 : undefined
    return new KitApiError({ ...problem, retryAfterMs: problem.retryAfterMs ?? wait }, { status })
  }
  await response.body?.cancel().catch(() => undefined)
  if (status === 304) {
    return new KitApiError({ code: 'NotModified', message: 'the object is still in that state' }, { status })
  }
  // Somebody on the way answered, not Kit.
  const failed = status >= 500 || status === 429
  const message = `HTTP ${status} ${response.statusText}, and not from a server of Kit`
  return new KitApiError(
    {
      code: failed ? 'Unavailable' : 'Unexpected',
      message,
      retry: failed ? 'safe' : 'never',
      applied: changes && status >= 500 ? 'maybe' : 'no',
    },
    { status },
  )
}

/** What `fetch` or a body threw. */
export function brokenError(cause: unknown, signal: AbortSignal | undefined, changes: boolean): KitApiError {
  if (cause instanceof KitApiError) return cause
  const applied = changes ? 'maybe' : 'no'
  if (signal?.aborted === true) return new KitApiError({ code: 'Aborted', message: 'cancelled', applied }, { cause })
  let message = String(cause)
  for (let at = cause; at instanceof Error; at = at.cause) if (at.message !== '') message = at.message
  return new KitApiError({ code: 'Unavailable', message, retry: 'safe', applied }, { cause })
}
