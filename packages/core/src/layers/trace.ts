import type { Context, ErrorCode } from '../backend/index.ts'
import { errorCode } from '../errors/index.ts'
import type { Layer } from './layer.ts'
import { observeCall, observePages, type Ended } from './observe.ts'

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

/** The request id is made up only when somebody reads it. */
class FinishedSpan implements Span {
  readonly operation: string
  readonly store: string
  readonly key: string | undefined
  readonly startedAt: number
  readonly durationMs: number
  readonly code: ErrorCode | undefined
  readonly #context: Context

  constructor(
    operation: string,
    store: string,
    context: Context,
    first: unknown,
    startedAt: number,
    failure?: unknown,
  ) {
    this.operation = operation
    this.store = store
    this.key = typeof first === 'string' ? first : undefined
    this.startedAt = startedAt
    this.durationMs = performance.now() - startedAt
    this.code = failure === undefined ? undefined : (errorCode(failure) ?? 'Unexpected')
    this.#context = context
  }

  get requestId(): string {
    return this.#context.requestId
  }
}

/** Tells every operation when it is over. The sink must not throw and should not wait. */
export function trace(sink: (span: Span) => void): Layer {
  return {
    name: 'trace',
    attach({ store }) {
      const ending =
        (operation: string): Ended =>
        (context, first, startedAt, failure) =>
          sink(new FinishedSpan(operation, store, context, first, startedAt, failure))
      return {
        call: (operation, next) => observeCall(next, ending(operation)),
        pages: (operation, next) => observePages(next, ending(operation)),
      }
    },
  }
}
