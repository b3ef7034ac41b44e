import type { Bytes, ByteStream, LocalFile, ReadResult } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { collect, endable, endUnread, toStream, type Endable } from './source.ts'
import type { Progress, Reading, StoreEntry } from './store.ts'

const decoder = new TextDecoder()
type Limit = { readonly maxBytes?: number | undefined }

/** The call that a body belongs to. */
export interface ReadingCall {
  /** Cancels it. */
  free(): void
  /** Fills in what an error lacks. */
  failure(error: unknown): Error
}

/** A read result in the hands of a program. The body can be taken once. */
export class StoreReading implements Reading {
  readonly entry: StoreEntry
  readonly from: number
  readonly size: number | undefined
  readonly file: LocalFile | undefined
  #body: Bytes | ByteStream | undefined
  #taken: Endable<Bytes> | undefined
  #ended = false

  readonly #call: ReadingCall

  constructor(
    { entry, from, body, file }: ReadResult & { readonly entry: StoreEntry },
    size: number | undefined,
    call: ReadingCall,
  ) {
    this.#call = call
    this.file = file
    this.entry = entry
    this.from = from
    this.size = body instanceof Uint8Array ? body.byteLength : size
    this.#body = body
  }

  get whole(): Bytes | undefined {
    return this.#body instanceof Uint8Array ? this.#body : undefined
  }

  async bytes(options: Limit = {}): Promise<Bytes> {
    try {
      const body = this.#take()
      return await collect(body instanceof Uint8Array ? body : this.#track(body), options.maxBytes)
    } catch (error) {
      throw this.#call.failure(error)
    }
  }

  async text(options: Limit = {}): Promise<string> {
    return decoder.decode(await this.bytes(options))
  }

  async json(options: Limit = {}): Promise<unknown> {
    const text = await this.text(options)
    try {
      return JSON.parse(text)
    } catch (error) {
      throw this.#call.failure(storageError('Corrupt', 'the body is no JSON', { cause: error }))
    }
  }

  async blob(options: Limit = {}): Promise<Blob> {
    return new Blob([await this.bytes(options)], { type: this.entry.contentType ?? '' })
  }

  stream(): ReadableStream<Bytes> {
    const iterator = this[Symbol.asyncIterator]()
    return new ReadableStream<Bytes>(
      {
        async pull(controller) {
          const step = await iterator.next()
          if (step.done === true) controller.close()
          else controller.enqueue(step.value)
        },
        async cancel() {
          await iterator.return?.()
        },
      },
      { highWaterMark: 0 },
    )
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes> {
    return this.#track(toStream(this.#take()))[Symbol.asyncIterator]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const body = this.#body
    this.#body = undefined
    if (body instanceof Uint8Array || (body === undefined && this.#taken === undefined)) return
    if (body !== undefined) {
      this.#call.free()
      await endUnread(body)
      return
    }
    if (this.#ended) return
    this.#call.free()
    await this.#taken?.return()
  }

  #take(): Bytes | ByteStream {
    const body = this.#body
    if (body === undefined) {
      throw this.#call.failure(storageError('InvalidConfig', 'the body has been taken already; read again for another'))
    }
    this.#body = undefined
    return body
  }

  /** Remembers the iterator, so that disposing can end it. */
  #track(stream: ByteStream): ByteStream {
    const iterator = endable(stream)
    this.#taken = iterator
    const tracked: AsyncIterator<Bytes> = {
      next: async () => {
        const step = await iterator.next()
        if (step.done === true) this.#ended = true
        return step
      },
      return: async () => {
        // Whoever ends early wants nothing more, not even from a store that hangs.
        if (!this.#ended) this.#call.free()
        this.#ended = true
        return iterator.return()
      },
    }
    return { [Symbol.asyncIterator]: () => tracked }
  }
}

/** The stream with its progress told. */
export async function* reportProgress(
  stream: ByteStream,
  total: number | undefined,
  onProgress: (progress: Progress) => void,
): AsyncGenerator<Bytes> {
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.byteLength
    onProgress({ bytes, total })
    yield chunk
  }
}
