import type { ByteRange, Bytes, ByteStream, Context, Entry, ReadResult } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { fetchError } from './errors.ts'

/** The Range header of a range; `to` is exclusive with us and inclusive there. An empty range has none: ask for nothing instead. */
export function rangeHeader(range: ByteRange | undefined): string | undefined {
  if (range === undefined) return undefined
  if ('last' in range) return `bytes=-${range.last}`
  return `bytes=${range.from}-${range.to === undefined ? '' : range.to - 1}`
}

/** Size, etag, type, times and the like, as headers of a whole or partial answer tell them. */
export function entryFromHeaders(headers: Headers, key: string): Entry {
  const text = (name: string): string | undefined => headers.get(name) ?? undefined
  const range = contentRange(headers)
  const length = headers.get('content-length')
  // A coded body has another length than the object.
  const size = range?.total ?? (length === null || headers.has('content-encoding') ? undefined : Number(length))
  const modified = Date.parse(headers.get('last-modified') ?? '')
  return {
    kind: 'file',
    key,
    size,
    etag: text('etag'),
    contentType: text('content-type'),
    contentEncoding: text('content-encoding'),
    contentDisposition: text('content-disposition'),
    cacheControl: text('cache-control'),
    modified: Number.isNaN(modified) ? undefined : new Date(modified),
  }
}

/** Content-Range (RFC 9110 §14.4), offsets half-open. */
function contentRange(
  headers: Headers,
): { readonly from: number; readonly to: number; readonly total?: number } | undefined {
  const match = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(headers.get('content-range') ?? '')
  // What Go's servers say of a suffix of an empty object.
  if (/^\s*bytes\s+0--1\/0\s*$/i.test(headers.get('content-range') ?? '')) return { from: 0, to: 0, total: 0 }
  if (match === null) return undefined
  const total = match[3] === '*' ? {} : { total: Number(match[3]) }
  return { from: Number(match[1]), to: Number(match[2]) + 1, ...total }
}

/** Answers of up to so many bytes are taken at once, without a stream. */
const wholeBytes = 64 * 1024

/**
 * The answer to a GET, with or without Range, as a read result: `from` is what Content-Range says was sent, and 0 of a server that
 * ignored the range. The body is freed when it is ended early or the call is aborted.
 * @throws Corrupt for a 206 without a usable Content-Range
 */
export async function readResponse(context: Context, response: Response, key: string): Promise<ReadResult> {
  const range = contentRange(response.headers)
  if (response.status === 206 && range === undefined) {
    await response.body?.cancel()
    throw storageError('Corrupt', 'the server sent a part (206) without saying which (Content-Range)')
  }
  const entry = entryFromHeaders(response.headers, key)
  const from = range?.from ?? 0
  const length = range === undefined ? entry.size : range.to - range.from
  if (length !== undefined && length <= wholeBytes) return { entry, from, body: await whole(context, response, length) }
  return { entry, from, body: streamed(context, response) }
}

async function whole(context: Context, response: Response, length: number): Promise<Bytes> {
  let bytes: Bytes
  try {
    bytes = new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw fetchError(error, context)
  }
  if (bytes.byteLength === length) return bytes
  throw storageError('Unavailable', `the body ended at ${bytes.byteLength} of ${length} bytes`)
}

function streamed(context: Context, response: Response): ByteStream {
  const reader = response.body?.getReader()
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const step = await reader?.read()
          if (step === undefined || step.done) return { done: true, value: undefined }
          return { done: false, value: step.value }
        } catch (error) {
          throw fetchError(error, context)
        }
      },
      async return() {
        await reader?.cancel().catch(() => undefined)
        return { done: true, value: undefined }
      },
    }),
  }
}
