/** What a store gives, to the socket: no stream in between, one chunk in hand. */
import type { ServerResponse } from 'node:http'
import { errorCode, storageError, type Bytes, type ByteStream } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../limits.ts'
import { watchTaker } from './bodies.ts'
import { release } from './release.ts'

/** A body that is to be sent. */
export interface Sendable {
  readonly body: Bytes | ByteStream
  /** Of the body, in bytes, where that is known. */
  readonly size: number | undefined
  /** Its chunks belong to nobody else: their memory is given back as they are sent. */
  readonly owned?: true | undefined
}

/** Frees a body that is not sent. */
export async function endBody(body: Bytes | ByteStream): Promise<void> {
  if (body instanceof Uint8Array) return
  const iterator = body[Symbol.asyncIterator]()
  // A generator frees nothing before it has begun.
  await iterator.next().catch(() => undefined)
  await iterator.return?.()
}

/**
 * Answers with a body, of `size` bytes where that is known. What fails before its first byte is thrown, so that it is
 * answered with its status. A body that breaks later, or has another length than the headers have told, breaks the connection.
 */
export async function sendReading(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, size, owned }: Sendable,
  headers: Readonly<Record<string, string>>,
  limits: Limits,
): Promise<FastifyReply> {
  const { raw } = reply
  if (body instanceof Uint8Array) {
    begin(reply, headers, body.byteLength)
    raw.end(body)
    // What is more than the system takes at once waits for the client.
    if (body.byteLength > 65_536) watchTaker(raw, limits)
    return reply
  }
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (raw.destroyed) {
    await iterator.return?.()
    throw storageError('Aborted', 'the client went away')
  }
  begin(reply, headers, size)
  watchTaker(raw, limits)
  try {
    await pump(raw, iterator, first, { length: size, sent: owned === true ? release : undefined })
  } catch (error) {
    if (errorCode(error) !== 'Aborted') request.log.error({ err: error }, 'a body broke while it was sent')
    raw.destroy()
    await iterator.return?.()?.catch(() => undefined)
  }
  return reply
}

/** The head goes out with the first bytes. Past Fastify, which would look at every header once more. */
function begin(reply: FastifyReply, headers: Readonly<Record<string, string>>, length: number | undefined): void {
  const { statusCode } = reply
  // A copy of the reply's own, which is ours.
  const all: Record<string, number | string | string[] | undefined> = reply.getHeaders()
  Object.assign(all, headers)
  if (length !== undefined) all['content-length'] = length
  reply.hijack()
  reply.raw.writeHead(statusCode, all)
}

type Step = IteratorResult<Bytes, unknown>

async function pump(
  raw: ServerResponse,
  iterator: AsyncIterator<Bytes, unknown>,
  first: Step,
  { length, sent: done }: { readonly length: number | undefined; readonly sent: ((chunk: Bytes) => void) | undefined },
): Promise<void> {
  let sent = 0
  for (let step = first; step.done !== true; step = await iterator.next()) {
    const { value } = step
    sent += value.byteLength
    // Whoever has the whole length believes to have everything: the last bytes wait until it is sure that they are the last.
    if (sent === length) {
      const after = await iterator.next()
      if (after.done !== true) throw wrongLength(length)
      raw.end(value, () => done?.(value))
      await finished(raw)
      return
    }
    if (length !== undefined && sent > length) throw wrongLength(length)
    if (raw.destroyed) throw storageError('Aborted', 'the client went away')
    if (!raw.write(value, () => done?.(value))) await drained(raw)
  }
  if (length !== undefined && sent !== length) throw wrongLength(length)
  raw.end()
  await finished(raw)
}

function wrongLength(length: number): Error {
  return storageError('Corrupt', `the store gave another number of bytes than the ${length} that it told`)
}

/** Resolves when there is room again. @throws Aborted where the client went away */
function drained(raw: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      raw.off('drain', settle).off('close', settle)
      if (raw.destroyed) reject(storageError('Aborted', 'the client went away'))
      else resolve()
    }
    raw.on('drain', settle).on('close', settle)
  })
}

function finished(raw: ServerResponse): Promise<void> {
  if (raw.writableFinished || raw.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    raw.once('close', resolve)
  })
}
