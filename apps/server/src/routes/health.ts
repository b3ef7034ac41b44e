import type { FastifyInstance } from 'fastify'
import { result } from '../answers.ts'

/** `GET /health`: that the server runs. Asks no store, and wants no token. */
export function healthRoutes(app: FastifyInstance): void {
  app.get('/health', { exposeHeadRoute: true, config: { operation: 'health' } }, (request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .send(result(request, { status: 'ok', uptime_seconds: Math.floor(process.uptime()) })),
  )
}
