import { z } from 'zod'
import { result } from '../answers.ts'
import { answer } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { JsonScope } from '../wire/json.ts'

/** `GET /health`: that the server runs. Asks no store, and wants no token. */
export function healthRoutes(app: JsonScope): void {
  app.get(
    '/health',
    {
      exposeHeadRoute: true,
      config: { operation: 'health' },
      schema: {
        operationId: 'getHealth',
        tags: ['server'],
        summary: 'Whether the server runs',
        description: 'Asks no store, and wants no token.',
        security: [],
        response: {
          200: answer('It runs.', { status: z.literal('ok') }),
          default: failureSchema,
        },
      },
    },
    (request, reply) => reply.header('cache-control', 'no-store').send(result(request, { status: 'ok' })),
  )
}
