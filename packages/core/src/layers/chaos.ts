import { storageError, untilAborted } from '../errors/index.ts'
import type { ErrorCode } from '../backend/index.ts'
import type { AnyCall, Layer, OperationName } from './layer.ts'

export interface ChaosOptions {
  /** Share of calls that fail, 0 to 1. */
  readonly failures: number
  readonly code?: ErrorCode | undefined
  /** Fail after the store has done it, as when an answer is lost. Default false. */
  readonly afterwards?: boolean | undefined
  /** Only these operations. Default all. */
  readonly operations?: readonly OperationName[] | undefined
  /** Delay before each call, in milliseconds. */
  readonly delayMs?: number | undefined
  /** 0 to 1; give a seeded one to repeat a run. */
  readonly random: () => number
}

/** For tests: makes a good store fail or wait. */
export function chaos(options: ChaosOptions): Layer {
  const { failures, code = 'Unavailable', afterwards = false, operations, delayMs = 0, random } = options
  return {
    name: 'chaos',
    innermost: true,
    attach: () => ({
      call(operation, next): AnyCall {
        if (operations !== undefined && !operations.includes(operation)) return next
        return async (context, first, second, third) => {
          if (delayMs > 0) await untilAborted(context.signal, new Promise((resolve) => setTimeout(resolve, delayMs)))
          const fails = random() < failures
          if (fails && !afterwards) throw storageError(code, 'made to fail', { applied: 'no' })
          const result = await next(context, first, second, third)
          if (fails) throw storageError(code, 'made to fail after it was done', { applied: 'maybe' })
          return result
        }
      },
    }),
  }
}
