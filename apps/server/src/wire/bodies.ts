/** Bodies of requests, and who is at the other end of them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isStorageError, storageError } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { release } from './release.ts'

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

/** What came meanwhile is given on in one piece of up to this many bytes: each piece is a turn of the store. */
const pieceBytes = 524_288

/**
 * The body of a request, pulled as the store takes it: whatever has come by then, at most about `pieceBytes`. A client that goes away, or
 * gives nothing for too long, breaks it; ending early leaves the connection, so that the client can be answered.
 */
export function requestBody(raw: IncomingMessage, limits: Limits): AsyncIterableIterator<Uint8Array> {
  let chunks: Uint8Array[] = []
  let held = 0
  let ended = false
  let failure: Error | undefined
  let waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined
  let soon: NodeJS.Immediate | undefined
  let intake: Intake | undefined

  function step(): Promise<IteratorResult<Uint8Array, undefined>> | undefined {
    if (held > 0) {
      const value = joined(chunks, held)
      chunks = []
      held = 0
      if (!ended) raw.resume()
      return Promise.resolve({ done: false, value })
    }
    if (failure !== undefined) return Promise.reject(failure)
    return ended ? Promise.resolve(over) : undefined
  }
  function answer(): void {
    soon = undefined
    const answered = waiting === undefined ? undefined : step()
    if (answered === undefined) return
    intake?.rest()
    waiting?.resolve(answered)
    waiting = undefined
  }
  const events = {
    chunk(chunk: Uint8Array): void {
      chunks.push(chunk)
      held += chunk.byteLength
      if (held >= pieceBytes) {
        raw.pause()
        answer()
        // What else came in this turn of the event loop goes with it.
      } else if (waiting !== undefined) soon ??= setImmediate(answer)
    },
    end(error: Error | undefined): void {
      ended = true
      failure = error
      answer()
    },
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      intake ??= takeIn(raw, limits, events)
      const present = step()
      if (present !== undefined) return present
      intake.wait()
      waiting = Promise.withResolvers()
      return waiting.promise
    },
    async return() {
      ended = true
      chunks = []
      held = 0
      clearImmediate(soon)
      intake?.stop()
      waiting?.resolve(over)
      waiting = undefined
      return over
    },
  }
}

/** One piece of them, and their memory back. */
function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  const all = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
    release(chunk)
  }
  return all
}

const over = { done: true, value: undefined } as const

/** A body of up to so many bytes may be taken in one piece, which stores like best. */
const collectedMax = 2 ** 20
/** And always one of so many: a stream would cost more than it. */
const collectedAlways = 2 ** 16
/** Of all bodies that are being collected at a time; what comes then is streamed. */
const collectingMax = 2 ** 26
let collecting = 0

export function mayCollect(size: number): boolean {
  return size <= collectedAlways || (size <= collectedMax && collecting + size <= collectingMax)
}

/** A body of few bytes in one piece. */
export async function collectBody(raw: IncomingMessage, size: number, limits: Limits): Promise<Uint8Array> {
  collecting += size
  try {
    return await collected(raw, size, limits)
  } finally {
    collecting -= size
  }
}

function collected(raw: IncomingMessage, size: number, limits: Limits): Promise<Uint8Array> {
  // Of its own, not a part of what sockets are read into: a store may keep it.
  const all = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
  let at = 0
  return new Promise((resolve, reject) => {
    const intake = takeIn(raw, limits, {
      chunk(chunk) {
        all.set(chunk, at)
        at += chunk.byteLength
        release(chunk)
        intake.wait()
      },
      end: (error) => (error === undefined ? resolve(all) : reject(error)),
    })
    intake.wait()
  })
}

interface Intake {
  /** From now on a client that sends nothing is waited for, and not for ever. */
  wait(): void
  rest(): void
  /** Leaves the connection as it is. */
  stop(): void
}

/** Chunks as they come, then the end, once: with an error where the body broke, was too long or stood still. */
function takeIn(
  raw: IncomingMessage,
  limits: Limits,
  events: { chunk(chunk: Uint8Array): void; end(error: Error | undefined): void },
): Intake {
  let bytes = 0
  let waits = false
  const timer = setTimeout(() => {
    if (waits) raw.destroy(storageError('Timeout', `the client sent nothing for ${limits.stallMs} ms`))
  }, limits.stallMs)
  const stop = (): void => {
    clearTimeout(timer)
    raw.off('data', data).off('end', end).off('error', broken).off('close', broken)
    raw.pause()
  }
  const finish = (error?: Error): void => {
    stop()
    events.end(error)
  }
  function data(chunk: Uint8Array): void {
    bytes += chunk.byteLength
    if (bytes > limits.maxBodyBytes) finish(tooLarge(limits.maxBodyBytes))
    else events.chunk(chunk)
  }
  function end(): void {
    if (raw.complete) finish()
    else broken()
  }
  function broken(error?: Error): void {
    const gone = (): Error =>
      storageError('Aborted', 'the client went away before its whole body had come', { cause: error })
    // It may still break when it is nobody's any more.
    raw.on('error', () => undefined)
    finish(isStorageError(error) ? error : gone())
  }
  if (raw.readableEnded) queueMicrotask(end)
  else if (raw.destroyed) queueMicrotask(broken)
  else raw.on('data', data).on('end', end).on('error', broken).on('close', broken).resume()
  return {
    wait() {
      waits = true
      timer.refresh()
    },
    rest() {
      waits = false
    },
    stop,
  }
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

/** Closes the connection of a client that takes nothing for too long; a store that is slow is left to its own limits. */
export function watchTaker(raw: ServerResponse, limits: Limits): void {
  raw.setTimeout(limits.stallMs, () => {
    const takesNothing = raw.writableNeedDrain || (raw.writableEnded && !raw.writableFinished)
    if (takesNothing) raw.destroy()
    else raw.socket?.setTimeout(limits.stallMs)
  })
}
