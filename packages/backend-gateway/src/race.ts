import { abortError, throwIfAborted, toStorageError, storageError, type Context } from '@kit/core'
import type { Endpoint } from './endpoint.ts'
import { allFailed, type Failure } from './gateway-errors.ts'
import type { Scores } from './scores.ts'
import { withSignals } from './stall-clock.ts'

/** An endpoint that is likely to take so long is joined by the next after three times as long, between these bounds. */
const hedgeMinMs = 150
const hedgeMaxMs = 2000

export interface Won<Value> {
  readonly endpoint: Endpoint
  readonly value: Value
}

/** The endpoints that may be asked, the most promising first. @throws RateLimited where each has asked to be left alone */
export function askable(endpoints: readonly Endpoint[], scores: Scores<Endpoint>): readonly Endpoint[] {
  const order = scores.order(endpoints)
  if (order.length > 0 || endpoints.length === 0) return order
  const retryAfterMs = Math.ceil(scores.waitMs(endpoints))
  throw storageError('RateLimited', `every endpoint has asked to be left alone for another ${retryAfterMs} ms`, {
    retryAfterMs,
  })
}

/**
 * Asks the most promising endpoint; asks the next as well when it takes longer than it should, and at once when it fails. The first
 * success wins and the others are cancelled. `discard` frees a success that came too late.
 * @throws one error that tells every attempt
 */
export async function race<Value>(
  context: Context,
  endpoints: readonly Endpoint[],
  scores: Scores<Endpoint>,
  attempt: (context: Context, endpoint: Endpoint) => Promise<Value>,
  discard: (value: Value) => void = () => {},
): Promise<Won<Value>> {
  throwIfAborted(context.signal)
  const order = askable(endpoints, scores)
  return await new Promise((resolve, reject) => {
    const failures: Failure[] = []
    const running = new Map<Endpoint, { readonly stop: AbortController; readonly began: number }>()
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let next = 0

    function finish(): void {
      over = true
      clearTimeout(timer)
      context.signal.removeEventListener('abort', onAbort)
      const time = performance.now()
      for (const [endpoint, { stop, began }] of running) {
        if (!context.signal.aborted) scores.outrun(endpoint, time - began)
        stop.abort(storageError('Aborted', 'another endpoint was faster'))
      }
    }
    function onAbort(): void {
      finish()
      reject(abortError(context.signal))
    }
    function start(): void {
      const endpoint = order[next++]
      if (endpoint === undefined) return
      clearTimeout(timer)
      const expected = scores.expectedMs(endpoint)
      if (next < order.length) timer = setTimeout(start, Math.min(Math.max(3 * expected, hedgeMinMs), hedgeMaxMs))
      const stop = new AbortController()
      const began = performance.now()
      running.set(endpoint, { stop, began })
      attempt(withSignals(context, stop.signal), endpoint).then(
        (value) => {
          if (over) return discard(value)
          running.delete(endpoint)
          scores.answered(endpoint, performance.now() - began)
          finish()
          resolve({ endpoint, value })
        },
        (cause: unknown) => {
          if (over) return
          running.delete(endpoint)
          scores.failed(endpoint, cause)
          failures.push({ endpoint: endpoint.url.host, error: toStorageError(cause) })
          if (next < order.length) start()
          else if (running.size === 0) {
            finish()
            reject(allFailed(failures))
          }
        },
      )
    }

    context.signal.addEventListener('abort', onAbort, { once: true })
    if (order.length === 0) {
      finish()
      reject(allFailed(failures))
    } else start()
  })
}
