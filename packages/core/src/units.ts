import { storageError } from './errors/index.ts'

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  pib: 2 ** 50,
}
const durationUnits: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1e3,
  min: 60e3,
  m: 60e3,
  h: 3600e3,
  d: 86_400e3,
}

/** Bytes of `10 GB`, `256 MiB`, `4096`. Units in any case; decimal and binary ones differ. @throws InvalidConfig */
export function parseBytes(value: number | string): number {
  return parseQuantity(value, byteUnits, 'a size such as 64 KiB, 10 MB or a number of bytes')
}

/** Milliseconds of `500 ms`, `30 s`, `5 min`, `2 h`, `7 d`. @throws InvalidConfig */
export function parseDuration(value: number | string): number {
  return parseQuantity(value, durationUnits, 'a duration such as 500 ms, 30 s or a number of milliseconds')
}

function parseQuantity(value: number | string, units: Readonly<Record<string, number>>, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value))
  const unit = (match?.[2] ?? '').toLowerCase()
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  const result = match === null || factor === undefined ? Number.NaN : Math.round(Number(match[1]) * factor)
  if (!Number.isSafeInteger(result)) throw storageError('InvalidConfig', `${JSON.stringify(value)} is not ${what}`)
  return result
}
