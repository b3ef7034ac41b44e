import { storageError, type Context } from '@kit/core'

/** A context that also aborts with another signal. */
export function withSignals(context: Context, signal: AbortSignal): Context {
  const { requestId, attempt } = context
  return {
    requestId,
    attempt,
    signal: AbortSignal.any([context.signal, signal]),
    log: (level, message, fields) => context.log(level, message, fields),
  }
}

/** Aborts a derived context with Timeout where nothing useful has come for so long. */
export interface StallClock {
  readonly context: Context
  /** Something useful came, or work begins: the time starts anew. */
  beat(): void
  /** Nobody waits: the time stands still. */
  rest(): void
  /** Gives up what runs under the context, without waiting. */
  stop(reason: unknown): void
}

export function stallClock(context: Context, milliseconds: number, what: string): StallClock {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const rest = (): void => clearTimeout(timer)
  const clock: StallClock = {
    context: withSignals(context, controller.signal),
    beat() {
      rest()
      const expire = (): void => controller.abort(storageError('Timeout', `${what} for ${milliseconds} ms`))
      timer = setTimeout(expire, milliseconds)
    },
    rest,
    stop(reason) {
      rest()
      controller.abort(reason)
    },
  }
  clock.beat()
  return clock
}
