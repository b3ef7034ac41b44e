/**
 * Whether to ask the disk in the thread: what is in memory is answered there in 2 µs, where a turn of the thread pool takes 20 and more. Not
 * for a while after an answer that was slow, since then the whole program would wait for the disk; and not when this turn of the event loop has
 * gone on for long, so that timers and sockets come to theirs.
 */
export interface Pace {
  /** The time if so: for `done`. */
  begin(): number | undefined
  done(begun: number): void
}

/** No answer from memory takes as long. */
const slowMs = 1
const restFactor = 10
const turnMs = 1

export function createPace(): Pace {
  let restsUntil = 0
  let turnBegan: number | undefined
  return {
    begin() {
      const now = performance.now()
      if (now < restsUntil) return undefined
      if (turnBegan === undefined) {
        turnBegan = now
        setImmediate(() => (turnBegan = undefined))
      }
      return now - turnBegan < turnMs ? now : undefined
    },
    done(begun) {
      const took = performance.now() - begun
      if (took > slowMs) restsUntil = begun + took * restFactor
    },
  }
}
