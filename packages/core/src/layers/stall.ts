/* oxlint-disable typescript/no-unsafe-type-assertion -- operations are found by name here, which types cannot follow */
import type { ByteStream, ReadResult, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { DerivedContext } from '../store/context.ts'
import { relay } from '../store/relay.ts'
import { endable, watchFile } from '../store/source.ts'
import { ExpiryQueue, type Waiting } from './expiry.ts'
import type { AnyCall, AnyStream, CallName, Layer, StreamName } from './layer.ts'

/** Operations that may rightly be silent for long: a listener waits, a server joins parts or collects. */
const patient: ReadonlySet<CallName | StreamName> = new Set(['changes', 'blocks.collect', 'upload.finish'] as const)

/**
 * Times out what makes no progress for so many milliseconds: no answer, no next page, no next chunk of a body read, no next pull of a body
 * written. However long a healthy transfer takes, it is left alone; the time that the caller takes, to consume or to deliver, is not counted.
 */
export function stallTimeout(milliseconds: number): Layer {
  return {
    name: 'stall',
    attach() {
      const clock = new StallClock(milliseconds)
      return {
        call: (operation, next): AnyCall => (patient.has(operation) ? next : timedCall(clock, operation, next)),
        pages: (operation, next): AnyStream =>
          patient.has(operation)
            ? next
            : (context, first, second, third) => {
                const derived = new DerivedContext(context)
                return timedSteps(clock, next(derived, first, second, third), derived)
              },
      }
    },
  }
}

/** What one store's calls wait on. */
class StallClock {
  readonly milliseconds: number
  readonly queue: ExpiryQueue

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
    this.queue = new ExpiryQueue(milliseconds)
  }

  error(what: string): Error {
    return storageError('Timeout', `${what} for ${this.milliseconds} ms`, { applied: 'maybe', retry: 'safe' })
  }
}

function timedCall(clock: StallClock, operation: CallName, next: AnyCall): AnyCall {
  return (context, first, second, third) =>
    new Promise((resolve, reject) => {
      const derived = new DerivedContext(context)
      const watch = new Watch(clock.queue, () => {
        const error = clock.error('no answer and no progress')
        derived.abort(error)
        reject(error)
      })
      const call = next(
        derived,
        watchedArgument(first, watch),
        watchedArgument(second, watch),
        watchedArgument(third, watch),
      )
      call.then(
        (result) => {
          watch.stop()
          resolve(timedResult(clock, operation, result, derived))
        },
        (error: unknown) => {
          watch.stop()
          derived.release()
          reject(error)
        },
      )
    })
}

/** The time limit of one call: stopped while the caller's source is at work, started anew with each piece of progress. */
class Watch {
  readonly #queue: ExpiryQueue
  readonly #expired: () => void
  #waiting: Waiting | undefined

  constructor(queue: ExpiryQueue, expired: () => void) {
    this.#queue = queue
    this.#expired = expired
    this.#waiting = queue.add(expired)
  }

  stop(): void {
    if (this.#waiting === undefined) return
    this.#queue.remove(this.#waiting)
    this.#waiting = undefined
  }

  start(): void {
    this.stop()
    this.#waiting = this.#queue.add(this.#expired)
  }
}

function watchedArgument(value: unknown, watch: Watch): unknown {
  if (typeof value !== 'object' || value === null || !('open' in value)) return value
  const source = value as Source
  if (source.bytes !== undefined) return source
  const open = (from: number): ByteStream | null => {
    const stream = source.open(from)
    if (stream === null) return null
    return relay(stream, { beforePull: () => watch.stop(), onChunk: () => watch.start(), onEnd: () => watch.start() })
  }
  const file = source.file && watchFile(source.file, () => watch.start())
  return { ...source, file, open } satisfies Source
}

function timedResult(clock: StallClock, operation: CallName, result: unknown, derived: DerivedContext): unknown {
  if (operation === 'content.car') return timedSteps(clock, result as ByteStream, derived)
  if (operation === 'read' || operation === 'content.read') {
    const { body } = result as ReadResult
    if (!(body instanceof Uint8Array)) return { ...(result as ReadResult), body: timedSteps(clock, body, derived) }
  }
  derived.release()
  return result
}

/** Each step of the stream under a time limit of its own; the consumer's time between steps does not count. */
async function* timedSteps<Item>(
  clock: StallClock,
  stream: AsyncIterable<Item>,
  derived: DerivedContext,
): AsyncGenerator<Item> {
  const iterator = endable(stream)
  let ended = false
  try {
    for (;;) {
      const step = await limited(clock, iterator.next(), derived)
      if (step.done === true) break
      yield step.value
    }
    ended = true
  } finally {
    try {
      if (!ended) await limited(clock, iterator.return(), derived)
    } finally {
      derived.release()
    }
  }
}

function limited<Result>(clock: StallClock, work: Promise<Result>, derived: DerivedContext): Promise<Result> {
  return new Promise((resolve, reject) => {
    const waiting = clock.queue.add(() => {
      const error = clock.error('the stream gave nothing')
      derived.abort(error)
      reject(error)
    })
    work.then(
      (result) => {
        clock.queue.remove(waiting)
        resolve(result)
      },
      (error: unknown) => {
        clock.queue.remove(waiting)
        reject(error)
      },
    )
  })
}
