/** What happened to a job, in order, as far back as is kept. */
export interface JobEvent {
  /** Counts up from 1 within a job. Progress has the id of what it came after: it is told anew to whoever comes back. */
  readonly id: number
  readonly event: 'state' | 'progress' | 'item' | 'lost'
  /** JSON, in one line. */
  readonly data: string
}

/** How far somebody has been told. */
export interface Told {
  /** Of the last event. */
  readonly id: number
  /** Which progress, counted from 1. */
  readonly progress: number
}

export interface JobEvents {
  add(event: 'state' | 'progress' | 'item', value: object): void
  /**
   * Up to `most` events that have not been told, the newest progress among them. Where some have gone that nobody can be told any more,
   * `lost` comes first, with how many.
   */
  after(told: Told, most: number): { readonly events: readonly JobEvent[]; readonly told: Told }
  /** Id of the newest event. */
  readonly last: number
  /** There will be no more: no more is kept than has to be. */
  end(): void
  /** Resolves when there is another event, or soon after `signal` aborts. */
  next(signal: AbortSignal): Promise<void>
}

/** Keeps `most` items and changes of state, or fewer where they are of more than `charsMax` characters together, and the newest progress. */
export function jobEvents(most: number, charsMax: number): JobEvents {
  /** In order of ids, without gaps, up to `last`. */
  let kept: JobEvent[] = []
  let chars = 0
  let last = 0
  let progress: JobEvent | undefined
  let progresses = 0
  const waiting = new Set<() => void>()

  /** Down to what is to be kept, of the newest; the very newest always. */
  function cut(): void {
    let from = kept.length
    chars = 0
    for (; from > 0 && kept.length - from < most; from--) {
      const { length } = kept[from - 1]?.data ?? ''
      if (chars + length > charsMax && from < kept.length) break
      chars += length
    }
    kept = kept.slice(from)
  }

  return {
    get last() {
      return last
    },
    add(event, value) {
      const data = JSON.stringify(value)
      if (event === 'progress') {
        progress = { id: last, event, data }
        progresses++
      } else {
        kept.push({ id: ++last, event, data })
        chars += data.length
        // Only now and then: moving all of them for each event would cost more than the event.
        if (kept.length >= 2 * most || chars >= 2 * charsMax) cut()
      }
      for (const wake of waiting) wake()
    },
    after(told, count) {
      const gone = last - kept.length
      const from = Math.min(Math.max(told.id, gone), last)
      const events = kept.slice(from - gone, from - gone + count)
      const id = events.at(-1)?.id ?? from
      let seen = told.progress
      if (progress !== undefined && progresses > seen && progress.id <= id) {
        const { id: place } = progress
        const later = events.findIndex((event) => event.id > place)
        events.splice(later === -1 ? events.length : later, 0, { ...progress, id: Math.max(place, from) })
        seen = progresses
      }
      if (told.id < gone) events.unshift({ id: gone, event: 'lost', data: JSON.stringify({ lost: gone - told.id }) })
      return { events, told: { id, progress: seen } }
    },
    end: cut,
    next(signal) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    },
  }
}
