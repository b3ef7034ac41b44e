/** Newline-delimited JSON, sent as it comes. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { errorCode } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { asStorageError, failure } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { watchTaker } from './bodies.ts'

export const ndjson = 'application/x-ndjson'

/** Lines are sent in pieces of about this many characters. */
const pieceLength = 65_536

export function wantsLines({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes(ndjson) === true
}

/**
 * Answers with a line for each item. Nothing is sent before the first piece is there: what fails at once is answered with its status. What
 * breaks later ends with a line that says why, of the form of a failure, and then breaks the connection.
 */
export async function sendLines(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<object>,
  limits: Limits,
): Promise<FastifyReply> {
  watchTaker(reply.raw, limits)
  const lines = piecesOf(request, reply.raw, items)
  return sendPieces(reply, await lines.next(), lines)
}

async function* piecesOf(
  request: FastifyRequest,
  raw: ServerResponse,
  items: AsyncIterable<object>,
): AsyncGenerator<string> {
  let piece = ''
  let sent = false
  try {
    for await (const item of items) {
      piece += `${JSON.stringify(item)}\n`
      if (piece.length < pieceLength) continue
      yield piece
      sent = true
      piece = ''
    }
    yield piece
  } catch (error) {
    if (!sent || errorCode(error) === 'Aborted') throw error
    yield `${piece}${JSON.stringify(failure(request, asStorageError(error, request)))}\n`
    await flushed(raw)
    throw error
  }
}

/** What has been given to the answer is on its way, or never will be. */
async function flushed(raw: ServerResponse): Promise<void> {
  await setImmediate()
  while (raw.writableNeedDrain && !raw.destroyed) {
    await Promise.race([once(raw, 'drain'), once(raw, 'close')])
  }
}

function sendPieces(reply: FastifyReply, first: IteratorResult<string>, rest: AsyncGenerator<string>): FastifyReply {
  async function* pieces(): AsyncGenerator<string> {
    if (first.done !== true && first.value !== '') yield first.value
    yield* rest
  }
  const stream = Readable.from(pieces(), { objectMode: false, highWaterMark: pieceLength })
  // A generator that was never started cannot clean up after the one it has taken over.
  stream.once('close', () => void rest.return(undefined))
  return reply.type(ndjson).send(stream)
}
