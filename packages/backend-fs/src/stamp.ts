/**
 * Modification times that are never given twice. The kernel's own are those of its last clock tick, up to 10 ms old, so that two writes in a
 * row look alike.
 */

// The wall clock is good to 1 ms; the monotonic one is finer but drifts from it and stops while the machine sleeps.
let offsetMs = Number.NaN
let lastMicroseconds = 0
let fraction = 0

function nowMicroseconds(): number {
  const wall = Date.now()
  const tick = performance.now()
  if (!(Math.abs(offsetMs + tick - wall) < 2)) offsetMs = wall - tick
  const now = Math.floor((offsetMs + tick) * 1000)
  // After the clock was set back by much, it is followed: a time that stood still would be worse.
  lastMicroseconds = now > lastMicroseconds || now < lastMicroseconds - 1e6 ? now : lastMicroseconds + 1
  return lastMicroseconds
}

export interface Stamp {
  /** Unix time in seconds. */
  readonly accessed: number
  readonly modified: number | Date
}

/**
 * Now, or the given time with digits below its millisecond that tell it from other files of the same time. Half a microsecond is added
 * so that no rounding on the way to the disk makes two of them one.
 */
export function nextStamp(modified?: Date): Stamp {
  const now = nowMicroseconds()
  const accessed = (now + 0.5) / 1e6
  if (modified === undefined) return { accessed, modified: accessed }
  // Node takes negative numbers for now; what is this old has no digits to spare.
  if (modified.getTime() < 0) return { accessed, modified }
  fraction = (fraction + 1) % 1000
  return { accessed, modified: (modified.getTime() * 1000 + fraction + 0.5) / 1e6 }
}
