import type { Context } from '../backend/index.ts'

export type Logger = Context['log']

let requests = 0

/** The call of the program that a context belongs to, through whatever was derived from it. */
export function rootOf(context: Context): object {
  return context instanceof CallContext || context instanceof DerivedContext || context instanceof AttemptContext
    ? context.root
    : context
}

function silent(): void {}

/** Whether a call has been cancelled: the quick way to ask, since a signal is made for who listens to it. */
export function isAborted(context: Context): boolean {
  return context instanceof CallContext || context instanceof DerivedContext || context instanceof AttemptContext
    ? context.aborted
    : context.signal.aborted
}

/**
 * One call of the program. The signal is made when somebody asks for it: most calls on fast stores end before anyone does.
 */
export class CallContext implements Context {
  readonly attempt = 1
  readonly log: Logger
  #signal: AbortSignal | undefined
  #requestId: string | undefined

  get root(): object {
    return this
  }

  constructor(signal: AbortSignal | undefined, requestId: string | undefined, log: Logger = silent) {
    this.#signal = signal
    this.#requestId = requestId
    this.log = log
  }

  get aborted(): boolean {
    return this.#signal?.aborted === true
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal
    return this.#signal
  }

  get requestId(): string {
    this.#requestId ??= `${processId()}-${(++requests).toString(36)}`
    return this.#requestId
  }
}

let madeProcessId: string | undefined
function processId(): string {
  madeProcessId ??= crypto.randomUUID().slice(0, 13)
  return madeProcessId
}

/** A context that can be aborted by itself and follows its parent; `release` when the work is over. */
export class DerivedContext implements Context {
  readonly attempt: number
  readonly #parent: Context
  #controller: AbortController | undefined
  #reason: unknown
  #aborted = false
  #follow: (() => void) | undefined

  constructor(parent: Context, attempt: number = parent.attempt) {
    this.#parent = parent
    this.attempt = attempt
  }

  get root(): object {
    return rootOf(this.#parent)
  }

  get requestId(): string {
    return this.#parent.requestId
  }

  get log(): Logger {
    return this.#parent.log
  }

  get aborted(): boolean {
    return this.#aborted || isAborted(this.#parent)
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal
    const controller = new AbortController()
    this.#controller = controller
    const above = this.#parent.signal
    if (this.#aborted) controller.abort(this.#reason)
    else if (above.aborted) controller.abort(above.reason)
    else {
      this.#follow = () => controller.abort(above.reason)
      above.addEventListener('abort', this.#follow, { once: true })
    }
    return controller.signal
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    this.#controller?.abort(reason)
    this.release()
  }

  release(): void {
    if (this.#follow === undefined) return
    this.#parent.signal.removeEventListener('abort', this.#follow)
    this.#follow = undefined
  }
}

/** The same call under another attempt number. */
export class AttemptContext implements Context {
  readonly attempt: number
  readonly #parent: Context

  constructor(parent: Context, attempt: number) {
    this.#parent = parent
    this.attempt = attempt
  }

  get aborted(): boolean {
    return isAborted(this.#parent)
  }

  get signal(): AbortSignal {
    return this.#parent.signal
  }

  get root(): object {
    return rootOf(this.#parent)
  }

  get requestId(): string {
    return this.#parent.requestId
  }

  get log(): Logger {
    return this.#parent.log
  }
}

/** The same call under another signal: what an author uses who waits with a time limit of his own. */
export function withSignal(context: Context, signal: AbortSignal): Context {
  const { requestId, attempt, log } = context
  return { signal, requestId, attempt, log }
}

/** A context for cleaning up after a call that may have been aborted: it has a time limit of its own. */
export function cleanupContext(context: Context): Context {
  return new CallContext(AbortSignal.timeout(30_000), context.requestId, context.log)
}
