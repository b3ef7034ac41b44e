import type { ByteRange, Bytes, ByteStream, ReadResult } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { endUnread } from './source.ts'

/** A range as offsets, half-open; `to` is absent where the end is not known. */
export interface Offsets {
  readonly from: number
  readonly to: number | undefined
}

/** @throws InvalidRange for one that no object has. */
export function checkRange(range: ByteRange): void {
  if ('last' in range) {
    if (!Number.isSafeInteger(range.last) || range.last < 0) throw invalid('`last` is a number of bytes')
    return
  }
  const { from, to } = range
  if (!Number.isSafeInteger(from) || from < 0) throw invalid('`from` is an offset in bytes')
  if (to !== undefined && (!Number.isSafeInteger(to) || to < from)) throw invalid('`to` is an offset not below `from`')
}

/**
 * The bytes of an object of this size that a range means.
 * @throws InvalidRange where it starts at or beyond the end, save at 0 of an empty object.
 */
export function resolveRange(
  range: ByteRange | undefined,
  size: number,
): { readonly from: number; readonly to: number } {
  if (range === undefined) return { from: 0, to: size }
  if ('last' in range) return { from: Math.max(0, size - range.last), to: size }
  if (range.from >= size && !(range.from === 0 && size === 0)) {
    throw invalid(`the object has ${size} bytes, the range starts at ${range.from}`)
  }
  return { from: range.from, to: Math.min(range.to ?? size, size) }
}

function invalid(text: string): Error {
  return storageError('InvalidRange', text)
}

/** Bytes that start at `from`, cut to `offsets`. @throws Corrupt where they start too late. */
export function cutTo(result: ReadResult, wanted: Offsets): ReadResult {
  const { entry, from, body } = result
  if (from > wanted.from) {
    throw storageError('Corrupt', `the store sent bytes from ${from} when asked from ${wanted.from}`)
  }
  const skip = wanted.from - from
  const take = wanted.to === undefined ? undefined : wanted.to - wanted.from
  if (body instanceof Uint8Array) {
    const end = take === undefined ? body.byteLength : Math.min(body.byteLength, skip + take)
    if (skip === 0 && end === body.byteLength) return result
    return { entry, from: wanted.from, body: body.slice(skip, end) }
  }
  const file = result.file && { ...result.file, from: result.file.from + skip }
  return { entry, from: wanted.from, body: skip === 0 && take === undefined ? body : cutStream(body, skip, take), file }
}

/** The stream without its first `skip` bytes, ended after `take`; ending frees the rest. */
async function* cutStream(stream: ByteStream, skip: number, take: number | undefined): AsyncGenerator<Bytes> {
  let toSkip = skip
  let left = take ?? Number.POSITIVE_INFINITY
  if (left === 0) {
    await endUnread(stream)
    return
  }
  for await (const chunk of stream) {
    if (toSkip >= chunk.byteLength) {
      toSkip -= chunk.byteLength
      continue
    }
    const part = chunk.subarray(toSkip, Math.min(chunk.byteLength, toSkip + left))
    toSkip = 0
    left -= part.byteLength
    yield part
    if (left === 0) return
  }
}
