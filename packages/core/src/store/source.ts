import type { ByteStream, Bytes, LocalFile, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { relay } from './relay.ts'
import type { Body, Progress } from './store.ts'

const encoder = new TextEncoder()

/** A body as a Source. Text, bytes and buffers are at hand; blobs can be replayed; streams are one-shot. */
export function toSource(body: Body, size?: number): Source {
  if (typeof body === 'string') return bytesSource(encoder.encode(body))
  if (body instanceof Uint8Array) return bytesSource(ownBytes(body))
  if (body instanceof ArrayBuffer) return bytesSource(new Uint8Array(body))
  if (body instanceof Blob) return blobSource(body)
  if (isSource(body))
    return size === undefined || body.size !== undefined ? body : { ...body, size, open: (from) => body.open(from) }
  return streamSource(body, size)
}

export function bytesSource(bytes: Bytes): Source {
  return { size: bytes.byteLength, bytes, open: (from) => once(bytes.subarray(from)) }
}

function blobSource(blob: Blob): Source {
  return {
    size: blob.size,
    version: `blob-${blob.size}`,
    open: (from) => chunksOf(blob.slice(from).stream()),
  }
}

function streamSource(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  size: number | undefined,
): Source {
  let opened = false
  return {
    size,
    open(from) {
      if (opened || from !== 0) return null
      opened = true
      return chunksOf(stream)
    },
  }
}

function isSource(body: object): body is Source {
  return 'open' in body && typeof body.open === 'function'
}

/** Plain bytes: Node's Buffers as what they are underneath, shared memory copied. */
export function ownBytes(bytes: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = bytes
  if (!(buffer instanceof ArrayBuffer)) return new Uint8Array(bytes)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- just checked
  return bytes.constructor === Uint8Array ? (bytes as Bytes) : new Uint8Array(buffer, byteOffset, byteLength)
}

async function* chunksOf(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Bytes> {
  // Web streams are async iterable on Node, but not in every type library.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    if (!(chunk instanceof Uint8Array)) {
      throw storageError('InvalidConfig', `a body stream gives Uint8Array chunks, not ${typeof chunk}`)
    }
    if (chunk.byteLength > 0) yield ownBytes(chunk)
  }
}

async function* once(bytes: Bytes): AsyncGenerator<Bytes> {
  if (bytes.byteLength > 0) yield bytes
}

/** A body, whole or streamed, as a stream. */
export function toStream(body: Bytes | ByteStream): ByteStream {
  return body instanceof Uint8Array ? once(body) : body
}

/**
 * Ends a stream that nobody started. An async generator runs no `finally` before its first step, so it is given that step first.
 */
export async function endUnread(body: Bytes | ByteStream): Promise<void> {
  if (!(body instanceof Uint8Array)) await endable(body).return()
}

export interface Endable<Item> {
  next(): Promise<IteratorResult<Item, unknown>>
  return(): Promise<IteratorResult<Item, unknown>>
}

/** An iterator of the stream whose `return()` frees what the stream holds even where nothing was pulled. */
export function endable<Item>(stream: AsyncIterable<Item>): Endable<Item> {
  const iterator = stream[Symbol.asyncIterator]()
  let started = false
  let ended = false
  return {
    next() {
      started = true
      return iterator.next()
    },
    async return() {
      if (ended) return { done: true, value: undefined }
      ended = true
      if (!started) await iterator.next().catch(() => undefined)
      await iterator.return?.()
      return { done: true, value: undefined }
    },
  }
}

/** All bytes of a stream in one piece. @throws TooLarge beyond `maxBytes`. */
export async function collect(body: Bytes | ByteStream, maxBytes: number = Number.POSITIVE_INFINITY): Promise<Bytes> {
  if (body instanceof Uint8Array) {
    if (body.byteLength > maxBytes) throw tooLarge(maxBytes)
    return body
  }
  const chunks: Bytes[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return join(chunks, size)
}

function tooLarge(maxBytes: number): Error {
  return storageError('TooLarge', `the body has more than the ${maxBytes} bytes that the caller allows`)
}

function join(chunks: readonly Bytes[], size: number): Bytes {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

/** What a source has done so far: its own failure is not the store's. */
export interface Watched {
  readonly source: Source
  readonly failed: boolean
  readonly failure: unknown
}

/** The source with its size enforced: a body of another length fails before its end is told. A pull that waits ends with the signal. */
export function watchSource(
  source: Source,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((progress: Progress) => void) | undefined
    readonly onFailure?: (() => void) | undefined
  } = {},
): Watched {
  const { size, bytes, version, file } = source
  let copied = 0
  const onCopied = (count: number): void => {
    // Copied again from the beginning where the call is repeated.
    copied = Math.min(copied + count, size ?? copied + count)
    options.onProgress?.({ bytes: copied, total: size })
  }
  const state: { failed: boolean; failure: unknown } = { failed: false, failure: undefined }
  const watch = (stream: ByteStream, from: number): ByteStream => {
    let at = from
    return relay(stream, {
      signal: options.signal,
      onChunk(chunk) {
        at += chunk.byteLength
        if (size !== undefined && at > size) throw wrongLength(undefined, size)
        options.onProgress?.({ bytes: at, total: size })
      },
      onEnd() {
        if (size !== undefined && at < size) throw wrongLength(at, size)
      },
      onFailure(failure) {
        state.failed = true
        state.failure = failure
        options.onFailure?.()
      },
    })
  }
  return {
    source: {
      size: size ?? bytes?.byteLength,
      bytes,
      version,
      file: file && watchFile(file, onCopied),
      open(from) {
        const stream = source.open(from)
        return stream === null ? null : watch(stream, from)
      },
    },
    get failed() {
      return state.failed
    },
    get failure() {
      return state.failure
    },
  }
}

/** The same file; who copies it tells one more. */
export function watchFile(file: LocalFile, onCopied: (bytes: number) => void): LocalFile {
  const copied = (bytes: number): void => {
    onCopied(bytes)
    file.copied?.(bytes)
  }
  return { ...file, copied }
}

/** For bytes at hand, which need no watching. @throws Corrupt where they are not as long as the source says */
export function requireLength({ bytes, size }: Source): void {
  if (bytes !== undefined && size !== undefined && bytes.byteLength !== size) throw wrongLength(bytes.byteLength, size)
}

function wrongLength(got: number | undefined, size: number): Error {
  const text = got === undefined ? `more than the ${size}` : `${got} bytes, not the ${size}`
  return storageError('Corrupt', `the body has ${text} bytes that \`size\` says; nothing was published`)
}

/** A source that knows how long it is: one of unknown length is taken into memory up to a bound. @throws TooLarge beyond it */
export async function sizedSource(source: Source, maxBytes: number, signal: AbortSignal): Promise<Source> {
  if (source.size !== undefined) return source
  const stream = source.open(0)
  if (stream === null) throw storageError('InvalidConfig', 'a source gave no stream at its first opening')
  try {
    return bytesSource(await collect(relay(stream, { signal }), maxBytes))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'TooLarge') {
      throw storageError(
        'TooLarge',
        `the store needs to know the length of a body over ${maxBytes} bytes: give \`size\``,
      )
    }
    throw error
  }
}

/**
 * Makes a one-shot source replayable while little of it has been taken: the first bytes are kept (copied, for the chunks belong to whoever
 * pulled them) until there are too many.
 */
export class ReplayBuffer {
  readonly #source: Source
  readonly #maxBytes: number
  #kept: Bytes[] = []
  #keptBytes = 0
  #overflown = false
  #inner: AsyncIterator<Bytes> | undefined
  #innerDone = false
  #pulling: Promise<Bytes | undefined> | undefined
  /** The stream was opened and something of it cannot be given again. */
  #spent = false
  readonly source: Source
  failed = false

  constructor(source: Source, maxBytes: number) {
    this.#source = source
    this.#maxBytes = maxBytes
    const replayable = source.bytes !== undefined || source.version !== undefined
    this.source = replayable
      ? { ...source, open: (from) => this.#openSource(from) }
      : { size: source.size, file: source.file, open: (from) => this.#openBuffered(from) }
  }

  /** Whether the whole source can be given once more. */
  get canReplay(): boolean {
    return !this.failed && !this.#spent
  }

  /** Lets go of a one-shot source; does not wait for one that stands still. */
  dispose(): void {
    this.#kept = []
    const inner = this.#inner
    this.#inner = undefined
    if (inner !== undefined && !this.#innerDone) inner.return?.().catch(() => undefined)
  }

  #openSource(from: number): ByteStream | null {
    const stream = this.#source.open(from)
    if (stream === null) this.#spent = true
    return stream === null ? null : relay(stream, { onFailure: () => (this.failed = true) })
  }

  #openBuffered(from: number): ByteStream | null {
    if (from !== 0 || this.#overflown) return null
    if (this.#inner === undefined) {
      const stream = this.#source.open(0)
      if (stream === null) return null
      this.#inner = stream[Symbol.asyncIterator]()
    }
    return this.#replay(this.#inner)
  }

  /**
   * What was kept, then the rest. Ending it early leaves the source open, for another try. A pull that the last try did not wait for
   * is waited for by the next one: no chunk falls between them.
   */
  #replay(inner: AsyncIterator<Bytes>): ByteStream {
    let at = 0
    const replayed: AsyncIterator<Bytes, undefined> = {
      next: async () => {
        const again = this.#kept[at]
        if (again !== undefined && !this.#overflown) {
          at++
          return { done: false, value: again.slice() }
        }
        if (this.#innerDone) return { done: true, value: undefined }
        this.#pulling ??= this.#pull(inner)
        const chunk = await this.#pulling
        at++
        return chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk }
      },
      return: async () => ({ done: true, value: undefined }),
    }
    return { [Symbol.asyncIterator]: () => replayed }
  }

  async #pull(inner: AsyncIterator<Bytes>): Promise<Bytes | undefined> {
    try {
      const step = await inner.next()
      if (step.done === true) {
        this.#innerDone = true
        return undefined
      }
      this.#keep(step.value)
      return step.value
    } catch (error) {
      this.failed = true
      this.#innerDone = true
      throw error
    } finally {
      this.#pulling = undefined
    }
  }

  #keep(chunk: Bytes): void {
    if (this.#overflown) return
    if (this.#keptBytes + chunk.byteLength > this.#maxBytes) {
      this.#overflown = true
      this.#spent = true
      this.#kept = []
      return
    }
    this.#kept.push(chunk.slice())
    this.#keptBytes += chunk.byteLength
  }
}
