import type { FastifyInstance } from 'fastify'
import type { ServerMetrics } from '../service/metrics.ts'

/** `GET /metrics`: what the server counts, in Prometheus' text format. */
export function metricsRoutes(app: FastifyInstance, metrics: ServerMetrics): void {
  app.get('/metrics', { exposeHeadRoute: true, config: { operation: 'metrics' } }, async (request, reply) => {
    request.access.requireScope('metrics')
    const text = await metrics.text()
    return reply.header('cache-control', 'no-store').type(metrics.contentType).send(text)
  })
}
