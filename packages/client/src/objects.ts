import { brokenError, KitApiError } from './api-error.ts'
import { fillPath, type Connection } from './connection.ts'

/** Half-open in bytes: `{from: 0, to: 1}` is the first byte; `{last: n}` the final n. */
export type ByteRange = { readonly from: number; readonly to?: number | undefined } | { readonly last: number }

export interface ReadOptions {
  readonly range?: ByteRange | undefined
  readonly ifMatch?: string | undefined
  /** Fails with `NotModified` where the object is still in that state. */
  readonly ifNoneMatch?: string | undefined
  readonly version?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface WriteOptions {
  readonly ifAbsent?: boolean | undefined
  readonly ifMatch?: string | undefined
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  /** Names are lower-case ASCII tokens. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly modified?: Date | undefined
  /** POSIX permission bits. */
  readonly mode?: number | undefined
  /** SHA-256 of the body, lower-case hexadecimal; a body that does not match is not kept. */
  readonly sha256?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What may be written. */
export type ObjectBody = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

/** An object's bytes, or a part of them. */
export interface ObjectReading {
  /** To be read to its end or cancelled. What comes is as it is stored, unless it is stored with a content coding, which the platform undoes. */
  readonly body: ReadableStream<Uint8Array>
  /** Of the whole object, in bytes, where the server tells it. */
  readonly size: number | undefined
  /** Offset of the first byte of `body`. */
  readonly from: number
  readonly etag: string | undefined
  readonly contentType: string | undefined
  /** All that the server told in headers. */
  readonly headers: Headers
}

const path = '/api/v1/stores/{store}/objects/{key}'

/** The bytes of an object, as they arrive. */
export async function readObject(
  connection: Connection,
  store: string,
  key: string,
  { range, ifMatch, ifNoneMatch, version, signal }: ReadOptions,
): Promise<ObjectReading> {
  const headers = headersOf({ range: rangeText(range), 'if-match': ifMatch, 'if-none-match': ifNoneMatch })
  const query = version === undefined ? '' : `?version=${encodeURIComponent(version)}`
  const url = connection.base + fillPath(path, { store, key }) + query
  const response = await connection.ask(new Request(url, { headers, ...(signal && { signal }) }))
  const { headers: told } = response
  const part = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(told.get('content-range') ?? '')
  if (response.status === 206 && part === null) {
    await response.body?.cancel()
    throw new KitApiError({ code: 'Corrupt', message: 'the server sent a part without saying which' }, { status: 206 })
  }
  const total = part === null ? told.get('content-length') : part[2]
  return {
    body: response.body ?? new ReadableStream({ start: (controller) => controller.close() }),
    size: total === null || total === undefined || total === '*' ? undefined : Number(total),
    from: Number(part?.[1] ?? 0),
    etag: told.get('etag') ?? undefined,
    contentType: told.get('content-type') ?? undefined,
    headers: told,
  }
}

/**
 * Writes an object, all or nothing. A stream is sent in chunks, as it is pulled; browsers send one only over HTTP/2, so give them a Blob.
 * Gives the entry of what was written.
 */
export async function writeObject(
  connection: Connection,
  store: string,
  key: string,
  body: ObjectBody,
  { ifAbsent, ifMatch, metadata = {}, modified, mode, sha256, signal, ...given }: WriteOptions,
): Promise<unknown> {
  const headers = headersOf({
    'if-none-match': ifAbsent === true ? '*' : undefined,
    'if-match': ifMatch,
    'content-type': given.contentType,
    'content-encoding': given.contentEncoding,
    'content-disposition': given.contentDisposition,
    'cache-control': given.cacheControl,
    'x-kit-modified': modified?.toISOString(),
    'x-kit-mode': mode?.toString(8),
    'content-digest': sha256 === undefined ? undefined : `sha-256=:${base64(sha256)}:`,
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`x-kit-meta-${name}`, encodeURIComponent(value)]),
    ),
  })
  const url = connection.base + fillPath(path, { store, key })
  const init = { method: 'PUT', headers, body, ...(signal && { signal }) }
  const request =
    body instanceof ReadableStream ? new Request(url, { ...init, duplex: 'half' }) : new Request(url, init)
  const response = await connection.ask(request)
  try {
    const answer: unknown = await response.json()
    return Reflect.get(Object(answer), 'entry')
  } catch (error) {
    throw brokenError(error, signal, true)
  }
}

function headersOf(given: Readonly<Record<string, string | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers.set(name, value)
  return headers
}

function rangeText(range: ByteRange | undefined): string | undefined {
  if (range === undefined) return undefined
  if ('last' in range) return `bytes=-${range.last}`
  return `bytes=${range.from}-${range.to === undefined ? '' : range.to - 1}`
}

function base64(hex: string): string {
  return btoa(String.fromCharCode(...Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))))
}
