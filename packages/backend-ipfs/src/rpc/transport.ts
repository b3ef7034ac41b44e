import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { once } from 'node:events'
import { storageError, throwIfAborted } from '@kit/core'
import { kuboError, wireError } from '../ipfs-errors.ts'
import { chooseAddress, isPrivate, nameOf, type KuboAddress } from './address.ts'
import { formOf, type Part } from './multipart.ts'

export interface TransportOptions {
  readonly address: KuboAddress
  /** Preferred while it is there. */
  readonly socket?: KuboAddress | undefined
  /** The Authorization header, asked for before each call. */
  readonly authorization?: (() => Promise<string | undefined>) | undefined
  /** Sends the Authorization header unencrypted to another machine. */
  readonly plainHttp?: boolean | undefined
  /** Connections at once. */
  readonly connections: number
  /** Longest time in ms without a byte in either direction; 0: whoever calls watches over that. */
  readonly stallMs: number
}

/** Of a command; a list is given as often as it has members. */
export type Options = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface Asked {
  /** Arguments of the command. */
  readonly args?: readonly string[] | undefined
  readonly options?: Options | undefined
  /** What is uploaded. */
  readonly parts?: Iterable<Part> | AsyncIterable<Part> | undefined
  /** The call may change something, so that a lost answer leaves open whether it has. */
  readonly changes?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** The answer may be silent for as long as it likes: a subscription. */
  readonly quiet?: boolean | undefined
}

/** A 200 whose body has not been taken. */
export interface Answer {
  readonly response: IncomingMessage
  /** Bytes of the body as they come. @throws what became of it, also what Kubo says after the last byte (X-Stream-Error) */
  body(): AsyncGenerator<Uint8Array>
  /** Drops the body and frees the connection. */
  drop(): void
}

export interface Transport {
  /** POST `/api/v0/COMMAND`. Rejects with what Kubo says where that is no success, and with a source's own failure as it came. */
  send(command: string, asked: Asked): Promise<Answer>
  /** Ends every connection. */
  close(): Promise<void>
}

/** An idle connection is dropped after so many ms: sooner than servers and proxies do it, so that no upload is given to a dead one. */
const idleMs = 4000

/** How much of a refusal is read, in bytes. */
const refusalBytes = 64 * 1024

export function kuboTransport(options: TransportOptions): Transport {
  // The socket used last is used next, so that others may age. The time is that of idle ones: a call has a clock of its own.
  const pool = { keepAlive: true, maxSockets: options.connections, scheduling: 'lifo', timeout: idleMs } as const
  const agents = { http: new HttpAgent(pool), https: new HttpsAgent(pool) }
  const running = new Set<ClientRequest>()
  let closed = false

  async function send(command: string, asked: Asked): Promise<Answer> {
    const { signal, changes = false } = asked
    if (signal !== undefined) throwIfAborted(signal)
    const address = chooseAddress(options.address, options.socket)
    const authorization = await options.authorization?.()
    if (authorization !== undefined && !isPrivate(address) && options.plainHttp !== true) {
      const text = `a login would go unencrypted to ${nameOf(address)}: use https://, or set \`plainHttp\``
      throw storageError('InvalidConfig', text)
    }
    if (signal !== undefined) throwIfAborted(signal)
    if (closed) throw storageError('Aborted', 'the store is closed')
    const form = asked.parts === undefined ? undefined : formOf(asked.parts)
    const headers = {
      ...(authorization !== undefined && { authorization }),
      ...(form !== undefined && { 'content-type': form.type }),
      ...(form === undefined ? { 'content-length': 0 } : form.size !== undefined && { 'content-length': form.size }),
    }
    const path = `${address.base}/${command}${queryOf(asked)}`
    const target =
      address.kind === 'socket'
        ? { socketPath: address.path, path, agent: agents.http }
        : {
            host: address.url.hostname.replace(/^\[|\]$/g, ''),
            port: address.url.port === '' ? undefined : Number(address.url.port),
            path,
            agent: address.url.protocol === 'https:' ? agents.https : agents.http,
          }
    const ask = address.kind === 'http' && address.url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = ask({ ...target, method: 'POST', headers })
    running.add(request)
    const call = new Call(request, asked, nameOf(address), asked.quiet === true ? 0 : options.stallMs)
    request.once('close', () => {
      running.delete(request)
      call.end()
    })
    const response = await call.answer(form?.chunks)
    if (response.statusCode === 200) return call.taken(response)
    const text = await call.refusal(response)
    throw kuboError(text, { status: response.statusCode, changes, retryAfter: response.headers['retry-after'] })
  }

  return {
    send,
    async close() {
      closed = true
      const over = [...running].filter((request) => !request.closed).map((request) => once(request, 'close'))
      for (const request of running) request.destroy(storageError('Aborted', 'the store was closed'))
      agents.http.destroy()
      agents.https.destroy()
      await Promise.allSettled(over)
    },
  }
}

function queryOf({ args = [], options = {} }: Asked): string {
  const query = args.map((arg) => `arg=${encoded(arg)}`)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const values = typeof value === 'object' ? value : [String(value)]
    for (const each of values) query.push(`${name}=${encoded(each)}`)
  }
  return query.length === 0 ? '' : `?${query.join('&')}`
}

function encoded(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text)
  throw storageError('InvalidConfig', `${JSON.stringify(text)} is no text: half of a surrogate pair is missing`)
}

/** One request with all that may end it: the caller's signal, a stall, its source, the daemon. The first that comes is what is thrown. */
class Call {
  readonly #request: ClientRequest
  readonly #asked: Asked
  readonly #where: string
  readonly #stallMs: number
  #failure: { readonly error: unknown } | undefined
  #clock: NodeJS.Timeout | undefined
  /** The source is awaited and not the daemon. */
  #sourceIsAwaited = false

  constructor(request: ClientRequest, asked: Asked, where: string, stallMs: number) {
    this.#request = request
    this.#asked = asked
    this.#where = where
    this.#stallMs = stallMs
    // Whoever waits hears of it; a failure after the last byte is nobody's.
    request.on('error', () => undefined)
    asked.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  readonly #onAbort = (): void => void this.#request.destroy()

  end(): void {
    this.#asked.signal?.removeEventListener('abort', this.#onAbort)
    clearTimeout(this.#clock)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#request.destroy()
  }

  /** Runs while somebody waits for the daemon. */
  #startClock(): void {
    if (this.#stallMs === 0) return
    clearTimeout(this.#clock)
    this.#clock = setTimeout(() => {
      if (this.#sourceIsAwaited) return this.#startClock()
      const text = `${this.#where} has not moved a byte for ${this.#stallMs} ms`
      this.#fail(storageError('Timeout', text, { applied: this.#asked.changes === true ? 'maybe' : 'no' }))
    }, this.#stallMs)
  }

  #error(error: unknown): unknown {
    if (this.#failure !== undefined && this.#asked.signal?.aborted !== true) return this.#failure.error
    return wireError(error, this.#asked.signal, this.#where, this.#asked.changes === true)
  }

  /** Sends what there is to send and gives the answer as soon as it begins, which may be before all is sent. */
  async answer(chunks: AsyncIterable<Uint8Array> | undefined): Promise<IncomingMessage> {
    const answered = Promise.withResolvers<IncomingMessage>()
    this.#request.once('response', answered.resolve)
    this.#request.once('error', answered.reject)
    this.#request.once('close', () => answered.reject(new Error('the connection ended before an answer')))
    this.#startClock()
    if (chunks === undefined) this.#request.end()
    else void this.#pump(chunks)
    try {
      return await answered.promise
    } catch (error) {
      throw this.#error(error)
    } finally {
      clearTimeout(this.#clock)
    }
  }

  async #pump(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const request = this.#request
    try {
      this.#sourceIsAwaited = true
      for await (const chunk of chunks) {
        if (request.destroyed) return
        if (request.write(chunk)) continue
        this.#sourceIsAwaited = false
        this.#startClock()
        await new Promise<void>((resolve) => {
          const goOn = (): void => {
            request.off('drain', goOn).off('close', goOn)
            resolve()
          }
          request.once('drain', goOn).once('close', goOn)
        })
        clearTimeout(this.#clock)
        this.#sourceIsAwaited = true
      }
      this.#sourceIsAwaited = false
      this.#startClock()
      request.end()
    } catch (error) {
      this.#fail(error)
    }
  }

  taken(response: IncomingMessage): Answer {
    return { response, body: () => this.#body(response), drop: () => void this.#request.destroy() }
  }

  async *#body(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    let whole = false
    try {
      this.#startClock()
      for await (const chunk of response) {
        clearTimeout(this.#clock)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no encoding is set, so chunks are buffers
        yield chunk as Uint8Array
        this.#startClock()
      }
      if (!response.complete) throw new Error('the answer ended too soon')
      whole = true
    } catch (error) {
      throw this.#error(error)
    } finally {
      clearTimeout(this.#clock)
      if (!whole) this.#request.destroy()
    }
    const said = response.trailers['x-stream-error']
    if (said !== undefined) throw kuboError(said, { changes: this.#asked.changes === true })
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The sentence of an answer that is no success. What is still being sent is not waited for. */
  async refusal(response: IncomingMessage): Promise<string> {
    const parts: Buffer[] = []
    let size = 0
    try {
      this.#startClock()
      for await (const chunk of response) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no encoding is set, so chunks are buffers
        parts.push(chunk as Buffer)
        size += parts.at(-1)?.byteLength ?? 0
        if (size > refusalBytes) break
      }
    } catch {
      // The status says enough.
    }
    clearTimeout(this.#clock)
    if (!this.#request.writableFinished) this.#request.destroy()
    if (this.#asked.signal?.aborted === true) throw this.#error(undefined)
    return sentenceOf(Buffer.concat(parts).toString('utf8'))
  }
}

/** Kubo says `{"Message": …, "Code": …, "Type": "error"}`; what stands before it may say anything. */
function sentenceOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    const message: unknown = Reflect.get(Object(value), 'Message')
    if (typeof message === 'string') return message
  } catch {
    // Plain text.
  }
  return text.startsWith('<') ? '' : text.trim()
}
