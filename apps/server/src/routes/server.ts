import { z } from 'zod'
import { result } from '../answers.ts'
import { answer } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import { version } from '../version.ts'
import type { JsonScope } from '../wire/json.ts'

/** What server this is, and the description of its API. Any token is enough. */
export function serverRoutes(app: JsonScope): void {
  app.get(
    '/api/v1',
    {
      exposeHeadRoute: true,
      config: { operation: 'server' },
      schema: {
        operationId: 'getServer',
        tags: ['server'],
        summary: 'What server this is',
        response: {
          200: answer('The server.', { name: z.literal('kit'), version: z.string(), api: z.literal(1) }),
          default: failureSchema,
        },
      },
    },
    (request, reply) =>
      reply.header('cache-control', 'no-store').send(result(request, { name: 'kit', version, api: 1 })),
  )
  app.get(
    '/openapi.json',
    {
      exposeHeadRoute: true,
      config: { operation: 'openapi' },
      schema: {
        operationId: 'getOpenApi',
        tags: ['server'],
        summary: 'This description',
        response: {
          200: z.record(z.string(), z.unknown()).meta({ description: 'OpenAPI 3.1.' }),
          default: failureSchema,
        },
      },
    },
    (_request, reply) => reply.header('cache-control', 'no-cache').send(app.swagger()),
  )
}
