import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { errorCode, type ListCall, type Store, type StoreEntry } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asStorageError, failure, refusal, result } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { storeNamed, type StoreSource } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf, watchTaker } from '../wire/bodies.ts'
import { queryOf, storeNameOf } from '../wire/target.ts'

const ndjson = 'application/x-ndjson'
const pageDefault = 1000
const pageMax = 10_000
/** Lines are sent in pieces of about this many characters. */
const pieceLength = 65_536

/** `GET …/objects`: what is in a directory, a page at a time in the order of keys, or all of it as lines. */
export function listingRoutes(app: FastifyInstance, stores: StoreSource, limits: Limits): void {
  app.get(
    '/api/v1/stores/:store/objects',
    { exposeHeadRoute: true, config: { operation: 'list' } },
    async (request, reply) => {
      const url = request.raw.url ?? ''
      const query = queryOf(url, ['prefix', 'recursive', 'after', 'limit'])
      const directory = (query.get('prefix') ?? '').replace(/\/$/, '')
      const recursive = flag('recursive', query.get('recursive'))
      const limit = parseLimit(query.get('limit'))
      const store = await storeNamed(stores, storeNameOf(url))
      const call: ListCall = { recursive, after: query.get('after'), signal: signalOf(reply), requestId: request.id }
      reply.header('cache-control', 'no-store')
      if (request.headers.accept?.includes(ndjson) !== true) {
        return reply.send(result(request, await page(store, directory, call, limit ?? pageDefault)))
      }
      watchTaker(reply.raw, limits)
      const lines = linesOf(request, reply.raw, store, directory, { ...call, ordered: query.has('after') }, limit)
      // Nothing is sent before the first piece is there: what fails at once is answered with its status.
      const first = await lines.next()
      return sendPieces(reply, first, lines)
    },
  )
}

function flag(name: string, given: string | undefined): boolean {
  if (given === undefined || given === 'false' || given === '0') return false
  if (given === '' || given === 'true' || given === '1') return true
  throw refusal('InvalidConfig', `${name} is true or false`)
}

function parseLimit(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const limit = /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > pageMax) throw refusal('InvalidConfig', `limit is a number of entries from 1 to ${pageMax}`)
  return limit
}

/** `next` is what to give as `after` for the next page; absent where the store said that this was all. */
async function page(
  store: Store,
  directory: string,
  call: ListCall,
  limit: number,
): Promise<{ readonly entries: readonly object[]; readonly next?: string }> {
  const entries: StoreEntry[] = []
  let more = false
  for await (const { entries: some, cursor } of store.list(directory, { ...call, ordered: true, limit }).pages()) {
    const room = limit - entries.length
    entries.push(...some.slice(0, room))
    if (entries.length < limit) continue
    more = some.length > room || cursor !== undefined || store.capabilities.list?.cursor !== true
    break
  }
  const last = entries.at(-1)
  const listed = { entries: entries.map(entryJson) }
  return more && last !== undefined ? { ...listed, next: last.key } : listed
}

/** A line for each entry. A listing that breaks ends with a line that says why, and then breaks the connection. */
async function* linesOf(
  request: FastifyRequest,
  raw: ServerResponse,
  store: Store,
  directory: string,
  call: ListCall,
  limit: number | undefined,
): AsyncGenerator<string> {
  let piece = ''
  let count = 0
  let sent = false
  try {
    for await (const entry of store.list(directory, limit === undefined ? call : { ...call, limit })) {
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
