/** How Kubo answers: failures, and streams of JSON. */
import { Readable } from 'node:stream'
import type { ServerResponse } from 'node:http'
import { catalogue, type StorageError } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { details } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { watchTaker } from '../wire/bodies.ts'

/** Of failures, as Kubo's clients know them. */
const codes: Readonly<Record<string, number>> = {
  InvalidConfig: 1,
  InvalidKey: 1,
  InvalidRange: 1,
  RateLimited: 3,
  Unauthenticated: 4,
  PermissionDenied: 4,
}

export function kuboFailure(request: FastifyRequest, error: StorageError): object {
  const { message } = details(error, request.id)
  return { Message: message.replace(`${error.code}: `, ''), Code: codes[error.code] ?? 0, Type: 'error' }
}

/** A 404 says to Kubo's clients that there is no such command. */
export function kuboStatus({ code }: StorageError): number {
  const { status } = catalogue[code]
  return status === 404 ? 400 : status
}

/** Pieces are sent when they have so many characters, or at once where somebody watches. */
const pieceLength = 65_536

/**
 * Answers with text as it comes. What fails before there is any is answered with its status; what fails later breaks the connection, so that
 * nobody takes what came for everything.
 */
export async function sendTexts(
  reply: FastifyReply,
  texts: AsyncIterable<string>,
  { limits, live = false }: { readonly limits: Limits; readonly live?: boolean | undefined },
): Promise<FastifyReply> {
  const { raw }: { readonly raw: ServerResponse } = reply
  async function* pieces(): AsyncGenerator<string> {
    let piece = ''
    for await (const text of texts) {
      piece += text
      if (!live && piece.length < pieceLength) continue
      yield piece
      piece = ''
    }
    if (piece !== '') yield piece
  }
  watchTaker(raw, limits)
  const rest = pieces()
  const first = await rest.next()
  async function* all(): AsyncGenerator<string> {
    if (first.done !== true) yield first.value
    yield* rest
  }
  const stream = Readable.from(all(), { objectMode: false, highWaterMark: pieceLength })
  // A generator that was never started cannot clean up after the one it has taken over.
  stream.once('close', () => void rest.return(undefined))
  return reply.type('application/json').header('x-chunked-output', '1').header('cache-control', 'no-store').send(stream)
}

export function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}
