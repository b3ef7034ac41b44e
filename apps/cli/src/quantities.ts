import { parseDuration, storageError } from '@kit/core'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes for people, in binary units and three digits: `4096` is `4.00 KiB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  if (unit === 0) return `${value} B`
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** Seconds for people: `0.4 s`, `12 s`, `3:05 min`, `1:02:03 h`. */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`
  return `${Math.floor(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)} h`
}

/** `1 object`, `2 objects`. */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** A whole number of an option. @throws InvalidConfig */
export function parseCount(option: string, text: string, least = 1): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw storageError('InvalidConfig', `${option} ${text} is not a whole number from ${least}`)
}

/** A span of time with its unit, in milliseconds; a bare number says nothing. @throws InvalidConfig */
export function parseSpan(option: string, text: string): number {
  try {
    if (/[a-z]\s*$/i.test(text)) return parseDuration(text)
  } catch {
    // Told below, with the option.
  }
  throw storageError('InvalidConfig', `${option} ${text} is no time such as 30s, 15min, 12h or 7d`)
}

/** A span back from now, or a date, in Unix ms. @throws InvalidConfig */
export function parseTime(option: string, text: string, now: number): number {
  if (/^\d{4}-\d{2}(?:-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?)?$/.test(text)) {
    const time = Date.parse(text)
    if (Number.isFinite(time)) return time
  }
  try {
    return now - parseSpan(option, text)
  } catch (error) {
    throw storageError(
      'InvalidConfig',
      `${option} ${text} is neither a time such as 2d nor a date such as 2026-04-01`,
      {
        cause: error,
      },
    )
  }
}
