import { z } from 'zod'
import { result } from '../answers.ts'
import { answer, flag, keyParams } from '../schemas/describe.ts'
import { attributesShape, entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson, jsonAttributes, validatorHeaders } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'

const entryAnswer = { entry: entrySchema }

/** What is known of one object, apart from its bytes. */
export function entryRoutes(app: JsonScope, { stores }: Services): void {
  app.get(
    '/api/v1/stores/:store/entries/*',
    {
      exposeHeadRoute: true,
      config: { operation: 'stat' },
      schema: {
        operationId: 'getEntry',
        tags: ['objects'],
        summary: 'What is known of an object, a directory or a link',
        description: 'Links are not followed.',
        params: keyParams,
        querystring: z.strictObject({
          implied: flag('Asks, where directories are only implied, whether anything is below the key.'),
          version: z.string().optional().meta({ description: 'A kept version instead of the newest.' }),
        }),
        response: { 200: answer('The entry.', entryAnswer), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      request.access.require('read', params.store, params.key)
      const store = await storeNamed(stores, params.store, request.access)
      const entry = await store.stat(params.key, { ...query, signal: signalOf(reply), requestId: request.id })
      return reply
        .header('cache-control', 'no-store')
        .headers(validatorHeaders(entry))
        .send(result(request, { entry: entryJson(entry) }))
    },
  )
  app.patch(
    '/api/v1/stores/:store/entries/*',
    {
      config: { operation: 'update' },
      schema: {
        operationId: 'updateEntry',
        tags: ['objects'],
        summary: 'Sets attributes of an object',
        description: 'Those named are set, the others stay. What the store cannot keep is refused.',
        params: keyParams,
        body: z.strictObject(attributesShape).meta({ examples: [{ contentType: 'text/plain', metadata: { a: 'b' } }] }),
        response: { 200: answer('The entry as it is now.', entryAnswer), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      request.access.require('write', params.store, params.key)
      const store = await storeNamed(stores, params.store, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      const entry = await store.update(params.key, jsonAttributes(body), call)
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
  app.get(
    '/api/v1/stores/:store/versions/*',
    {
      exposeHeadRoute: true,
      config: { operation: 'versions' },
      schema: {
        operationId: 'listVersions',
        tags: ['objects'],
        summary: 'Kept versions of an object, the newest first',
        params: keyParams,
        response: {
          200: answer('The newest versions, 10,000 at most; `truncated` where there are more.', {
            entries: z.array(entrySchema),
            truncated: z.literal(true).optional(),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { params } = request
      request.access.require('read', params.store, params.key)
      const store = await storeNamed(stores, params.store, request.access)
      const entries: object[] = []
      for await (const entry of store.versions(params.key, { signal: signalOf(reply), requestId: request.id })) {
        if (entries.length === versionsMax) {
          return reply.header('cache-control', 'no-store').send(result(request, { entries, truncated: true }))
        }
        entries.push(entryJson(entry))
      }
      return reply.header('cache-control', 'no-store').send(result(request, { entries }))
    },
  )
}

const versionsMax = 10_000
