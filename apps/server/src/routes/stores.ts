import type { FastifyInstance } from 'fastify'
import { result } from '../answers.ts'
import { storeNamed, type StoreSource } from '../stores.ts'
import { storeNameOf } from '../wire/target.ts'

/** `GET /api/v1/stores` and what one store can do. */
export function storeRoutes(app: FastifyInstance, stores: StoreSource): void {
  app.get('/api/v1/stores', { exposeHeadRoute: true, config: { operation: 'stores' } }, (request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .send(result(request, { stores: stores.names().map((name) => ({ name })) })),
  )
  app.get(
    '/api/v1/stores/:store',
    { exposeHeadRoute: true, config: { operation: 'store' } },
    async (request, reply) => {
      const { name, type, capabilities } = await storeNamed(stores, storeNameOf(request.raw.url ?? ''))
      return reply.header('cache-control', 'no-store').send(result(request, { name, type, capabilities }))
    },
  )
}
