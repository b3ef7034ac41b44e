import { abortError, errorCode, isStorageError, storageError } from '../errors/index.ts'
import type { CallOptions } from '../store/index.ts'
import { atOnce } from './at-once.ts'
import { Carrier } from './carrier.ts'
import { childSignal, type ChildSignal } from './child-signal.ts'
import { deleteAsSeen } from './delete-as-seen.ts'
import { bytesOf, keyOf, Meter, type Active } from './meter.ts'
import type { Action, End, ItemResult, RunOptions, Summary } from './types.ts'

/** Steps pulled ahead of their turn, so that totals are known early and the listing goes on meanwhile. */
const maxAhead = 10_000
/** Results that wait for whoever pulls them. */
const maxResults = 1000
/** Failed steps kept for another round. */
const maxAgain = 10_000
/** From this size on an object is a large one, which may not take every place. In bytes. */
const largeFrom = 16 * 2 ** 20
/** Large objects that wait while small ones go by. */
const maxDeferred = 1000
const maxFailures = 100

interface Task {
  readonly action: Action
  attempts: number
}

/** What a step came to, besides what is the same for all. */
type Outcome = Pick<ItemResult, 'status'> & Partial<Omit<ItemResult, 'action' | 'attempts' | 'status' | 'bytes'>>

/** The steps of a plan on their way: so many at once, large ones not everywhere, deletions last. */
export class Pipeline {
  readonly #from: End
  readonly #to: End
  readonly #carrier: Carrier
  readonly #meter: Meter
  readonly #caller: AbortSignal | undefined
  readonly #child: ChildSignal
  readonly #call: CallOptions
  readonly #concurrency: number
  readonly #largeMax: number
  readonly #rounds: number
  readonly #reading: Promise<void>
  #ahead: Action[] = []
  #aheadAt = 0
  #deferred: Task[] = []
  #again: Task[] = []
  #failed: Task[] = []
  #round = 0
  #running = 0
  #largeRunning = 0
  #planning = true
  #planFailure: { readonly error: unknown } | undefined
  #deleting = false
  #results: ItemResult[] = []
  #wake: (() => void) | undefined
  #room: (() => void) | undefined
  readonly #sums = { copied: 0, moved: 0, deleted: 0, skipped: 0, failed: 0, bytes: 0 }
  readonly #failures: { readonly key: string; readonly error: unknown }[] = []

  constructor(from: End, to: End, actions: AsyncIterable<Action> | Iterable<Action>, options: RunOptions) {
    this.#from = from
    this.#to = to
    this.#carrier = new Carrier(from, to, options)
    this.#meter = new Meter(options.onProgress)
    this.#caller = options.signal
    this.#child = childSignal(options.signal)
    this.#call = { signal: this.#child.signal, requestId: options.requestId }
    this.#concurrency = Math.max(1, options.concurrency ?? atOnce(from.store, to.store))
    this.#largeMax = Math.max(1, this.#concurrency - Math.max(1, this.#concurrency >> 2))
    this.#rounds = options.retries ?? 2
    this.#child.signal.addEventListener('abort', () => this.#stopped(), { once: true })
    this.#reading = this.#read(actions)
  }

  /** Results that came meanwhile; waits for some. `undefined`: there will be no more. */
  async take(): Promise<ItemResult[] | undefined> {
    for (;;) {
      if (this.#results.length > 0) {
        const results = this.#results
        this.#results = []
        this.#pump()
        return results
      }
      if (this.#over) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** @throws what the plan or `onProgress` failed with, or Aborted */
  summary(): Summary {
    if (this.#aborted) throw abortError(this.#child.signal)
    if (this.#planFailure !== undefined) throw this.#planFailure.error
    this.#meter.last()
    if (this.#meter.failure !== undefined) throw this.#meter.failure.error
    return { ...this.#sums, seconds: this.#meter.seconds, failures: this.#failures }
  }

  /** Cancels what is on its way and waits until it has ended. */
  async end(): Promise<void> {
    if (!this.#over) this.#child.abort()
    while (this.#running > 0) {
      this.#results = []
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    this.#child.release()
    // A plan that hangs is not waited for where the caller has cancelled: it ends with its own signal.
    if (this.#caller?.aborted !== true) await this.#reading
  }

  get #aborted(): boolean {
    return this.#child.signal.aborted
  }

  get #over(): boolean {
    if (this.#running > 0) return false
    if (this.#aborted) return true
    return !this.#planning && this.#nothingWaits
  }

  get #nothingWaits(): boolean {
    return this.#aheadAt >= this.#ahead.length && this.#deferred.length + this.#again.length + this.#failed.length === 0
  }

  async #read(actions: AsyncIterable<Action> | Iterable<Action>): Promise<void> {
    try {
      for await (const action of actions) {
        if (this.#aborted) break
        this.#meter.planned(action)
        this.#ahead.push(action)
        this.#pump()
        if (this.#ahead.length - this.#aheadAt >= maxAhead) await new Promise<void>((resolve) => (this.#room = resolve))
      }
    } catch (error) {
      this.#planFailure = { error }
    } finally {
      this.#planning = false
      this.#meter.planning = false
      this.#pump()
    }
  }

  #stopped(): void {
    this.#ahead = []
    this.#aheadAt = 0
    this.#deferred = []
    this.#again = []
    this.#failed = []
    this.#room?.()
    this.#wake?.()
  }

  #pump(): void {
    while (!this.#aborted && this.#running < this.#concurrency && this.#results.length < maxResults) {
      const task = this.#next()
      if (task === undefined) break
      this.#start(task)
    }
    if (this.#results.length > 0 || this.#over) this.#wake?.()
  }

  /** The next step whose turn it is; `undefined` where something must end first. */
  #next(): Task | undefined {
    if (this.#deferred.length > 0 && this.#largeRunning < this.#largeMax) return this.#deferred.shift()
    const again = this.#again.pop()
    if (again !== undefined) return again
    while (this.#deferred.length < maxDeferred) {
      const action = this.#ahead[this.#aheadAt]
      if (action === undefined) return this.#planning ? undefined : this.#nextRound()
      if (comesLast(action) && !this.#mayFollow(action)) return this.#nextRound()
      this.#advance()
      const task = { action, attempts: 0 }
      if (!isLarge(action) || this.#largeRunning < this.#largeMax) return task
      this.#deferred.push(task)
    }
    return undefined
  }

  #advance(): void {
    if (++this.#aheadAt < 1000) return
    this.#ahead = this.#ahead.slice(this.#aheadAt)
    this.#aheadAt = 0
    const room = this.#room
    this.#room = undefined
    room?.()
  }

  /** Deletions wait for all before them; of a directory, for all that was in it. */
  #mayFollow(action: Action): boolean {
    if (this.#deleting && !isDirectory(action)) return true
    if (this.#running > 0 || this.#deferred.length > 0 || this.#failed.length > 0) return false
    this.#deleting = true
    return true
  }

  /** When all others are through, those that failed have another go. */
  #nextRound(): Task | undefined {
    if (this.#running > 0 || this.#deferred.length > 0 || this.#failed.length === 0) return undefined
    this.#round++
    this.#again = this.#failed.toReversed()
    this.#failed = []
    return this.#again.pop()
  }

  #start(task: Task): void {
    const { action } = task
    task.attempts++
    if (action.action === 'skip' && !this.#mayHaveLeft(action)) return this.#settle(task, { status: 'skipped' }, 0)
    if (action.action === 'fail') return this.#settle(task, { status: 'failed', error: action.error }, 0)
    if (action.action === 'delete' && action.side === 'to' && this.#sums.failed > 0) {
      const text = `it was not deleted, because ${this.#sums.failed} steps before it failed`
      return this.#settle(
        task,
        { status: 'skipped', error: storageError('ConditionFailed', text, { key: action.key }) },
        0,
      )
    }
    const large = isLarge(action)
    this.#running++
    if (large) this.#largeRunning++
    const active = this.#meter.begin(action)
    const ended = (outcome: Outcome): void => {
      this.#running--
      if (large) this.#largeRunning--
      this.#meter.end(active, action, outcome.status === 'done')
      this.#settle(task, outcome, active.bytes)
      this.#pump()
    }
    this.#perform(action, active).then(ended, (error: unknown) =>
      ended({
        status: this.#aborted ? 'aborted' : 'failed',
        error: this.#aborted ? abortError(this.#child.signal) : error,
      }),
    )
  }

  /** What is there now may have been on its way in parts when an earlier run ended. */
  #mayHaveLeft({ to, entry }: Extract<Action, { action: 'skip' }>): boolean {
    return to !== undefined && this.#carrier.sendsInParts(entry)
  }

  async #perform(action: Exclude<Action, { action: 'fail' }>, active: Active): Promise<Outcome> {
    const { store } = this.#to
    switch (action.action) {
      case 'skip':
        await this.#carrier.forget(action.entry, action.to ?? action.key, this.#call)
        return { status: 'skipped' }
      case 'copy':
      case 'move': {
        const carried = await this.#carrier.carry(action, this.#call, (bytes) => this.#meter.moved(active, bytes))
        return { status: 'done', ...carried }
      }
      case 'link': {
        if (action.replaces !== undefined) await deleteAsSeen(store, action.replaces, this.#call)
        await store.links.make(action.to, action.target, this.#call)
        if (action.moves === true) await deleteAsSeen(this.#from.store, action.entry, this.#call)
        return { status: 'done' }
      }
      case 'make-directory':
        await store.directories.make(action.to, this.#call)
        return { status: 'done' }
      case 'delete':
        return this.#delete(action)
    }
  }

  async #delete({ side, key, entry }: Extract<Action, { action: 'delete' }>): Promise<Outcome> {
    const { store } = side === 'from' ? this.#from : this.#to
    if (entry.kind !== 'directory') {
      await deleteAsSeen(store, entry, this.#call)
      return { status: 'done' }
    }
    try {
      await store.directories.remove(key, this.#call)
    } catch (error) {
      const code = errorCode(error)
      // What is not empty holds what the plan left alone; what is gone is gone.
      if (code === 'NotEmpty') return { status: 'skipped', error }
      if (code !== 'NotFound') throw error
    }
    return { status: 'done' }
  }

  #settle(task: Task, outcome: Outcome, bytes: number): void {
    const { action, attempts } = task
    if (outcome.status === 'failed' && this.#isWorthMore(task, outcome.error)) {
      this.#failed.push(task)
      return
    }
    this.#results.push({ action, attempts, bytes, ...outcome })
    this.#count(action, outcome)
    this.#meter.tick()
  }

  #isWorthMore({ action }: Task, error: unknown): boolean {
    if (this.#round >= this.#rounds || this.#failed.length >= maxAgain || action.action === 'fail') return false
    // `exhausted` was tried as often as the store was told to, some time ago.
    return isStorageError(error) && (error.retry === 'safe' || error.retry === 'exhausted')
  }

  #count(action: Action, { status, error }: Outcome): void {
    const { items } = this.#meter
    const sums = this.#sums
    if (status === 'done') {
      items.done++
      if (action.action === 'copy') sums.copied++
      else if (action.action === 'move') sums.moved++
      else if (action.action === 'delete') sums.deleted++
      sums.bytes += bytesOf(action)
    } else if (status === 'skipped') {
      items.skipped++
      sums.skipped++
    } else if (status === 'failed') {
      items.failed++
      sums.failed++
      if (this.#failures.length < maxFailures) this.#failures.push({ key: keyOf(action), error })
    }
  }
}

function isLarge(action: Action): boolean {
  return bytesOf(action) >= largeFrom
}

function comesLast(action: Action): boolean {
  return action.action === 'delete' && (action.side === 'to' || isDirectory(action))
}

function isDirectory(action: Action): boolean {
  return action.action === 'delete' && action.entry.kind === 'directory'
}
