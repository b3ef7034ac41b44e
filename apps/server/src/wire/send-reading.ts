/** What a store gives, to the socket: no stream in between, one chunk in hand. */
import type { ServerResponse } from 'node:http'
import { errorCode, storageError, type Bytes, type Reading } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../limits.ts'
import { watchTaker } from './bodies.ts'
import { release } from './release.ts'

/**
 * Answers with the body of a reading, of `size` bytes where that is known. What fails before its first byte is thrown, so that it is
 * answered with its status. A body that breaks later, or has another length than the headers have told, breaks the connection.
 */
export async function sendReading(
  request: FastifyRequest,
  reply: FastifyReply,
  reading: Pick<Reading, 'whole' | 'size' | typeof Symbol.asyncIterator>,
  headers: Readonly<Record<string, string>>,
  limits: Limits,
): Promise<FastifyReply> {
  const { whole, size } = reading
  const { raw } = reply
  const length = whole?.byteLength ?? size
  if (whole !== undefined) {
    begin(reply, headers, length)
    raw.end(whole)
    // What is more than the system takes at once waits for the client.
    if (whole.byteLength > 65_536) watchTaker(raw, limits)
    return reply
  }
  const iterator = reading[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (raw.destroyed) {
    await iterator.return?.()
    throw storageError('Aborted', 'the client went away')
  }
  begin(reply, headers, length)
  watchTaker(raw, limits)
  try {
    await pump(raw, iterator, first, length)
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
  length: number | undefined,
): Promise<void> {
  let sent = 0
  for (let step = first; step.done !== true; step = await iterator.next()) {
    const { value } = step
    sent += value.byteLength
    // Whoever has the whole length believes to have everything: the last bytes wait until it is sure that they are the last.
    if (sent === length) {
      const after = await iterator.next()
      if (after.done !== true) throw wrongLength(length)
      raw.end(value, () => release(value))
      await finished(raw)
      return
    }
    if (length !== undefined && sent > length) throw wrongLength(length)
    if (raw.destroyed) throw storageError('Aborted', 'the client went away')
    if (!raw.write(value, () => release(value))) await drained(raw)
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
