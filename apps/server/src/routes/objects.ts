import { errorCode, storageError, type ByteRange, type Reading, type StoreEntry } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answeredWith, refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { deleteDescribed, headDescribed, readDescribed, writeDescribed } from '../schemas/object-routes.ts'
import type { Services } from '../services.ts'
import { storeNamed, type Target } from '../stores.ts'
import { objectType, servedHeaders, storedHeaders, validatorHeaders } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import { conditionsOf, evaluate, ifRangeHolds, isConditional, type Conditions } from '../wire/conditions.ts'
import { isStrong } from '../wire/etags.ts'
import { multipartBody, parseRanges, partsOf, type Part, type RangeSpec } from '../wire/multi-range.ts'
import { contentRange, parseRange } from '../wire/ranges.ts'
import { sendReading } from '../wire/send-reading.ts'
import { keyOf, knownQueryOf, storeNameOf } from '../wire/target.ts'
import { deleteObject, putObject } from './changes.ts'

/** How often a conditional read looks again at an object that changes under it. */
const looks = 3

const url = '/api/v1/stores/:store/objects/*'

/** `GET`, `HEAD`, `PUT` and `DELETE` of `/api/v1/stores/{store}/objects/{key}`. */
export function objectRoutes(app: FastifyInstance, { stores, limits }: Services): void {
  async function target(
    request: FastifyRequest,
    reply: FastifyReply,
    verb: 'read' | 'write' | 'delete',
    known: readonly string[],
  ): Promise<Target> {
    const { url: asked = '' } = request.raw
    const key = keyOf(asked)
    const name = storeNameOf(asked)
    const version = asked.includes('?') ? knownQueryOf(asked, known).get('version') : undefined
    request.access.require(verb, name, key)
    const store = await storeNamed(stores, name, request.access)
    return { store, key, version, call: { signal: signalOf(reply), requestId: request.id } }
  }
  app.get(url, { config: { operation: 'read', described: readDescribed } }, async (request, reply) =>
    getObject(request, reply, await target(request, reply, 'read', ['version']), limits),
  )
  app.head(
    url,
    { config: { operation: 'stat', described: headDescribed, swagger: { exposeHeadRoute: true } } },
    async (request, reply) => headObject(request, reply, await target(request, reply, 'read', ['version'])),
  )
  app.put(url, { config: { operation: 'write', described: writeDescribed } }, async (request, reply) =>
    putObject(request, reply, await target(request, reply, 'write', []), limits),
  )
  app.delete(url, { config: { operation: 'delete', described: deleteDescribed } }, async (request, reply) =>
    deleteObject(request, reply, await target(request, reply, 'delete', ['version'])),
  )
}

async function headObject(request: FastifyRequest, reply: FastifyReply, target: Target): Promise<FastifyReply> {
  const entry = await statFile(target)
  if (decide(conditionsOf(request.headers), entry) === 'not modified') return notModified(reply, entry)
  if (entry.size !== undefined) reply.header('content-length', String(entry.size))
  return reply.headers(servedHeaders(entry)).send()
}

async function getObject(
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
  limits: Limits,
): Promise<FastifyReply> {
  const conditions = conditionsOf(request.headers)
  const ifRange = request.headers['if-range']
  const range = parseRange(request.headers.range)
  const several = range === undefined ? parseRanges(request.headers.range) : undefined
  if (!isConditional(conditions) && several === undefined && (range === undefined || typeof ifRange !== 'string')) {
    return send(request, reply, await read(target, range), range, limits)
  }
  for (let look = 1; look <= looks; look++) {
    const entry = await statFile(target)
    if (decide(conditions, entry) === 'not modified') return notModified(reply, entry)
    const other = typeof ifRange === 'string' && !ifRangeHolds(ifRange, entry)
    const pin = isStrong(entry.etag) && target.store.capabilities.read.ifMatch !== undefined ? entry.etag : undefined
    const parts = several === undefined || other ? undefined : requireParts(several, entry)
    const wanted = other ? undefined : (range ?? theOnly(parts))
    try {
      // Without a state to bind them to, parts might be of different objects.
      if (parts !== undefined && parts.length > 1 && pin !== undefined) {
        return await sendParts(request, reply, target, { ...entry, etag: pin }, parts, limits)
      }
      return await send(request, reply, await read(target, wanted, pin), wanted, limits)
    } catch (error) {
      if (pin === undefined || errorCode(error) !== 'ConditionFailed') throw error
    }
  }
  throw storageError('Conflict', 'the object keeps changing while its conditions are looked at', { retry: 'safe' })
}

/** @throws InvalidRange where the object has none of the ranges */
function requireParts(several: readonly RangeSpec[], { key, size }: StoreEntry): readonly Part[] | undefined {
  if (size === undefined || size === 0) return undefined
  const parts = partsOf(several, size)
  if (parts.length > 0) return parts
  const headers = { 'content-range': `bytes */${size}` }
  throw answeredWith(storageError('InvalidRange', 'the object has none of these ranges', { key }), { headers })
}

function theOnly(parts: readonly Part[] | undefined): ByteRange | undefined {
  return parts?.length === 1 ? parts[0] : undefined
}

async function sendParts(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, key, version, call }: Target,
  entry: StoreEntry,
  parts: readonly Part[],
  limits: Limits,
): Promise<FastifyReply> {
  const { size = 0, etag } = entry
  const { 'content-type': contentType = '', ...headers } = servedHeaders(entry)
  const body = multipartBody(parts, size, contentType, (range) =>
    store.read(key, { ...call, range, ifMatch: etag, version }),
  )
  reply.code(206)
  const sent = { body, size: body.size, owned: true } as const
  return sendReading(request, reply, sent, { ...headers, 'content-type': body.contentType }, limits)
}

/** What a read would serve: of a link, what it points to. @throws IsDirectory, as a read would */
async function statFile({ store, key, version, call }: Target): Promise<StoreEntry> {
  const entry = await store.stat(key, version === undefined ? call : { ...call, version })
  if (entry.kind === 'link') {
    await using reading = await store.read(key, version === undefined ? call : { ...call, version })
    return reading.entry
  }
  if (entry.kind === 'directory')
    throw storageError('IsDirectory', 'a directory is listed, at …/objects?prefix=', { key })
  return entry
}

function decide(conditions: Conditions, entry: StoreEntry): 'proceed' | 'not modified' {
  const decided = evaluate(conditions, entry, 'read')
  if (decided !== 'failed') return decided
  throw storageError('ConditionFailed', 'the object is not in the state that the request names', { key: entry.key })
}

function notModified(reply: FastifyReply, entry: StoreEntry): FastifyReply {
  const { 'cache-control': cacheControl = 'no-cache' } = servedHeaders(entry)
  return reply.code(304).headers(validatorHeaders(entry)).header('cache-control', cacheControl).send()
}

/** A range beyond the end of an empty object is the whole of it: clients ask so to bound what they get. */
async function read(target: Target, range: ByteRange | undefined, ifMatch?: string): Promise<Reading> {
  const { store, key, version, call } = target
  try {
    return await store.read(key, { ...call, range, ifMatch, version })
  } catch (error) {
    if (range === undefined || errorCode(error) !== 'InvalidRange') throw error
    const { size } = await statFile(target)
    if (size === 0) return store.read(key, { ...call, ifMatch, version })
    throw error instanceof Error
      ? answeredWith(error, { headers: { 'content-range': `bytes */${size ?? '*'}` } })
      : error
  }
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  reading: Reading,
  range: ByteRange | undefined,
  limits: Limits,
): Promise<FastifyReply> {
  const { entry, from, size } = reading
  const headers = request.headers.accept === objectType ? storedHeaders(entry) : servedHeaders(entry)
  if (range !== undefined && size !== undefined && size > 0) {
    reply.code(206)
    headers['content-range'] = contentRange(from, size, entry.size)
  } else if (range !== undefined && from > 0) {
    await reading[Symbol.asyncDispose]()
    throw refusal('Unsupported', 'the store tells no size, so a part of the object cannot be described')
  }
  return sendReading(request, reply, { body: reading.whole ?? reading, size, owned: true }, headers, limits)
}
