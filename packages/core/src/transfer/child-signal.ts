import { storageError } from '../errors/index.ts'

/** A signal of one's own that follows the caller's. */
export interface ChildSignal {
  readonly signal: AbortSignal
  /** Cancels what hangs on it. */
  abort(): void
  /** Lets go of the caller's signal. */
  release(): void
}

export function childSignal(parent: AbortSignal | undefined): ChildSignal {
  const controller = new AbortController()
  const follow = (): void => controller.abort(parent?.reason)
  if (parent?.aborted === true) follow()
  else parent?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: () => controller.abort(storageError('Aborted', 'it was not wanted any more')),
    release: () => parent?.removeEventListener('abort', follow),
  }
}
