import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { errorCode, type ListCall } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { asStorageError, failure, refusal, result } from '../answers.ts'
import { answer, flag, media, storeParams, wholeNumber } from '../schemas/describe.ts'
import { entryFields, entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf, watchTaker } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { pageOf, type Asked } from '../wire/pages.ts'

const ndjson = 'application/x-ndjson'
const pageDefault = 1000
const pageMax = 10_000
/** Lines are sent in pieces of about this many characters. */
const pieceLength = 65_536

const key = z.string().max(32_768)
const listQuery = z.strictObject({
  prefix: key.optional().meta({ description: 'The directory; the whole store without it.', examples: ['2026'] }),
  recursive: flag('All files below, at any depth.'),
  ordered: flag('By the UTF-8 bytes of the keys. Pages are unless this is false; lines are only where it is true.'),
  after: key.optional().meta({ description: 'Only keys after this one; makes the listing ordered.' }),
  cursor: z.string().optional().meta({ description: '`next` of the page before, with the same other parameters.' }),
  limit: wholeNumber('Entries at most. Of a page 1,000 without it.', { minimum: 1, maximum: pageMax }).optional(),
  want: z
    .string()
    .transform((given) => given.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(entryFields)))
    .optional()
    .meta({
      description: 'Fields to tell even where that costs more, joined by commas.',
      examples: ['modified,contentType'],
      type: 'string',
      items: undefined,
    }),
})

/** `GET …/objects`: what is in a directory, a page at a time in the order of keys, or all of it as lines. */
export function listingRoutes(app: JsonScope, { stores, limits, seal }: Services): void {
  app.get(
    '/api/v1/stores/:store/objects',
    {
      exposeHeadRoute: true,
      config: { operation: 'list' },
      schema: {
        operationId: 'listObjects',
        tags: ['objects'],
        summary: 'What is in a directory',
        description:
          'A page as JSON; or, with `Accept: application/x-ndjson`, an entry a line to the end. Lines that break off end with a line of the form of Failure.',
        params: storeParams,
        querystring: listQuery,
        response: {
          200: media('The entries.', {
            'application/json': answer('A page.', {
              entries: z.array(entrySchema),
              next: z.string().optional().meta({ description: 'The cursor of the next page; absent on the last.' }),
            }),
            [ndjson]: entrySchema,
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const directory = (query.prefix ?? '').replace(/\/$/, '')
      request.access.require('list', params.store, directory)
      const store = await storeNamed(stores, params.store, request.access)
      const { recursive = false, ordered, after, limit, want } = query
      const call: ListCall = { recursive, after, want, signal: signalOf(reply), requestId: request.id }
      const asked: Asked = { access: request.access, store, name: params.store, directory, call, seal }
      reply.header('cache-control', 'no-store')
      if (request.headers.accept?.includes(ndjson) !== true) {
        const page = await pageOf(asked, query.cursor, ordered !== false, limit ?? pageDefault)
        return reply.send(result(request, page))
      }
      if (query.cursor !== undefined) throw refusal('InvalidConfig', 'lines go to the end: `cursor` is of pages')
      watchTaker(reply.raw, limits)
      const inOrder = ordered === true || after !== undefined
      const lines = linesOf(request, reply.raw, { ...asked, call: { ...call, ordered: inOrder } }, limit)
      // Nothing is sent before the first piece is there: what fails at once is answered with its status.
      const first = await lines.next()
      return sendPieces(reply, first, lines)
    },
  )
}

/** A line for each entry. A listing that breaks ends with a line that says why, and then breaks the connection. */
async function* linesOf(
  request: FastifyRequest,
  raw: ServerResponse,
  asked: Asked,
  limit: number | undefined,
): AsyncGenerator<string> {
  const { access, store, name, directory, call } = asked
  let piece = ''
  let count = 0
  let sent = false
  try {
    for await (const found of store.list(directory, limit === undefined ? call : { ...call, limit })) {
      const entry = access.listed(name, found)
      if (entry === undefined) continue
      piece += `${JSON.stringify(entryJson(entry))}\n`
      if (++count === limit) break
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
