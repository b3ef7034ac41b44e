import { storageError, toStream, type Bytes, type ByteStream, type Source } from '@kit/core'
import { goMode, unixTime } from './file-mode.ts'

/** One entry of an upload, as `ipfs add` takes it. */
export interface Part {
  /** Name of the form's field: `file`, for most commands. */
  readonly field?: string | undefined
  /** Path in the tree that is added, `/`-joined. */
  readonly path?: string | undefined
  /** Default: a file. The body of a link is its target; a directory has none. */
  readonly kind?: 'file' | 'directory' | 'link' | undefined
  readonly body?: Source | undefined
  /** POSIX permission bits. */
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

const types = { file: 'application/octet-stream', directory: 'application/x-directory', link: 'application/symlink' }
const encoder = new TextEncoder()

/** How much of a body at hand is given at once, in bytes. */
const pieceBytes = 1 << 20

/** A form of parts as a stream (RFC 7578; names, attributes and types as Kubo reads them). */
export function formOf(parts: Iterable<Part> | AsyncIterable<Part>): {
  readonly type: string
  /** Length in bytes, where it is known of one part. */
  readonly size: number | undefined
  readonly chunks: ByteStream
} {
  const boundary = `kit-${crypto.randomUUID()}`
  const tail = encoder.encode(`--${boundary}--\r\n`)
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    size: Array.isArray(parts) ? sizeOf(parts, boundary, tail) : undefined,
    chunks: chunksOf(parts, boundary, tail),
  }
}

function sizeOf(parts: readonly Part[], boundary: string, tail: Bytes): number | undefined {
  let size = tail.byteLength
  for (const part of parts) {
    const body = part.body === undefined ? 0 : (part.body.bytes?.byteLength ?? part.body.size)
    if (body === undefined) return undefined
    size += headOf(part, boundary).byteLength + body + 2
  }
  return size
}

function headOf({ field = 'file', path, kind = 'file', mode, modified }: Part, boundary: string): Bytes {
  const attributes = new URLSearchParams()
  if (mode !== undefined) attributes.set('mode', `0${goMode(mode).toString(8)}`)
  if (modified !== undefined) {
    const { seconds, nanoseconds } = unixTime(modified)
    attributes.set('mtime', String(seconds))
    if (nanoseconds > 0) attributes.set('mtime-nsecs', String(nanoseconds))
  }
  const name = attributes.size === 0 ? field : `${field}?${attributes.toString()}`
  if (path?.isWellFormed() === false) {
    throw storageError('InvalidKey', `${JSON.stringify(path)} is no text: half of a surrogate pair is missing`)
  }
  // Kubo decodes names as a form does, where a plus is a space.
  const file = path === undefined ? '' : `; filename="${encodeURIComponent(path)}"`
  const lines = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${name}"${file}`,
    `Content-Type: ${types[kind]}`,
  ]
  return encoder.encode(`${lines.join('\r\n')}\r\n\r\n`)
}

async function* chunksOf(
  parts: Iterable<Part> | AsyncIterable<Part>,
  boundary: string,
  tail: Bytes,
): AsyncGenerator<Bytes> {
  for await (const part of parts) {
    yield headOf(part, boundary)
    if (part.body !== undefined) yield* bodyOf(part.body)
    yield encoder.encode('\r\n')
  }
  yield tail
}

async function* bodyOf(source: Source): AsyncGenerator<Bytes> {
  const { bytes, size } = source
  if (bytes !== undefined) {
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
    return
  }
  const stream = source.open(0)
  if (stream === null) throw storageError('InvalidConfig', 'a source gave no stream at its first opening')
  let sent = 0
  for await (const chunk of toStream(stream)) {
    sent += chunk.byteLength
    if (size !== undefined && sent > size) throw wrongSize(size, `more than ${size}`)
    yield chunk
  }
  if (size !== undefined && sent !== size) throw wrongSize(size, String(sent))
}

function wrongSize(size: number, came: string): Error {
  return storageError('Corrupt', `the body has ${came} bytes instead of ${size}: nothing was stored`)
}
