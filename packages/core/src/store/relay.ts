import type { Bytes, ByteStream } from '../backend/index.ts'
import { abortError } from '../errors/index.ts'

/** What happens on the way of a caller's body to a backend. A hook that throws ends the body with what it threw. */
export interface RelayHooks {
  /** Ends a pull that waits, so that a source which stands still holds up nobody who cancels. */
  readonly signal?: AbortSignal | undefined
  beforePull?(): void
  onChunk?(chunk: Bytes): void
  onEnd?(): void
  /** The source failed, or a hook found fault with it. Not called for an abort. */
  onFailure?(failure: unknown): void
}

const done: IteratorResult<Bytes, undefined> = { done: true, value: undefined }

/**
 * The stream with hooks. By hand and not as a generator: a generator's `return()` waits for a pull in progress, for ever if the
 * source stands still.
 */
export function relay(stream: ByteStream, hooks: RelayHooks): ByteStream {
  const { signal } = hooks
  let iterator: AsyncIterator<Bytes> | undefined
  let ended = false
  let abandonPull: ((reason: unknown) => void) | undefined

  function onAbort(): void {
    const abandon = abandonPull
    if (abandon === undefined || signal === undefined) return
    end()
    void leave()
    abandon(abortError(signal))
  }

  function end(): void {
    ended = true
    abandonPull = undefined
    signal?.removeEventListener('abort', onAbort)
  }

  /** Nobody waits for a source that is not wanted any more. */
  async function leave(): Promise<void> {
    try {
      await iterator?.return?.()
    } catch {
      // It has nothing to say that matters now.
    }
  }

  function fail(failure: unknown, reject: (reason: unknown) => void): void {
    end()
    hooks.onFailure?.(failure)
    reject(failure)
  }

  function settle(
    step: IteratorResult<Bytes>,
    resolve: (step: IteratorResult<Bytes, undefined>) => void,
    reject: (reason: unknown) => void,
  ): void {
    try {
      if (step.done === true) {
        end()
        hooks.onEnd?.()
        resolve(done)
      } else {
        hooks.onChunk?.(step.value)
        resolve(step)
      }
    } catch (failure) {
      if (step.done !== true) void leave()
      fail(failure, reject)
    }
  }

  const relayed: AsyncIterator<Bytes, undefined> = {
    next: () =>
      new Promise((resolve, reject) => {
        if (ended) return resolve(done)
        if (signal?.aborted === true) {
          end()
          void leave()
          return reject(abortError(signal))
        }
        if (iterator === undefined) {
          iterator = stream[Symbol.asyncIterator]()
          signal?.addEventListener('abort', onAbort, { once: true })
        }
        abandonPull = reject
        hooks.beforePull?.()
        iterator.next().then(
          (step) => {
            if (abandonPull === undefined) return
            abandonPull = undefined
            settle(step, resolve, reject)
          },
          (failure: unknown) => {
            if (abandonPull !== undefined) fail(failure, reject)
          },
        )
      }),
    async return() {
      if (ended) return done
      const waits = abandonPull !== undefined
      end()
      if (waits) void leave()
      else if (iterator !== undefined) await iterator.return?.()
      return done
    },
  }
  return { [Symbol.asyncIterator]: () => relayed }
}
