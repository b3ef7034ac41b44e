/**
 * Whether to ask the system in the thread or through the thread pool. What is in memory is answered in 2 µs, where waking a thread of the
 * pool takes 10; what the disk must be asked for may take milliseconds, in which the program would stand still. So: in the thread, until one
 * answer was slow; then through the pool for a while.
 */
export interface Pace {
  /** Asked once before each question. Every so often the answer is no, so that a program which asks without end lets others come to turn. */
  isQuick(): boolean
  /** How long an answer in the thread took. */
  took(milliseconds: number): void
}

/** No answer from memory takes so long, unless the thread was interrupted. */
const slowMs = 0.2
/** A cold disk so costs the thread one wait in each of these. */
const restMs = 100
/** Half a millisecond of answers. */
const mostInRow = 64

export function createPace(): Pace {
  let restsUntil = 0
  let inRow = 0
  return {
    isQuick() {
      if (++inRow % mostInRow === 0) return false
      return restsUntil === 0 || performance.now() >= restsUntil
    },
    took(milliseconds) {
      restsUntil = milliseconds > slowMs ? performance.now() + restMs : 0
    },
  }
}
