import {
  errorCode,
  resolveRange,
  storageError,
  type CallOptions,
  type Entry,
  type ReadResult,
  type Store,
} from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answeredWith, refusal, result } from '../answers.ts'
import type { Limits } from '../limits.ts'
import {
  addContentDescribed,
  carType,
  headContentDescribed,
  profileNames,
  readContentDescribed,
} from '../schemas/content-routes.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson, servedHeaders } from '../wire/attributes.ts'
import { signalOf, waitsToSend } from '../wire/bodies.ts'
import { conditionsOf, evaluate, ifRangeHolds } from '../wire/conditions.ts'
import { contentRange, parseRange } from '../wire/ranges.ts'
import { endBody, sendReading } from '../wire/send-reading.ts'
import { bodySource } from '../wire/sources.ts'
import { flagOf, knownQueryOf, oneOf, paramsOf } from '../wire/target.ts'

const all = '/api/v1/stores/:store/content'
const one = `${all}/*`

/** What a CID names never changes; what it names may be private all the same. */
export const forEver = 'private, max-age=31536000, immutable'

const scopes = ['all', 'entity', 'block'] as const

interface Target {
  readonly store: Store
  readonly path: string
  readonly call: CallOptions
}

/** Files and trees by CID. What they are named by has no path in the store, so whoever asks has all of it. */
export function contentRoutes(app: FastifyInstance, { stores, limits }: Services): void {
  async function target(request: FastifyRequest, reply: FastifyReply): Promise<Target> {
    const { store: name = '', key: path = '' } = paramsOf(one, request.raw.url ?? '')
    request.access.requireAll('read', name)
    const store = await storeNamed(stores, name, request.access)
    return { store, path, call: { signal: signalOf(reply), requestId: request.id } }
  }

  app.get(one, { config: { operation: 'content.read', described: readContentDescribed } }, async (request, reply) => {
    const query = knownQueryOf(request.raw.url ?? '', ['format', 'scope'])
    const format = oneOf('format', query, ['car', 'entry'])
    const scope = oneOf('scope', query, scopes)
    if (scope !== undefined && format !== 'car') throw refusal('InvalidConfig', '`scope` is of a CAR: `format=car`')
    const asked = await target(request, reply)
    if (format === 'car') return sendCar(request, reply, asked, scope ?? 'all', limits)
    if (format === 'entry') return sendEntry(request, reply, asked)
    return sendContent(request, reply, asked, limits)
  })
  app.head(
    one,
    { config: { operation: 'content.stat', described: headContentDescribed, swagger: { exposeHeadRoute: true } } },
    async (request, reply) => {
      knownQueryOf(request.raw.url ?? '', [])
      const entry = await fileOf(await target(request, reply))
      if (decide(request, entry) === 'not modified') return notModified(reply, entry)
      if (entry.size !== undefined) reply.header('content-length', String(entry.size))
      return reply.headers(headersOf(entry)).send()
    },
  )
  app.post(all, { config: { operation: 'content.put', described: addContentDescribed } }, async (request, reply) => {
    const url = request.raw.url ?? ''
    const query = knownQueryOf(url, ['profile', 'pin', 'format'])
    const isCar = oneOf('format', query, ['car']) === 'car'
    const profile = oneOf('profile', query, profileNames)
    if (isCar && profile !== undefined) throw refusal('InvalidConfig', 'a CAR holds blocks as they are: no `profile`')
    const pin = flagOf('pin', query)
    const { store: name = '' } = paramsOf(all, url)
    request.access.requireAll('write', name)
    const store = await storeNamed(stores, name, request.access)
    const source = bodySource(request, limits)
    if (waitsToSend(request)) reply.raw.writeContinue()
    const call = { signal: signalOf(reply), requestId: request.id }
    reply.code(201).header('cache-control', 'no-store')
    try {
      if (isCar)
        return await reply.send(result(request, { roots: await store.content.importCar(source, { pin }, call) }))
      const entry = await store.content.put(source, { profile: profile ?? profileNames[0], pin }, call)
      return await reply.send(result(request, { entry: entryJson(entry) }))
    } catch (error) {
      // The bytes are not what the client said of them.
      if (error instanceof Error && errorCode(error) === 'Corrupt') throw answeredWith(error, { status: 400 })
      throw error
    }
  })
}

/** What a read would serve: of a link, what it leads to. @throws IsDirectory */
async function fileOf({ store, path, call }: Target): Promise<Entry> {
  const entry = await store.content.stat(path, call)
  if (entry.kind === 'directory')
    throw storageError('IsDirectory', 'a directory is listed, at …/content?path=', { key: path })
  if (entry.kind === 'file') return entry
  const reading = await store.content.read(path, {}, call)
  await endBody(reading.body)
  return reading.entry
}

function headersOf(entry: Entry): Record<string, string> {
  return { ...servedHeaders(named(entry)), 'cache-control': forEver }
}

/** The state of content is its name, whether its store says so or not. */
function named(entry: Entry): Entry {
  return { ...entry, etag: entry.cid === undefined ? entry.etag : `"${entry.cid}"` }
}

function decide(request: FastifyRequest, entry: Entry): 'proceed' | 'not modified' {
  const decided = evaluate(conditionsOf(request.headers), named(entry), 'read')
  if (decided !== 'failed') return decided
  throw storageError('ConditionFailed', 'it is not the content that the request names', { key: entry.key })
}

function notModified(reply: FastifyReply, entry: Entry): FastifyReply {
  const { etag } = servedHeaders(named(entry))
  if (etag !== undefined) reply.header('etag', etag)
  return reply.code(304).header('cache-control', forEver).send()
}

async function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
  limits: Limits,
): Promise<FastifyReply> {
  const { store, path, call } = target
  const ifRange = request.headers['if-range']
  let range = parseRange(request.headers.range)
  if (range !== undefined && typeof ifRange === 'string' && !ifRangeHolds(ifRange, named(await fileOf(target)))) {
    range = undefined
  }
  let reading: ReadResult
  try {
    reading = await store.content.read(path, { range }, call)
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) !== 'InvalidRange') throw error
    const entry = await fileOf(target)
    if (decide(request, entry) === 'not modified') return notModified(reply, entry)
    throw answeredWith(error, { headers: { 'content-range': `bytes */${entry.size ?? '*'}` } })
  }
  const { entry, from, body } = reading
  try {
    if (decide(request, entry) === 'not modified') {
      await endBody(body)
      return notModified(reply, entry)
    }
  } catch (error) {
    await endBody(body)
    throw error
  }
  const headers = headersOf(entry)
  const length = lengthOf(reading, range)
  if (range !== undefined && length !== undefined && length > 0) {
    reply.code(206)
    headers['content-range'] = contentRange(from, length, entry.size)
  } else if (range !== undefined && from > 0) {
    await endBody(body)
    throw refusal('Unsupported', 'the store tells no size, so a part of the content cannot be described')
  }
  return sendReading(request, reply, { body, size: length }, headers, limits)
}

function lengthOf({ entry, body }: ReadResult, range: ReturnType<typeof parseRange>): number | undefined {
  if (body instanceof Uint8Array) return body.byteLength
  if (entry.size === undefined || range === undefined) return entry.size
  const { from, to } = resolveRange(range, entry.size)
  return to - from
}

async function sendEntry(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, path, call }: Target,
): Promise<FastifyReply> {
  const entry = named(await store.content.stat(path, call))
  if (decide(request, entry) === 'not modified') return notModified(reply, entry)
  if (entry.etag !== undefined) reply.header('etag', entry.etag)
  return reply.header('cache-control', forEver).send(result(request, { entry: entryJson(entry) }))
}

async function sendCar(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, path, call }: Target,
  scope: (typeof scopes)[number],
  limits: Limits,
): Promise<FastifyReply> {
  // The blocks of what a CID names may come in one order today and in another tomorrow: a CAR has no state.
  decide(request, { kind: 'file', key: path })
  const body = await store.content.car(path, { scope }, call)
  const headers = {
    'content-type': `${carType}; version=1`,
    'content-disposition': 'attachment',
    'content-security-policy': "sandbox; default-src 'none'",
    'cache-control': 'private, no-cache',
  }
  return sendReading(request, reply, { body, size: undefined }, headers, limits)
}
