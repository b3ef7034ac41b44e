/** The part of Kubo's RPC API that programs use most, over one store: `/api/v0/add`, `cat`, `pin/add`, `pin/rm`, `pin/ls`; and `version`, which clients ask first. */
import { errorCode, storageError, type Store } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'
import type { KeyScope } from '../access/access.ts'
import { add, addOptions, addParameters } from '../kubo/add.ts'
import { line, sendTexts } from '../kubo/answers.ts'
import { argumentsOf, callOf, onlyArgument, queryArguments } from '../kubo/arguments.ts'
import { cidAt, contentPathOf } from '../kubo/paths.ts'
import { pinLs, pinLsParameters } from '../kubo/pin-ls.ts'
import {
  addDescribed,
  catDescribed,
  pinAddDescribed,
  pinLsDescribed,
  pinRmDescribed,
  versionDescribed,
} from '../schemas/kubo-routes.ts'
import { version } from '../version.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { requestBody, waitsToSend } from '../wire/bodies.ts'
import { boundaryOf, partsOf } from '../wire/multipart.ts'
import { sendReading } from '../wire/send-reading.ts'

export function kuboRoutes(app: FastifyInstance, { stores, limits, kuboStore }: Services): void {
  async function requireStore(request: FastifyRequest, ...scopes: readonly KeyScope[]): Promise<Store> {
    if (kuboStore === undefined) {
      throw refusal('Unsupported', "no store of this server is for Kubo's API: name one with --ipfs-store")
    }
    for (const scope of scopes) request.access.requireAll(scope, kuboStore)
    return storeNamed(stores, kuboStore, request.access)
  }

  const tellVersion = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    queryArguments(request, ['number', 'commit', 'repo', 'all', 'enc'])
    return sendJson(reply, { Version: version, Commit: '', Repo: '', System: 'kit', Golang: '' })
  }
  app.get('/api/v0/version', { config: { operation: 'ipfs.version', described: versionDescribed('GET') } }, tellVersion)
  app.post(
    '/api/v0/version',
    { config: { operation: 'ipfs.version', described: versionDescribed('POST') } },
    tellVersion,
  )

  app.post('/api/v0/add', { config: { operation: 'ipfs.add', described: addDescribed } }, async (request, reply) => {
    const given = queryArguments(request, addParameters)
    if (given.args.length > 0) throw refusal('InvalidConfig', 'files come in the body: no argument is taken here')
    const options = addOptions(given)
    const store = await requireStore(request, 'write')
    const boundary = boundaryOf(request.headers['content-type'])
    const call = callOf(request, reply, given)
    if (waitsToSend(request)) reply.raw.writeContinue()
    const parts = partsOf(requestBody(request.raw, limits), boundary)
    return sendTexts(reply, add(store, parts, options, call), { limits, live: true })
  })

  const cat = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const store = await requireStore(request, 'read')
    const given = await argumentsOf(request, reply, ['offset', 'length'], limits)
    const call = callOf(request, reply, given)
    const path = await contentPathOf(store, onlyArgument(given), call)
    const from = given.number('offset') ?? 0
    const length = given.number('length')
    const whole = from === 0 && length === undefined
    const range = { from, to: length === undefined ? undefined : from + length }
    const headers = { 'content-type': 'application/octet-stream', 'x-stream-output': '1', 'cache-control': 'no-store' }
    const nothing = { body: new Uint8Array(), size: 0 }
    try {
      const { entry, body } = await store.content.read(path, whole || length === 0 ? {} : { range }, call)
      if (length === 0) return await sendReading(request, reply, nothing, headers, limits)
      return await sendReading(request, reply, { body, size: whole ? entry.size : undefined }, headers, limits)
    } catch (error) {
      // What begins behind the end is empty, to Kubo.
      if (errorCode(error) === 'InvalidRange') return sendReading(request, reply, nothing, headers, limits)
      throw error
    }
  }
  app.get('/api/v0/cat', { config: { operation: 'ipfs.cat', described: catDescribed('GET') } }, cat)
  app.post('/api/v0/cat', { config: { operation: 'ipfs.cat', described: catDescribed('POST') } }, cat)

  app.post(
    '/api/v0/pin/add',
    { config: { operation: 'ipfs.pin.add', described: pinAddDescribed } },
    async (request, reply) => {
      const store = await requireStore(request, 'write')
      const given = await argumentsOf(request, reply, ['recursive', 'name', 'metadata'], limits)
      const call = callOf(request, reply, given)
      const mode = given.flag('recursive') === false ? 'direct' : 'recursive'
      const options = { mode, name: given.text('name'), metadata: metadataOf(given.text('metadata')) } as const
      if (given.args.length === 0) onlyArgument(given)
      const pinned: string[] = []
      for (const arg of given.args)
        pinned.push((await store.pins.add(await cidAt(store, arg, call), options, call)).cid)
      return sendJson(reply, { Pins: pinned })
    },
  )

  app.post(
    '/api/v0/pin/rm',
    { config: { operation: 'ipfs.pin.rm', described: pinRmDescribed } },
    async (request, reply) => {
      const store = await requireStore(request, 'delete')
      const given = await argumentsOf(request, reply, ['recursive'], limits)
      const call = callOf(request, reply, given)
      if (given.args.length === 0) onlyArgument(given)
      const removed: string[] = []
      for (const arg of given.args) {
        const cid = await cidAt(store, arg, call)
        if (given.flag('recursive') === false && (await store.pins.get(cid, call)).mode === 'recursive') {
          throw storageError('Conflict', `${cid} is pinned recursively`)
        }
        await store.pins.remove(cid, call)
        removed.push(cid)
      }
      return sendJson(reply, { Pins: removed })
    },
  )

  const ls = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const store = await requireStore(request, 'list')
    const given = await argumentsOf(request, reply, pinLsParameters, limits)
    return sendTexts(reply, pinLs(store, given, callOf(request, reply, given)), { limits })
  }
  app.get('/api/v0/pin/ls', { config: { operation: 'ipfs.pin.ls', described: pinLsDescribed('GET') } }, ls)
  app.post('/api/v0/pin/ls', { config: { operation: 'ipfs.pin.ls', described: pinLsDescribed('POST') } }, ls)
}

function sendJson(reply: FastifyReply, value: object): FastifyReply {
  return reply.type('application/json').header('cache-control', 'no-store').send(line(value))
}

function metadataOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal('InvalidConfig', 'metadata is a JSON object of texts')
  }
  const pairs = Object.entries(value).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'string') throw refusal('InvalidConfig', 'metadata is a JSON object of texts')
    return [name, member] as const
  })
  return Object.fromEntries(pairs)
}
