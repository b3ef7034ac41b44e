import { errorCode, type CallOptions, type Entry, type Store, type UploadToken } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { answeredWith, refusal, result } from '../answers.ts'
import { answer, bytes, jsonEtag, jsonKey, nothing, storeName, storeParams, wholeNumber } from '../schemas/describe.ts'
import { attributesShape, entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson, jsonAttributes } from '../wire/attributes.ts'
import { signalOf, waitsToSend } from '../wire/bodies.ts'
import { storeConditions } from '../wire/json-conditions.ts'
import type { JsonScope } from '../wire/json.ts'
import type { Seal } from '../wire/seal.ts'
import { bodySource } from '../wire/sources.ts'
import { knownQueryOf, paramsOf } from '../wire/target.ts'

const uploadSchema = z
  .object({
    id: z.string().meta({ description: 'Opaque; good until the upload ends or expires, across restarts.' }),
    key: z.string(),
    partBytes: z.int().positive().meta({ description: 'Every part but the last has this many bytes.' }),
    expires: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: 'Upload', description: 'An upload in parts. Nothing of it is seen before it is finished.' })
const uploadParams = z.object({ store: storeName, id: z.string().meta({ description: 'Of the upload.' }) })
const partNumber = wholeNumber('From 1. The same number again replaces the part.', { minimum: 1, maximum: 1_000_000 })
const startBody = z
  .strictObject({
    key: jsonKey,
    size: z.int().nonnegative().optional().meta({ description: 'Of the whole object, in bytes.' }),
    ifAbsent: z.boolean().optional(),
    ifMatch: jsonEtag.optional(),
    sourceVersion: z.string().max(1024).optional().meta({ description: 'Names the state of what is uploaded.' }),
    attributes: z.strictObject(attributesShape).optional(),
  })
  .meta({ examples: [{ key: '2026/film.mp4', size: 1_073_741_824, ifAbsent: true }] })

/** Uploads that are listed at most. */
const uploadsMax = 10_000

/** An upload as its id tells it. */
interface Known {
  readonly store: string
  readonly key: string
  readonly token: UploadToken
}

function uploadJson(id: string, { key, token }: Known): z.infer<typeof uploadSchema> {
  return { id, key, partBytes: token.partBytes, ...(token.expires === undefined ? {} : { expires: token.expires }) }
}

/** What was sealed is of this shape, because this server sealed it. @throws NotFound where it is none of ours, or of another store */
function openId(seal: Seal, store: string, id: string): Known {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- signed by this server, which signs nothing else for this purpose
  const known = seal.open('upload', id) as Known | undefined
  if (known?.store === store) return known
  throw refusal('NotFound', 'there is no such upload: it has ended, or its id is not one of this server')
}

/** Uploads in parts, which outlive connections and the server. */
export function uploadRoutes(app: JsonScope, { stores, seal }: Services): void {
  async function known(
    request: FastifyRequest,
    reply: FastifyReply,
    params: { readonly store: string; readonly id: string },
  ): Promise<{ readonly upload: Known; readonly store: Store; readonly call: CallOptions }> {
    request.access.requireSeen(params.store)
    const upload = openId(seal, params.store, params.id)
    request.access.require('write', params.store, upload.key)
    const store = await storeNamed(stores, params.store, request.access)
    return { upload, store, call: { signal: signalOf(reply), requestId: request.id } }
  }

  app.get(
    '/api/v1/stores/:store/uploads',
    {
      exposeHeadRoute: true,
      config: { operation: 'uploads' },
      schema: {
        operationId: 'listUploads',
        tags: ['uploads'],
        summary: 'Uploads that are under way',
        description:
          'Those whose keys the token may write, whoever began them. Unsupported where the store does not tell.',
        params: storeParams,
        response: {
          200: answer('The uploads, 10,000 at most; `truncated` where there are more.', {
            uploads: z.array(uploadSchema),
            truncated: z.literal(true).optional(),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { access, params } = request
      // Whoever may write at all sees what it may write; whoever may not is told so.
      if (!access.allows('write') || !access.sees(params.store)) access.require('write', params.store)
      const store = await storeNamed(stores, params.store, request.access)
      const uploads: object[] = []
      for await (const token of store.upload.list({ signal: signalOf(reply), requestId: request.id })) {
        if (!access.visible(params.store, token.key)) continue
        if (uploads.length === uploadsMax) {
          return reply.header('cache-control', 'no-store').send(result(request, { uploads, truncated: true }))
        }
        const upload: Known = { store: params.store, key: token.key, token }
        uploads.push(uploadJson(seal.close('upload', upload), upload))
      }
      return reply.header('cache-control', 'no-store').send(result(request, { uploads }))
    },
  )
  app.post(
    '/api/v1/stores/:store/uploads',
    {
      config: { operation: 'upload.start' },
      schema: {
        operationId: 'startUpload',
        tags: ['uploads'],
        summary: 'Begins an upload in parts',
        params: storeParams,
        body: startBody,
        response: { 201: answer('The upload.', { upload: uploadSchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { key, size, sourceVersion, attributes, ...given } = request.body
      const { store: name } = request.params
      request.access.require('write', name, key)
      const store = await storeNamed(stores, name, request.access)
      const call: CallOptions = { signal: signalOf(reply), requestId: request.id }
      const conditions = await storeConditions(store, key, given, call)
      const options = { ...jsonAttributes(attributes ?? {}), ...conditions, size, sourceVersion }
      const token = await store.upload.start(key, options, call)
      const upload: Known = { store: name, key, token }
      const told = uploadJson(seal.close('upload', upload), upload)
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(result(request, { upload: told }))
    },
  )
  app.get(
    '/api/v1/stores/:store/uploads/:id',
    {
      exposeHeadRoute: true,
      config: { operation: 'upload.parts' },
      schema: {
        operationId: 'getUpload',
        tags: ['uploads'],
        summary: 'Which parts have arrived',
        params: uploadParams,
        response: {
          200: answer('The upload and its parts.', {
            upload: uploadSchema,
            parts: z.array(z.object({ number: z.int().positive(), size: z.int().nonnegative() })),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { upload, store, call } = await known(request, reply, request.params)
      const parts = await store.upload.parts(upload.token, call)
      const told = { upload: uploadJson(request.params.id, upload), parts }
      return reply.header('cache-control', 'no-store').send(result(request, told))
    },
  )
  app.post(
    '/api/v1/stores/:store/uploads/:id/finish',
    {
      config: { operation: 'upload.finish' },
      schema: {
        operationId: 'finishUpload',
        tags: ['uploads'],
        summary: 'Joins the parts to an object',
        description: 'Under the conditions given at the start. A gap in the numbers is InvalidRange.',
        params: uploadParams,
        response: { 200: answer('The object.', { entry: entrySchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { upload, store, call } = await known(request, reply, request.params)
      const entry = await finished(store, upload, call)
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
  app.delete(
    '/api/v1/stores/:store/uploads/:id',
    {
      config: { operation: 'upload.abort' },
      schema: {
        operationId: 'abortUpload',
        tags: ['uploads'],
        summary: 'Drops an upload and its parts',
        params: uploadParams,
        response: { 204: nothing('They are gone.'), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { upload, store, call } = await known(request, reply, request.params)
      await store.upload.abort(upload.token, call)
      return reply.code(204).send()
    },
  )
}

async function finished(store: Store, { key, token }: Known, call: CallOptions): Promise<Entry> {
  try {
    return (await store.upload.finish(token, call)) ?? (await store.stat(key, call))
  } catch (error) {
    // The parts are not of the size that the client announced.
    if (error instanceof Error && errorCode(error) === 'Corrupt') throw answeredWith(error, { status: 400 })
    throw error
  }
}

const partPattern = '/api/v1/stores/:store/uploads/:id/parts/:number'

/** `PUT …/uploads/{id}/parts/{number}`: takes bytes, so it stands apart from the routes that take JSON. */
export function partRoutes(app: FastifyInstance, { stores, seal, limits }: Services): void {
  app.put(
    partPattern,
    {
      config: {
        operation: 'upload.part',
        described: {
          operationId: 'putPart',
          tags: ['uploads'],
          summary: 'The bytes of one part',
          description: 'Parts may come in any order and in parallel.',
          params: z.object({ store: storeName, id: uploadParams.shape.id, number: partNumber }),
          consumes: ['application/octet-stream'],
          body: bytes,
          response: {
            200: answer('The part has arrived.', { part: z.object({ number: z.int(), size: z.int() }) }),
            default: failureSchema,
          },
        },
      },
    },
    async (request, reply) => {
      const url = request.raw.url ?? ''
      knownQueryOf(url, [])
      const { store: name = '', id = '', number: given = '' } = paramsOf(partPattern, url)
      const number = partNumber.safeParse(given)
      if (!number.success) throw refusal('InvalidConfig', 'the number of a part is a whole number from 1')
      request.access.requireSeen(name)
      const upload = openId(seal, name, id)
      request.access.require('write', name, upload.key)
      const store = await storeNamed(stores, name, request.access)
      const source = bodySource(request, limits)
      if (waitsToSend(request)) reply.raw.writeContinue()
      await store.upload.part(upload.token, number.data, source, { signal: signalOf(reply), requestId: request.id })
      const part = { number: number.data, size: source.taken() }
      return reply.header('cache-control', 'no-store').send(result(request, { part }))
    },
  )
}
