/** One call that waits for an answer. */
export interface Waiting {
  /** As `performance.now()`. */
  expiresAt: number
  readonly expired: () => void
  before: Waiting | undefined
  after: Waiting | undefined
}

/** What Node's timers have and other platforms' lack. */
interface NodeTimer {
  ref?(): unknown
  unref?(): unknown
}

/**
 * Time limits that are all equally long, so that the oldest expires first: a list and one timer, since a timer for each call costs more than
 * many a call. The timer keeps the process alive only while something waits.
 */
export class ExpiryQueue {
  readonly #milliseconds: number
  #oldest: Waiting | undefined
  #newest: Waiting | undefined
  #timer: (NodeTimer & ReturnType<typeof setTimeout>) | undefined

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  /** Calls `expired` when the time is over, unless removed before. */
  add(expired: () => void): Waiting {
    const waiting: Waiting = {
      expiresAt: performance.now() + this.#milliseconds,
      expired,
      before: this.#newest,
      after: undefined,
    }
    if (this.#newest === undefined) {
      this.#oldest = waiting
      if (this.#timer === undefined) this.#arm(this.#milliseconds)
      else this.#timer.ref?.()
    } else this.#newest.after = waiting
    this.#newest = waiting
    return waiting
  }

  remove(waiting: Waiting): void {
    const { before, after } = waiting
    if (before === undefined && this.#oldest !== waiting) return
    if (before === undefined) this.#oldest = after
    else before.after = after
    if (after === undefined) this.#newest = before
    else after.before = before
    waiting.before = undefined
    if (this.#oldest === undefined) this.#timer?.unref?.()
  }

  #arm(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#fire(), milliseconds)
  }

  #fire(): void {
    this.#timer = undefined
    const now = performance.now()
    // Timers may fire a little early.
    for (let first = this.#oldest; first !== undefined && first.expiresAt <= now + 1; first = this.#oldest) {
      this.remove(first)
      first.expired()
    }
    if (this.#oldest !== undefined && this.#timer === undefined) this.#arm(Math.max(1, this.#oldest.expiresAt - now))
  }
}
