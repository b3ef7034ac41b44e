/** Several ranges in one answer: `multipart/byteranges`, RFC 9110 §14.6. */
import { randomUUID } from 'node:crypto'
import { storageError, type Bytes, type Reading } from '@kit/core'
import { contentRange } from './ranges.ts'

/** A range as it was asked for. */
export type RangeSpec = { readonly first: number; readonly last: number } | { readonly suffix: number }

/** Half-open, and within the object. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** Ranges in one request; who asks for more is given the whole. */
export const rangesMax = 100

/** What lies between two ranges is sent along where it is shorter: about as much as the head of a part takes. */
export const gapMax = 128

const unit = /^bytes[\t ]*=(.*)$/i
const spec = /^(?:(\d{1,15})-(\d*)|-(\d+))$/

/** Several ranges; undefined where there is one or none, what is no range, or more than there may be: then the whole is served, or the one. */
export function parseRanges(header: string | undefined): readonly RangeSpec[] | undefined {
  const list = unit.exec(header ?? '')?.[1]
  if (list?.includes(',') !== true) return undefined
  const given = list.split(',', 4 * rangesMax).map((item) => item.replace(/^[\t ]+|[\t ]+$/g, ''))
  const specs = given.filter((item) => item !== '').map(parseSpec)
  if (specs.length === 0 || specs.length > rangesMax || given.length === 4 * rangesMax) return undefined
  return specs.every((item) => item !== undefined) ? specs : undefined
}

function parseSpec(item: string): RangeSpec | undefined {
  const match = spec.exec(item)
  if (match === null) return undefined
  const [, first, last = '', suffix] = match
  if (suffix !== undefined) return { suffix: Number(suffix) }
  const range = { first: Number(first), last: last === '' ? Infinity : Number(last) }
  return range.last < range.first ? undefined : range
}

/**
 * The parts to be sent: none of them empty, no byte in two of them, in the order in which they were asked for. What overlaps or nearly
 * touches becomes one part, in the place of the first of them. What lies beyond the end is left out.
 */
export function partsOf(specs: readonly RangeSpec[], size: number): readonly Part[] {
  let parts: Part[] = []
  for (const asked of specs) {
    let part = within(asked, size)
    if (part === undefined) continue
    const [near, apart] = [[] as Part[], [] as Part[]]
    let place = parts.length
    // Growing over one part may bring another near.
    for (let grown = true; grown;) {
      grown = false
      for (const [index, other] of parts.entries()) {
        if (near.includes(other) || !touches(part, other)) continue
        near.push(other)
        part = { from: Math.min(part.from, other.from), to: Math.max(part.to, other.to) }
        place = Math.min(place, index)
        grown = true
      }
    }
    for (const other of parts) if (!near.includes(other)) apart.push(other)
    parts = apart.toSpliced(Math.min(place, apart.length), 0, part)
  }
  return parts
}

function within(asked: RangeSpec, size: number): Part | undefined {
  const from = 'suffix' in asked ? Math.max(0, size - asked.suffix) : asked.first
  const to = 'suffix' in asked ? size : Math.min(asked.last + 1, size)
  return from < to ? { from, to } : undefined
}

function touches(a: Part, b: Part): boolean {
  return a.from <= b.to + gapMax && b.from <= a.to + gapMax
}

/** A body of several parts, as long as it says. */
export interface MultipartBody extends AsyncIterable<Bytes> {
  readonly contentType: string
  /** In bytes. */
  readonly size: number
}

/** Reads one part after the other, each when the one before has been taken. */
export function multipartBody(
  parts: readonly Part[],
  size: number,
  contentType: string,
  read: (part: Part) => Promise<Reading>,
): MultipartBody {
  const boundary = randomUUID()
  const heads = parts.map(({ from, to }, index) =>
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(from, to - from, size)}\r\n\r\n`,
      'latin1',
    ),
  )
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  async function* body(): AsyncGenerator<Bytes> {
    for (const [index, part] of parts.entries()) {
      await using reading = await read(part)
      yield bytesOf(heads[index] ?? end)
      let left = part.to - part.from
      for await (const chunk of reading) {
        left -= chunk.byteLength
        yield chunk
      }
      if (left !== 0) throw storageError('Corrupt', 'the store gave another number of bytes than was asked for')
    }
    yield bytesOf(end)
  }
  const bytes = [...heads, end].reduce((sum, piece) => sum + piece.byteLength, 0)
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    size: bytes + parts.reduce((sum, { from, to }) => sum + to - from, 0),
    [Symbol.asyncIterator]: body,
  }
}

function bytesOf(piece: Buffer<ArrayBuffer>): Bytes {
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
}
