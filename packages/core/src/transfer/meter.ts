import type { Action, RunOptions, TransferProgress } from './types.ts'

/** Of calls to `onProgress`, at most. */
const everyMs = 100
/** What the speed is taken over. */
const windowMs = 5000

/** One object on its way. */
export interface Active {
  readonly key: string
  readonly total: number | undefined
  bytes: number
}

/** Counts, and tells about it at most ten times a second. No timer: it is told when something happens. */
export class Meter {
  readonly #tell: RunOptions['onProgress']
  readonly #started: number = performance.now()
  readonly #active = new Set<Active>()
  readonly #samples: { readonly at: number; readonly bytes: number }[] = []
  #toldAt: number = Number.NEGATIVE_INFINITY
  items: { done: number; failed: number; skipped: number; total: number } = { done: 0, failed: 0, skipped: 0, total: 0 }
  bytes: { done: number; total: number } = { done: 0, total: 0 }
  planning = true
  /** What `onProgress` threw: it is told no more, and the run ends with that. */
  failure: { readonly error: unknown } | undefined

  constructor(tell: RunOptions['onProgress']) {
    this.#tell = tell
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  planned(action: Action): void {
    this.items.total++
    this.bytes.total += bytesOf(action)
    this.tick()
  }

  begin(action: Action): Active {
    const active = { key: keyOf(action), total: 'entry' in action ? action.entry.size : undefined, bytes: 0 }
    this.#active.add(active)
    return active
  }

  moved(active: Active, bytes: number): void {
    active.bytes += bytes
    this.bytes.done += bytes
    this.tick()
  }

  /** What did not come to a good end does not count. */
  end(active: Active, action: Action, done: boolean): void {
    this.#active.delete(active)
    this.bytes.done += (done ? bytesOf(action) : 0) - active.bytes
  }

  tick(): void {
    if (this.#tell === undefined || this.failure !== undefined) return
    const now = performance.now()
    if (now - this.#toldAt >= everyMs) this.#report(now)
  }

  last(): void {
    if (this.#tell !== undefined) this.#report(performance.now())
  }

  #report(now: number): void {
    this.#toldAt = now
    this.#samples.push({ at: now, bytes: this.bytes.done })
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) > windowMs) this.#samples.shift()
    const first = this.#samples[0]
    const span = now - (first?.at ?? now)
    const bytesPerSecond = span > 0 ? Math.max(0, ((this.bytes.done - (first?.bytes ?? 0)) / span) * 1000) : 0
    const left = Math.max(0, this.bytes.total - this.bytes.done)
    const remainingSeconds =
      this.planning || (bytesPerSecond === 0 && left > 0) ? undefined : left === 0 ? 0 : left / bytesPerSecond
    const progress: TransferProgress = {
      items: { ...this.items },
      bytes: { ...this.bytes },
      planning: this.planning,
      bytesPerSecond,
      remainingSeconds,
      active: [...this.#active].map((active) => ({ ...active })),
    }
    try {
      this.#tell?.(progress)
    } catch (error) {
      this.failure = { error }
    }
  }
}

/** Bytes that the step is about: those of objects copied and moved. */
export function bytesOf(action: Action): number {
  return action.action === 'copy' || action.action === 'move' ? (action.entry.size ?? 0) : 0
}

export function keyOf(action: Action): string {
  return 'key' in action ? action.key : 'from' in action ? action.from : action.to
}
