import type { Context, ErrorCode } from '../backend/index.ts'
import { errorCode } from '../errors/index.ts'
import type { AnyCall, AnyStream, Layer } from './layer.ts'

/** One finished operation on one store; a read's body is not part of it. */
export interface Span {
  readonly operation: string
  readonly store: string
  readonly requestId: string
  /** The key or CID, where the operation has one. */
  readonly key: string | undefined
  /** As `performance.now()`, in milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  /** Absent when it went well; `Unexpected` for what is no StorageError. */
  readonly code: ErrorCode | undefined
}

/** Tells every operation when it is over. The sink must not throw and should not wait. */
export function trace(sink: (span: Span) => void): Layer {
  return {
    name: 'trace',
    attach({ store }) {
      const end = (operation: string, context: Context, first: unknown, startedAt: number, failure?: unknown): void =>
        sink({
          operation,
          store,
          requestId: context.requestId,
          key: typeof first === 'string' ? first : undefined,
          startedAt,
          durationMs: performance.now() - startedAt,
          code: failure === undefined ? undefined : (errorCode(failure) ?? 'Unexpected'),
        })
      return {
        call:
          (operation, next): AnyCall =>
          async (context, first, second, third) => {
            const startedAt = performance.now()
            try {
              const result = await next(context, first, second, third)
              end(operation, context, first, startedAt)
              return result
            } catch (error) {
              end(operation, context, first, startedAt, error ?? new Error('rejected with nothing'))
              throw error
            }
          },
        pages: (operation, next): AnyStream =>
          async function* (context, first, second, third) {
            const startedAt = performance.now()
            let failure: unknown
            try {
              yield* next(context, first, second, third)
            } catch (error) {
              failure = error ?? new Error('rejected with nothing')
              throw error
            } finally {
              end(operation, context, first, startedAt, failure)
            }
          },
      }
    },
  }
}
