import type { ByteRange } from '@kit/core'

const single = /^bytes[\t ]*=[\t ]*(?:(\d+)-(\d*)|-(\d+))[\t ]*$/i
const farAway = Number.MAX_SAFE_INTEGER

/**
 * The range that a request asks for. Several at once, another unit, or what is no range gives `undefined`: the whole is served.
 * One that no object can satisfy starts so far away that every store refuses it.
 */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const match = single.exec(header ?? '')
  if (match === null) return undefined
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const length = Number(suffix)
    return length === 0 ? { from: farAway } : { last: Math.min(length, farAway) }
  }
  const from = Number(first)
  const to = last === undefined || last === '' ? undefined : Number(last) + 1
  if (to !== undefined && to <= from) return undefined
  return from >= farAway ? { from: farAway } : { from, to: to !== undefined && to <= farAway ? to : undefined }
}

export function contentRange(from: number, length: number, size: number | undefined): string {
  return `bytes ${from}-${from + length - 1}/${size ?? '*'}`
}
