/* oxlint-disable typescript/no-unsafe-type-assertion -- operations are found by name here, which types cannot follow */
import type { Bytes, ByteStream, Context, ReadResult, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { DerivedContext } from '../store/context.ts'
import { endable } from '../store/source.ts'
import { endingStream, whenUsed } from './body.ts'
import type { AnyCall, AnyStream, CallName, Layer, StreamName } from './layer.ts'

/** Operations that may rightly be silent for long: a listener waits, a server joins parts or collects. */
const patient: ReadonlySet<CallName | StreamName> = new Set(['changes', 'blocks.collect', 'upload.finish'] as const)

/**
 * Times out what makes no progress for so many milliseconds: no answer, no next page, no next chunk of a body read, no next pull of a body
 * written. However long a healthy transfer takes, it is left alone.
 */
export function stallTimeout(milliseconds: number): Layer {
  return {
    name: 'stall',
    attach: () => ({
      call: (operation, next): AnyCall =>
        patient.has(operation) ? next : (context, ...rest) => watchCall(operation, next, context, rest, milliseconds),
      pages: (operation, next): AnyStream =>
        patient.has(operation) ? next : (context, ...rest) => watchPages(next, context, rest, milliseconds),
    }),
  }
}

function stalled(what: string, milliseconds: number): Error {
  return storageError('Timeout', `${what} for ${milliseconds} ms`, { applied: 'maybe', retry: 'safe' })
}

/** One timer that is set again only when it fires too early: progress costs an assignment. */
class Watch {
  readonly #milliseconds: number
  readonly #expired: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #progressAt = performance.now()

  constructor(milliseconds: number, expired: () => void) {
    this.#milliseconds = milliseconds
    this.#expired = expired
    this.#timer = setTimeout(() => this.#check(), milliseconds)
  }

  progress(): void {
    this.#progressAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #check(): void {
    const left = this.#milliseconds - (performance.now() - this.#progressAt)
    if (left <= 0.5) this.#expired()
    else this.#timer = setTimeout(() => this.#check(), left)
  }
}

function watchCall(
  operation: CallName,
  next: AnyCall,
  context: Context,
  rest: readonly unknown[],
  milliseconds: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const derived = new DerivedContext(context)
    const watch = new Watch(milliseconds, () => {
      const error = stalled('no answer and no progress', milliseconds)
      derived.abort(error)
      reject(error)
    })
    const watched = rest.map((argument) => (isSource(argument) ? watchSource(argument, watch) : argument))
    next(derived, ...watched).then(
      (result) => {
        watch.stop()
        const timed = timeBody(operation, result, derived, milliseconds)
        resolve(whenUsed(operation, timed, () => derived.release()))
      },
      (error: unknown) => {
        watch.stop()
        derived.release()
        reject(error)
      },
    )
  })
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && 'open' in value && typeof value.open === 'function'
}

/** Time that the source itself takes is not the store's: the clock starts again when it delivers. */
function watchSource(source: Source, watch: Watch): Source {
  if (source.bytes !== undefined) return source
  return {
    ...source,
    open(from) {
      const stream = source.open(from)
      return stream === null ? null : progressing(stream, watch)
    },
  }
}

async function* progressing(stream: ByteStream, watch: Watch): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    watch.progress()
    yield chunk
    watch.progress()
  }
  watch.progress()
}

function timeBody(operation: CallName, result: unknown, derived: DerivedContext, milliseconds: number): unknown {
  if (operation === 'content.car') return timeSteps(result as ByteStream, derived, milliseconds)
  if (operation !== 'read' && operation !== 'content.read') return result
  const { body } = result as ReadResult
  if (body instanceof Uint8Array) return result
  return { ...(result as ReadResult), body: timeSteps(body, derived, milliseconds) }
}

/** Each step of the stream under a timer of its own; the consumer's own time between steps does not count. */
async function* timeSteps<Item>(
  stream: AsyncIterable<Item>,
  derived: DerivedContext,
  milliseconds: number,
): AsyncGenerator<Item> {
  const iterator = endable(stream)
  let ended = false
  try {
    for (;;) {
      const step = await withTimeout(iterator.next(), derived, milliseconds)
      if (step.done === true) {
        ended = true
        return
      }
      yield step.value
    }
  } finally {
    if (!ended) await withTimeout(iterator.return(), derived, milliseconds)
  }
}

function withTimeout<Result>(work: Promise<Result>, derived: DerivedContext, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = stalled('the stream gave nothing', milliseconds)
      derived.abort(error)
      reject(error)
    }, milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

async function* watchPages(
  next: AnyStream,
  context: Context,
  rest: readonly unknown[],
  milliseconds: number,
): AsyncGenerator {
  const derived = new DerivedContext(context)
  const steps = timeSteps(next(derived, ...rest), derived, milliseconds)
  yield* endingStream(steps, () => derived.release())
}
