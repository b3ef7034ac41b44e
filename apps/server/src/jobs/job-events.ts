/** What happened to a job, in order, as far back as is kept. */
export interface JobEvent {
  /** Counts up from 1 within a job. */
  readonly id: number
  readonly event: 'state' | 'progress' | 'item' | 'lost'
  readonly data: object
}

export interface JobEvents {
  add(event: 'state' | 'progress' | 'item', data: object): void
  /**
   * Up to `most` events after this one. Where some have gone that nobody can be told any more, the first is `lost`, with how many, and
   * its id is that of the last one lost. Of progress only the newest counts.
   */
  after(id: number, most: number): readonly JobEvent[]
  /** Id of the newest event. */
  readonly last: number
  /** Resolves when there is another event, or soon after `signal` aborts. */
  next(signal: AbortSignal): Promise<void>
}

/** Keeps `most` items and changes of state, and the newest progress. */
export function jobEvents(most: number): JobEvents {
  let last = 0
  let lostUpTo = 0
  let lost = 0
  let ring: JobEvent[] = []
  let progress: JobEvent | undefined
  const waiting = new Set<() => void>()

  function trim(): void {
    // Cut only now and then: moving all of them for each event would cost more than the event.
    if (ring.length < 2 * most) return
    const gone = ring.slice(0, ring.length - most)
    lost += gone.length
    lostUpTo = gone.at(-1)?.id ?? lostUpTo
    ring = ring.slice(-most)
  }

  return {
    get last() {
      return last
    },
    add(event, data) {
      const added: JobEvent = { id: ++last, event, data }
      if (event === 'progress') progress = added
      else {
        ring.push(added)
        trim()
      }
      for (const wake of waiting) wake()
    },
    after(id, count) {
      const first = firstAfter(ring, id)
      const kept = ring.slice(first, first + count)
      const newest = kept.at(-1)?.id ?? last
      // Progress is told in its place, but never before what was there earlier and has not been told yet.
      if (progress !== undefined && progress.id > id && progress.id <= newest) {
        const at = kept.findIndex((event) => event.id > (progress?.id ?? 0))
        kept.splice(at === -1 ? kept.length : at, 0, progress)
      } else if (progress !== undefined && progress.id > newest && first + count >= ring.length) kept.push(progress)
      if (id < lostUpTo) kept.unshift({ id: lostUpTo, event: 'lost', data: { lost } })
      return kept
    },
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

/** Index of the first event after this id: they are in order. */
function firstAfter(events: readonly JobEvent[], id: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.id ?? 0) > id) high = middle
    else low = middle + 1
  }
  return low
}
