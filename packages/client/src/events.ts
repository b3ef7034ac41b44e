import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { brokenError, isKitApiError, KitApiError } from './api-error.ts'
import type { Connection } from './connection.ts'

/** One server-sent event. */
export interface ServerEvent {
  /** Listening goes on after it, in another process too. */
  readonly id: string | undefined
  /** Its name; `message` where it has none. */
  readonly event: string
  /** Its data, parsed. */
  readonly data: unknown
}

export interface ListenOptions {
  /** Id of the last event that was seen; only later ones come. */
  readonly after?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** How often a connection is made again when nothing came over the last one. */
const attempts = 5
const waitMs = 500
const waitMaxMs = 15_000
/** Most characters of one event. */
const eventMax = 1 << 20

/**
 * Events of one path, for as long as the caller listens. A connection that breaks or ends is made again after the last event that came, with
 * growing waits, until the server says that there is no more (204); five in a row over which nothing comes are a failure.
 */
export async function* listen(
  connection: Connection,
  path: string,
  options: ListenOptions,
): AsyncGenerator<ServerEvent> {
  const { signal } = options
  let last = options.after
  let wait = waitMs
  let failed = 0
  const heard: Heard = {
    alive: () => (failed = 0),
    retry: (ms) => (wait = Math.max(ms, 10)),
  }
  for (;;) {
    let failure: unknown
    try {
      const response = await connection.ask(requestOf(connection.base + path, last, signal))
      if (response.status === 204) return
      for await (const event of received(response, signal, heard)) {
        last = event.id ?? last
        yield event
      }
    } catch (error) {
      if (!isKitApiError(error) || error.retry !== 'safe') throw error
      failure = error
    }
    failed++
    if (failed >= attempts) {
      const message = 'the server ends every connection at once'
      throw failure ?? new KitApiError({ code: 'Unavailable', message, retry: 'safe' })
    }
    await pause(Math.min(wait * 2 ** (failed - 1), waitMaxMs), signal)
  }
}

function requestOf(url: string, last: string | undefined, signal: AbortSignal | undefined): Request {
  const headers = new Headers({ accept: 'text/event-stream' })
  if (last !== undefined) headers.set('last-event-id', last)
  return new Request(url, signal === undefined ? { headers } : { headers, signal })
}

interface Heard {
  /** Something came, if only a sign of life. */
  alive(): void
  /** How long the server wants one to wait before the next connection, in ms. */
  retry(ms: number): void
}

/** The events of one connection. */
async function* received(
  response: Response,
  signal: AbortSignal | undefined,
  heard: Heard,
): AsyncGenerator<ServerEvent> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  const waiting: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (message) => waiting.push(message),
    onRetry: (ms) => heard.retry(ms),
    maxBufferSize: eventMax,
  })
  try {
    for (let step = await reader?.read(); step?.done === false; step = await reader?.read()) {
      heard.alive()
      parser.feed(decoder.decode(step.value, { stream: true }))
      for (const { id, event = 'message', data } of waiting.splice(0)) yield { id, event, data: parsed(data) }
    }
  } catch (error) {
    throw brokenError(error, signal, false)
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (error) {
    throw new KitApiError({ code: 'Corrupt', message: 'an event of the server is no JSON' }, { cause: error })
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(brokenError(signal?.reason, signal, false))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted === true) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
