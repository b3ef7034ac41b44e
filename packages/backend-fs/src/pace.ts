/**
 * Whether to ask the system in the thread or through the thread pool. What is in memory is answered in 2 to 50 µs, where waking a thread of the
 * pool takes 10 and more; what the disk must be asked for may take milliseconds, in which the program would stand still. So: in the thread,
 * until one answer was slow; then through the pool for a while: at first shortly, as the thread may have been interrupted, twice as long each time
 * that it happens again soon, up to ten times as long as the answer took. So a cold disk costs the thread about a tenth of its time.
 */
export interface Pace {
  /** Asked once before each question. No also where this turn of the event loop has had its share, so that others come to theirs. */
  isQuick(): boolean
  /** The same, but where only the turn has had its share the answer comes with the next one. */
  inTurn(): boolean | Promise<boolean>
  /** How long an answer in the thread took. */
  took(milliseconds: number): void
}

const restFactor = 10
const firstRestMs = 25
/** So many quick answers in a row, and the next slow one is a first one again. */
const steady = 64
/** Of one turn of the event loop. */
const shareMs = 1

/** `slowMs`: no answer from memory takes so long, unless the thread was interrupted. */
export function createPace(slowMs: number): Pace {
  let restsUntil = 0
  let spentMs = 0
  let turn: Promise<void> | undefined
  let slowOnes = 0
  let quickInRow = 0

  function rests(): boolean {
    if (restsUntil === 0) return false
    if (performance.now() < restsUntil) return true
    restsUntil = 0
    return false
  }

  const hasShare = (): boolean => spentMs < shareMs

  async function nextTurn(): Promise<boolean> {
    // Whoever waited as well may have used up the share of that turn.
    while (!hasShare()) await turn
    return !rests()
  }

  return {
    isQuick: () => hasShare() && !rests(),
    inTurn() {
      if (rests()) return false
      return hasShare() || nextTurn()
    },
    took(milliseconds) {
      turn ??= new Promise((resolve) => {
        setImmediate(() => {
          spentMs = 0
          turn = undefined
          resolve()
        })
      })
      // A question costs something even where the clock does not see it.
      spentMs += milliseconds + 0.001
      if (milliseconds <= slowMs) {
        if (++quickInRow === steady) slowOnes = 0
        return
      }
      quickInRow = 0
      restsUntil = performance.now() + Math.min(milliseconds * restFactor, firstRestMs * 2 ** slowOnes)
      slowOnes++
    },
  }
}

/** Does a step in the thread, and tells how long it took. */
export function timed<Result>(pace: Pace, work: () => Result): Result {
  const before = performance.now()
  try {
    return work()
  } finally {
    pace.took(performance.now() - before)
  }
}
