import { z } from 'zod'
import { result } from '../answers.ts'
import { contentPath } from '../schemas/content-routes.ts'
import { answer, storeName, storeParams } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'

const text = z.string().min(1).max(1_024)
const seconds = z.int().min(1).max(31_536_000).optional()

/** Names that point at content, on stores that have them. */
export function ipnsRoutes(app: JsonScope, { stores }: Services): void {
  app.post(
    '/api/v1/stores/:store/ipns',
    {
      config: { operation: 'ipns.publish' },
      schema: {
        operationId: 'publishName',
        tags: ['content'],
        summary: 'Points a name at content',
        params: storeParams,
        body: z.strictObject({
          key: text.meta({ description: 'The key of the store that signs, by its name there.', examples: ['self'] }),
          path: contentPath,
          lifetimeSeconds: seconds.meta({ description: 'How long the record is good for.' }),
          ttlSeconds: seconds.meta({ description: 'How long others may go without asking again.' }),
        }),
        response: {
          200: answer('It points there.', { name: z.string(), sequence: z.int().nonnegative().optional() }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { key, path, ...options } = request.body
      request.access.requireAll('write', request.params.store)
      const store = await storeNamed(stores, request.params.store, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      const { name, sequence } = await store.ipns.publish(key, path, options, call)
      return reply.header('cache-control', 'no-store').send(result(request, { name, sequence }))
    },
  )
  app.get(
    '/api/v1/stores/:store/ipns/:name',
    {
      exposeHeadRoute: true,
      config: { operation: 'ipns.resolve' },
      schema: {
        operationId: 'resolveName',
        tags: ['content'],
        summary: 'Where a name points',
        params: z.object({ store: storeName, name: text }),
        response: {
          200: answer('It points there.', { path: z.string(), ttlSeconds: z.number().nonnegative().optional() }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { store: wanted, name } = request.params
      request.access.requireAll('read', wanted)
      const store = await storeNamed(stores, wanted, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      const { path, ttlSeconds } = await store.ipns.resolve(name, call)
      return reply.header('cache-control', 'no-store').send(result(request, { path, ttlSeconds }))
    },
  )
}
