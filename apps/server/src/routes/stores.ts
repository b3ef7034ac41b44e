import type { Capabilities } from '@kit/core'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { errorJson, result } from '../answers.ts'
import { capabilitiesSchema } from '../schemas/capabilities.ts'
import { answer, storeName, storeParams } from '../schemas/describe.ts'
import { errorSchema, failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'

const type = z.string().meta({ description: 'What kind of store it is.', examples: ['fs'] })
const bytes = z.int().nonnegative().optional()
const usageSchema = z
  .object({ usedBytes: bytes, totalBytes: bytes, freeBytes: bytes, objects: bytes })
  .meta({ id: 'Usage', description: 'In bytes and objects. What the store cannot tell is absent, never 0.' })

type Found = { readonly type: string; readonly capabilities: Capabilities } | { readonly error: object }

/** What stores there are, what each can do, and whether it answers. */
export function storeRoutes(app: JsonScope, { stores }: Services): void {
  async function opened(request: FastifyRequest): Promise<[name: string, found: Found][]> {
    const seen = stores.names().filter((name) => request.access.sees(name))
    return Promise.all(
      seen.map(async (name) => {
        try {
          const { type: kind, capabilities } = await stores.get(name)
          return [name, { type: kind, capabilities }]
        } catch (error) {
          return [name, { error: errorJson(request, error) }]
        }
      }),
    )
  }

  app.get(
    '/api/v1/stores',
    {
      exposeHeadRoute: true,
      config: { operation: 'stores' },
      schema: {
        operationId: 'listStores',
        tags: ['stores'],
        summary: 'The stores that the token sees',
        response: {
          200: answer('The stores. One that cannot be opened says why.', {
            stores: z.array(z.object({ name: storeName, type: type.optional(), error: errorSchema.optional() })),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const seen = await opened(request)
      const named = seen.map(([name, found]) => ({ name, ...('error' in found ? found : { type: found.type }) }))
      return reply.header('cache-control', 'no-store').send(result(request, { stores: named }))
    },
  )
  app.get(
    '/api/v1/stores/:store',
    {
      exposeHeadRoute: true,
      config: { operation: 'store' },
      schema: {
        operationId: 'getStore',
        tags: ['stores'],
        summary: 'What a store can do',
        params: storeParams,
        response: {
          200: answer('The store.', { name: storeName, type, capabilities: capabilitiesSchema }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      request.access.requireSeen(request.params.store)
      const { name, type: kind, capabilities } = await storeNamed(stores, request.params.store, request.access)
      return reply.header('cache-control', 'no-store').send(result(request, { name, type: kind, capabilities }))
    },
  )
  app.get(
    '/api/v1/matrix',
    {
      exposeHeadRoute: true,
      config: { operation: 'matrix' },
      schema: {
        operationId: 'getMatrix',
        tags: ['stores'],
        summary: 'What each store can do, in one table',
        response: {
          200: answer('By the names of the stores. One that cannot be opened says why.', {
            stores: z.record(
              z.string(),
              z.union([z.object({ type, capabilities: capabilitiesSchema }), z.object({ error: errorSchema })]),
            ),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const seen = await opened(request)
      return reply.header('cache-control', 'no-store').send(result(request, { stores: Object.fromEntries(seen) }))
    },
  )
  app.get(
    '/api/v1/stores/:store/usage',
    {
      exposeHeadRoute: true,
      config: { operation: 'usage' },
      schema: {
        operationId: 'getUsage',
        tags: ['stores'],
        summary: 'How much of a store is used',
        params: storeParams,
        response: { 200: answer('As far as the store tells.', { usage: usageSchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      request.access.require('read', request.params.store)
      const store = await storeNamed(stores, request.params.store, request.access)
      const usage = await store.usage({ signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, { usage }))
    },
  )
  app.post(
    '/api/v1/stores/:store/ping',
    {
      config: { operation: 'ping' },
      schema: {
        operationId: 'pingStore',
        tags: ['stores'],
        summary: 'Whether a store answers',
        params: storeParams,
        response: { 200: answer('The store answers.', {}), default: failureSchema },
      },
    },
    async (request, reply) => {
      request.access.require('read', request.params.store)
      const store = await storeNamed(stores, request.params.store, request.access)
      await store.ping({ signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, {}))
    },
  )
}
