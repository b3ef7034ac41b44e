/** Bodies between sockets and stores. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { storageError, type Bytes, type Reading } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'

/** Aborts when the client goes away before it has its whole answer. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const { raw } = reply
  const gone = (): void => controller.abort(storageError('Aborted', 'the client went away'))
  if (raw.destroyed || raw.socket?.destroyed === true) gone()
  else {
    raw.once('close', () => {
      if (!raw.writableFinished) gone()
    })
  }
  return controller.signal
}

/** Length that an upload announces; undefined where it comes in chunks. @throws InvalidConfig, TooLarge */
export function announcedLength({ headers }: FastifyRequest, maxBytes: number): number | undefined {
  const coding = headers['transfer-encoding']
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked')
      throw refusal('Unsupported', `no transfer coding but chunked`, { status: 501 })
    return undefined
  }
  const length = Number(headers['content-length'] ?? 0)
  if (!Number.isSafeInteger(length) || length > maxBytes) throw tooLarge(maxBytes)
  return length
}

function tooLarge(maxBytes: number): Error {
  const most = Number.isFinite(maxBytes) ? maxBytes : Number.MAX_SAFE_INTEGER
  return storageError('TooLarge', `an upload has at most ${most} bytes`)
}

/** Whether the client waits to be told that its body is wanted. */
export function waitsToSend({ raw }: FastifyRequest): boolean {
  return /^100-continue$/i.test(raw.headers.expect ?? '')
}

/**
 * The body of a request, pulled as the store takes it. A client that goes away, or gives nothing for too long, breaks it; ending early
 * leaves the connection, so that the client can be answered.
 */
export async function* requestBody(raw: IncomingMessage, limits: Limits): AsyncGenerator<Uint8Array> {
  let waiting = true
  let bytes = 0
  const stalled = (): void => {
    if (waiting) raw.destroy(storageError('Timeout', `the client sent nothing for ${limits.stallMs} ms`))
  }
  const timer = setTimeout(stalled, limits.stallMs)
  try {
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) throw storageError('Unexpected', 'a request body gives bytes')
      waiting = false
      bytes += chunk.byteLength
      if (bytes > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes)
      yield chunk
      waiting = true
      timer.refresh()
    }
    if (!raw.complete) throw storageError('Aborted', 'the client went away before its whole body had come')
  } finally {
    clearTimeout(timer)
  }
}

/** A body of few bytes in one piece. */
export async function collectBody(raw: IncomingMessage, size: number, limits: Limits): Promise<Uint8Array> {
  const all = new Uint8Array(size)
  let at = 0
  for await (const chunk of requestBody(raw, limits)) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

/**
 * Reads the rest of a body that nobody wants, for a while, and tells when that is over: a client that is still sending when the connection
 * closes does not see its answer.
 */
export function discardRest({ raw }: FastifyRequest, limits: Limits): Promise<void> | undefined {
  if (raw.complete || raw.destroyed) return undefined
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve()
      raw.destroy()
    }, limits.lingerMs)
    for (const event of ['end', 'close'] as const) {
      raw.once(event, () => {
        clearTimeout(timer)
        resolve()
      })
    }
    raw.resume()
  })
}

/** The body of a reading, checked against the length that the headers have told: a body of another length breaks the connection. */
export async function* responseBody(reading: Reading, size: number | undefined): AsyncGenerator<Bytes> {
  let bytes = 0
  for await (const chunk of reading) {
    bytes += chunk.byteLength
    if (size !== undefined && bytes > size) break
    yield chunk
  }
  if (size !== undefined && bytes !== size) {
    throw storageError('Corrupt', `the store gave ${bytes < size ? bytes : 'more'} bytes, not ${size}`)
  }
}

/** Closes the connection of a client that takes nothing for too long; a store that is slow is left to its own limits. */
export function watchTaker(raw: ServerResponse, limits: Limits): void {
  raw.setTimeout(limits.stallMs, () => {
    if (raw.writableNeedDrain) raw.destroy()
    else raw.socket?.setTimeout(limits.stallMs)
  })
}
