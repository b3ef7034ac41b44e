import type { Bytes, ByteStream, Context, Source } from '../backend/index.ts'
import { isStorageError, storageError, throwIfAborted } from '../errors/index.ts'
import { fetchError, responseError, type StatusCodes } from './errors.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: string | URL
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** The body: of known size it is sent with Content-Length, else in chunks. */
  readonly source?: Source | undefined
  readonly body?: string | Bytes | undefined
  /** Statuses that are answers, besides 2xx. */
  readonly accept?: readonly number[] | undefined
  /** Codes of statuses that mean something else here. */
  readonly codes?: StatusCodes | undefined
  /** Whether the request may change something. Default: every method but GET, HEAD, OPTIONS, PROPFIND, REPORT, SEARCH. */
  readonly changes?: boolean | undefined
  /** Default `manual`: a redirect is an error, for it may lead anywhere. */
  readonly redirect?: 'manual' | 'follow' | undefined
}

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT', 'SEARCH'])

/**
 * Sends one request and gives its answer when it is a success, or one that `accept` names; everything else is thrown as a StorageError, its
 * body freed. A failing source is thrown as it failed. The answer's body is the caller's to take or cancel.
 */
export async function request(context: Context, given: HttpRequest): Promise<Response> {
  throwIfAborted(context.signal)
  const changes = given.changes ?? !reading.has(given.method)
  const headers = new Headers()
  for (const [name, value] of Object.entries(given.headers ?? {})) if (value !== undefined) headers.set(name, value)
  const outgoing = given.source === undefined ? undefined : outgoingBody(given.source, headers)
  let response: Response
  try {
    response = await fetch(given.url, {
      method: given.method,
      headers,
      signal: context.signal,
      // Any other way fetch keeps a streamed body in memory, to send it again where a redirect leads.
      redirect: outgoing !== undefined && outgoing.init.duplex === 'half' ? 'error' : (given.redirect ?? 'manual'),
      ...(outgoing === undefined ? (given.body === undefined ? {} : { body: given.body }) : outgoing.init),
    } satisfies RequestInit & { duplex?: 'half' })
  } catch (error) {
    if (outgoing?.failed === true) throw outgoing.failure
    throw fetchError(error, context, changes)
  }
  if (response.ok || given.accept?.includes(response.status) === true) return response
  const failure = await responseError(response, { codes: given.codes, changes })
  if (response.status >= 300 && response.status < 400 && !isNotModified(response)) {
    const to = response.headers.get('location') ?? 'nowhere'
    throw storageError('Unexpected', `the server redirects to ${to}, which is not followed: configure that address`, {
      status: response.status,
      cause: failure,
    })
  }
  throw failure
}

function isNotModified(response: Response): boolean {
  return response.status === 304
}

interface Outgoing {
  readonly init: { readonly body: Bytes | ReadableStream<Bytes>; readonly duplex?: 'half' }
  readonly failed: boolean
  readonly failure: unknown
}

function outgoingBody(source: Source, headers: Headers): Outgoing {
  if (source.bytes !== undefined) return { init: { body: source.bytes }, failed: false, failure: undefined }
  const stream = source.open(0)
  if (stream === null) throw storageError('InvalidConfig', 'a source gave no stream at its first opening')
  if (source.size !== undefined) headers.set('content-length', String(source.size))
  const state: { failed: boolean; failure: unknown } = { failed: false, failure: undefined }
  const body = pulled(stream, (failure) => {
    state.failed = true
    state.failure = failure
  })
  return {
    init: { body, duplex: 'half' },
    get failed() {
      return state.failed
    },
    get failure() {
      return state.failure
    },
  }
}

/** Bytes of a body after which the event loop gets its turn: without it, a source that never waits for anything never learns of a broken connection. */
const turnBytes = 1 << 20

const turn = (): Promise<void> =>
  new Promise((resolve) => void ('setImmediate' in globalThis ? setImmediate(resolve) : setTimeout(resolve)))

function pulled(stream: ByteStream, onFailure: (failure: unknown) => void): ReadableStream<Bytes> {
  const iterator = stream[Symbol.asyncIterator]()
  let sinceTurn = 0
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        try {
          if (sinceTurn >= turnBytes) {
            sinceTurn = 0
            await turn()
          }
          const step = await iterator.next()
          if (step.done === true) return controller.close()
          sinceTurn += step.value.byteLength
          controller.enqueue(step.value)
        } catch (error) {
          onFailure(error)
          controller.error(isStorageError(error) ? error : new Error('the source failed', { cause: error }))
        }
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
