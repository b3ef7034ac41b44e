import type { Context } from '../backend/index.ts'
import type { AnyCall, AnyStream } from './layer.ts'

/** Told once when an operation is over; `failure` is undefined when it went well. `first` is its first argument. */
export type Ended = (context: Context, first: unknown, startedAt: number, failure?: unknown) => void

/** What stands for a rejection with nothing, so that it is one. */
const nothing = 'rejected with nothing'

/** The call, its end told. */
export function observeCall(next: AnyCall, ended: Ended): AnyCall {
  return async (context, first, second, third) => {
    const startedAt = performance.now()
    try {
      const result = await next(context, first, second, third)
      ended(context, first, startedAt)
      return result
    } catch (error) {
      ended(context, first, startedAt, error ?? nothing)
      throw error
    }
  }
}

/** The listing, its end told, whichever way it ends. */
export function observePages(next: AnyStream, ended: Ended): AnyStream {
  return async function* (context, first, second, third) {
    const startedAt = performance.now()
    let failure: unknown
    try {
      yield* next(context, first, second, third)
    } catch (error) {
      failure = error ?? nothing
      throw error
    } finally {
      ended(context, first, startedAt, failure)
    }
  }
}
