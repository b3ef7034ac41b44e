import type { Context } from '../backend/index.ts'
import { abortError, errorCode } from '../errors/index.ts'
import { rootOf } from '../store/context.ts'
import { endingStream, whenUsed } from './body.ts'
import type { AnyCall, AnyStream, CallName, Layer, StreamName } from './layer.ts'

export interface ConcurrencyOptions {
  /** Calls at once; a body being read or a listing counts as one. Falls when the store says it is too much, rises again slowly. */
  readonly maxConcurrency?: number | undefined
  /** Calls begun in a second, evenly spread, with bursts of as many. */
  readonly opsPerSecond?: number | undefined
}

const unlimited: ReadonlySet<CallName | StreamName> = new Set(['changes', 'open'] as const)

/** Bounds what a store is asked at once and per second. Waiting calls go in order and leave the queue when aborted. */
export function concurrency(options: ConcurrencyOptions): Layer {
  return {
    name: 'concurrency',
    attach() {
      const limiter = new Limiter(options)
      return {
        call: (operation, next): AnyCall => {
          if (unlimited.has(operation)) return next
          return (context, first, second, third) => limitedCall(limiter, operation, next, context, first, second, third)
        },
        pages: (operation, next): AnyStream =>
          unlimited.has(operation)
            ? next
            : (context, first, second, third) => limitedPages(limiter, next(context, first, second, third), context),
      }
    },
  }
}

async function limitedCall(
  limiter: Limiter,
  operation: CallName,
  next: AnyCall,
  context: Context,
  first: unknown,
  second: unknown,
  third: unknown,
): Promise<unknown> {
  if (!limiter.tryAcquire(context)) await limiter.acquire(context)
  try {
    const result = await next(context, first, second, third)
    return whenUsed(operation, result, (failure) => limiter.release(context, failure))
  } catch (error) {
    limiter.release(context, error)
    throw error
  }
}

async function* limitedPages(limiter: Limiter, pages: AsyncIterable<unknown>, context: Context): AsyncGenerator {
  if (!limiter.tryAcquire(context)) await limiter.acquire(context)
  yield* endingStream(pages, (failure) => limiter.release(context, failure))
}

/** Additive increase, multiplicative decrease of the number of calls at once; a bucket of tokens for calls per second. */
class Limiter {
  readonly #max: number
  readonly #perSecond: number
  #limit: number
  #active = 0
  #tokens: number
  #filledAt = performance.now()
  #loweredAt = 0
  #wakesUp = false
  readonly #waiting = new Set<() => void>()
  /** Calls of the program, and how many places each has. */
  readonly #holders = new Map<object, number>()

  constructor(options: ConcurrencyOptions) {
    this.#max = options.maxConcurrency ?? Number.POSITIVE_INFINITY
    this.#limit = this.#max
    this.#perSecond = options.opsPerSecond ?? Number.POSITIVE_INFINITY
    this.#tokens = Math.max(1, this.#perSecond)
  }

  /** A call that holds a place already (a copy that reads while it writes) gets another at once, or it might wait for itself. */
  tryAcquire(context: Context): boolean {
    const call = rootOf(context)
    const held = this.#holders.get(call)
    const room = this.#waiting.size === 0 && this.#active < Math.floor(this.#limit)
    if (held === undefined && !(room && this.#takeToken())) return false
    this.#active++
    this.#holders.set(call, (held ?? 0) + 1)
    return true
  }

  acquire(context: Context): Promise<void> {
    const { signal } = context
    const call = rootOf(context)
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortError(signal))
      const start = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.#holders.set(call, (this.#holders.get(call) ?? 0) + 1)
        resolve()
      }
      const onAbort = (): void => {
        this.#waiting.delete(start)
        reject(abortError(signal))
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(start)
      this.#advance()
    })
  }

  release(context: Context, failure?: unknown): void {
    this.#active--
    const call = rootOf(context)
    const held = this.#holders.get(call) ?? 1
    if (held > 1) this.#holders.set(call, held - 1)
    else this.#holders.delete(call)
    const code = failure === undefined ? undefined : errorCode(failure)
    if (code === 'RateLimited' || code === 'Unavailable') this.#lower()
    else if (failure === undefined && this.#limit < this.#max)
      this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit)
    if (this.#waiting.size > 0) this.#advance()
  }

  /** Once per second at most: one overload makes many calls fail together. */
  #lower(): void {
    const now = performance.now()
    if (now - this.#loweredAt < 1000) return
    this.#loweredAt = now
    const from = Number.isFinite(this.#limit) ? this.#limit : this.#active + 1
    this.#limit = Math.max(1, from / 2)
  }

  #takeToken(): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true
    const now = performance.now()
    this.#tokens = Math.min(
      Math.max(1, this.#perSecond),
      this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond,
    )
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  #advance(): void {
    for (const start of this.#waiting) {
      if (this.#active >= Math.floor(this.#limit)) return
      if (!this.#takeToken()) {
        if (this.#wakesUp) return
        this.#wakesUp = true
        const waitMs = Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000)
        setTimeout(() => {
          this.#wakesUp = false
          this.#advance()
        }, waitMs)
        return
      }
      this.#waiting.delete(start)
      this.#active++
      start()
    }
  }
}
