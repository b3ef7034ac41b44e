import { checkBlock, maxBlockBytes, parseCid } from '@kit/content'
import { errorCode, ownBytes, storageError, type Bytes, type CallOptions, type Store } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answeredWith, result } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { blockType, headBlockDescribed, readBlockDescribed, writeBlockDescribed } from '../schemas/content-routes.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { announcedLength, collectBody, requestBody, signalOf, waitsToSend } from '../wire/bodies.ts'
import { conditionsOf, evaluate } from '../wire/conditions.ts'
import { sendReading } from '../wire/send-reading.ts'
import { knownQueryOf, paramsOf } from '../wire/target.ts'
import { forEver } from './content.ts'

const pattern = '/api/v1/stores/:store/blocks/:cid'

interface Target {
  readonly store: Store
  /** Canonical. */
  readonly cid: string
  readonly call: CallOptions
}

/** `GET`, `HEAD` and `PUT` of raw blocks by CID. What comes and what goes is checked here, whatever the store does. */
export function blockRoutes(app: FastifyInstance, { stores, limits }: Services): void {
  async function target(request: FastifyRequest, reply: FastifyReply, scope: 'read' | 'write'): Promise<Target> {
    const url = request.raw.url ?? ''
    knownQueryOf(url, [])
    const { store: name = '', cid = '' } = paramsOf(pattern, url)
    request.access.requireAll(scope, name)
    const { text } = parseCid(cid)
    const store = await storeNamed(stores, name, request.access)
    return { store, cid: text, call: { signal: signalOf(reply), requestId: request.id } }
  }

  app.get(pattern, { config: { operation: 'blocks.get', described: readBlockDescribed } }, async (request, reply) => {
    const { store, cid, call } = await target(request, reply, 'read')
    if (decide(request, cid) === 'not modified') {
      await requireThere({ store, cid, call })
      return reply.code(304).headers(validators(cid)).send()
    }
    const body = await store.blocks.get(cid, call)
    checkBlock(cid, body)
    const headers = {
      ...validators(cid),
      'content-type': blockType,
      'content-disposition': 'attachment',
      'content-security-policy': "sandbox; default-src 'none'",
    }
    return sendReading(request, reply, { body, size: body.byteLength }, headers, limits)
  })
  app.head(
    pattern,
    { config: { operation: 'blocks.has', described: headBlockDescribed, swagger: { exposeHeadRoute: true } } },
    async (request, reply) => {
      const asked = await target(request, reply, 'read')
      await requireThere(asked)
      if (decide(request, asked.cid) === 'not modified') reply.code(304)
      return reply.headers(validators(asked.cid)).send()
    },
  )
  app.put(pattern, { config: { operation: 'blocks.put', described: writeBlockDescribed } }, async (request, reply) => {
    const { store, cid, call } = await target(request, reply, 'write')
    const size = announcedLength(request, Math.min(maxBlockBytes, limits.maxBodyBytes))
    if (waitsToSend(request)) reply.raw.writeContinue()
    const bytes = await blockOf(request, size, limits)
    try {
      checkBlock(cid, bytes)
    } catch (error) {
      // The bytes are not what the client said of them.
      if (error instanceof Error && errorCode(error) === 'Corrupt') throw answeredWith(error, { status: 400 })
      throw error
    }
    await store.blocks.put(cid, bytes, call)
    return reply.header('cache-control', 'no-store').send(result(request, { cid }))
  })
}

/** The body of a request that brings a block. @throws TooLarge */
async function blockOf(request: FastifyRequest, size: number | undefined, limits: Limits): Promise<Bytes> {
  const bounded = { ...limits, maxBodyBytes: Math.min(maxBlockBytes, limits.maxBodyBytes) }
  if (size !== undefined) return ownBytes(await collectBody(request.raw, size, bounded))
  const pieces: Uint8Array[] = []
  for await (const piece of requestBody(request.raw, bounded)) pieces.push(piece)
  return ownBytes(Buffer.concat(pieces))
}

async function requireThere({ store, cid, call }: Target): Promise<void> {
  if (!(await store.blocks.has(cid, call))) throw storageError('NotFound', `the block ${cid} is not there`)
}

function validators(cid: string): Record<string, string> {
  return { etag: `"${cid}"`, 'cache-control': forEver }
}

function decide(request: FastifyRequest, cid: string): 'proceed' | 'not modified' {
  const decided = evaluate(conditionsOf(request.headers), { kind: 'file', key: cid, etag: `"${cid}"` }, 'read')
  if (decided !== 'failed') return decided
  throw storageError('ConditionFailed', 'it is not the block that the request names', { key: cid })
}
