import type { ErrorCode, ReadResult } from '../backend/index.ts'
import { errorCode } from '../errors/index.ts'
import type { Layer } from './layer.ts'
import { observeCall, observePages, type Ended } from './observe.ts'

/** Upper bounds of the duration buckets in milliseconds; one more bucket takes what is slower. */
export const durationBucketsMs: readonly number[] = [0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 60_000]

/** Totals of one operation on one store since the metrics were made. */
export interface OperationMetrics {
  readonly store: string
  readonly operation: string
  readonly calls: number
  readonly errors: Readonly<Partial<Record<ErrorCode, number>>>
  readonly durationMsSum: number
  /** How many calls ended within each bucket (not cumulated). */
  readonly durations: readonly number[]
  /** Bytes of bodies that were read. */
  readonly readBytes: number
}

interface Counter {
  store: string
  operation: string
  calls: number
  errors: Partial<Record<ErrorCode, number>>
  durationMsSum: number
  durations: number[]
  readBytes: number
}

/** Counters of any number of stores; give the same object to each. */
export class Metrics {
  readonly #counters = new Map<string, Counter>()

  snapshot(): OperationMetrics[] {
    return [...this.#counters.values()].map((counter) => structuredClone(counter))
  }

  counter(store: string, operation: string): Counter {
    const id = `${operation}\0${store}`
    let counter = this.#counters.get(id)
    if (counter === undefined) {
      const durations = Array.from({ length: durationBucketsMs.length + 1 }, () => 0)
      counter = { store, operation, calls: 0, errors: {}, durationMsSum: 0, durations, readBytes: 0 }
      this.#counters.set(id, counter)
    }
    return counter
  }
}

function count(counter: Counter, startedAt: number, failure?: unknown): void {
  const duration = performance.now() - startedAt
  counter.calls++
  counter.durationMsSum += duration
  let bucket = 0
  while (bucket < durationBucketsMs.length && duration > (durationBucketsMs[bucket] ?? 0)) bucket++
  counter.durations[bucket] = (counter.durations[bucket] ?? 0) + 1
  if (failure === undefined) return
  const code = errorCode(failure) ?? 'Unexpected'
  counter.errors[code] = (counter.errors[code] ?? 0) + 1
}

/** Counts calls, errors, durations and bytes read. */
export function metrics(into: Metrics): Layer {
  return {
    name: 'metrics',
    attach({ store }) {
      const counting = (operation: string): Ended => {
        const counter = into.counter(store, operation)
        return (_context, _first, startedAt, failure) => count(counter, startedAt, failure)
      }
      return {
        call: (operation, next) => observeCall(next, counting(operation)),
        pages: (operation, next) => observePages(next, counting(operation)),
        body: (operation, _context, result) => countBytes(into.counter(store, operation), result),
      }
    },
  }
}

function countBytes(counter: Counter, result: ReadResult): ReadResult {
  const { body } = result
  if (body instanceof Uint8Array) {
    counter.readBytes += body.byteLength
    return result
  }
  const counted = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of body) {
      counter.readBytes += chunk.byteLength
      yield chunk
    }
  }
  return { ...result, body: counted() }
}
