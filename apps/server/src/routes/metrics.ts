import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { media, type Described } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { ServerMetrics } from '../service/metrics.ts'

/** `GET /metrics`: what the server counts, in Prometheus' text format. */
export function metricsRoutes(app: FastifyInstance, metrics: ServerMetrics): void {
  app.get(
    '/metrics',
    { exposeHeadRoute: true, config: { operation: 'metrics', described } },
    async (request, reply) => {
      request.access.requireScope('metrics')
      const text = await metrics.text()
      return reply.header('cache-control', 'no-store').type(metrics.contentType).send(text)
    },
  )
}

const described: Described = {
  operationId: 'getMetrics',
  tags: ['server'],
  summary: 'What the server counts',
  response: { 200: media("In Prometheus' text format.", { 'text/plain': z.string() }), default: failureSchema },
}
