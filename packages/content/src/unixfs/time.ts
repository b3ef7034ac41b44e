import type { UnixFsTime } from './node.ts'

/** A date as UnixFS writes it: whole seconds, rounded down, and what is left. */
export function unixFsTime(date: Date): UnixFsTime {
  const milliseconds = date.getTime()
  const seconds = Math.floor(milliseconds / 1000)
  const rest = milliseconds - seconds * 1000
  return rest === 0 ? { seconds } : { seconds, nanoseconds: rest * 1_000_000 }
}

/** The date of a UnixFS time, to the millisecond; nothing for one that no date reaches. */
export function dateOf({ seconds, nanoseconds = 0 }: UnixFsTime): Date | undefined {
  const date = new Date(seconds * 1000 + Math.floor(nanoseconds / 1_000_000))
  return Number.isNaN(date.getTime()) ? undefined : date
}
