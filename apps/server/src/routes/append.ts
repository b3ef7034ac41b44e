import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { refusal, result } from '../answers.ts'
import { answer, bytes, keyParams, wholeNumber } from '../schemas/describe.ts'
import { entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf, waitsToSend } from '../wire/bodies.ts'
import { bodySource } from '../wire/sources.ts'
import { knownQueryOf, paramsOf } from '../wire/target.ts'

const pattern = '/api/v1/stores/:store/append/*'
const position = wholeNumber('Length in bytes that the object must have.')

/** `POST …/append/{key}`: takes bytes. */
export function appendRoutes(app: FastifyInstance, { stores, limits }: Services): void {
  app.post(
    pattern,
    {
      config: {
        operation: 'append',
        described: {
          operationId: 'appendObject',
          tags: ['objects'],
          summary: 'Adds bytes to the end of an object',
          description:
            'Makes a missing one. `at` makes it safe to repeat: an object of another length is ConditionFailed.',
          params: keyParams,
          querystring: z.strictObject({ at: position.optional() }),
          consumes: ['application/octet-stream'],
          body: bytes,
          response: { 200: answer('The object as it is now.', { entry: entrySchema }), default: failureSchema },
        },
      },
    },
    async (request, reply) => {
      const url = request.raw.url ?? ''
      const given = knownQueryOf(url, ['at']).get('at')
      const { store: name = '', key = '' } = paramsOf(pattern, url)
      const at = given === undefined ? undefined : position.safeParse(given)
      if (at?.success === false) throw refusal('InvalidConfig', '`at` is a whole number of bytes')
      request.access.require('write', name, key)
      const store = await storeNamed(stores, name, request.access)
      const source = bodySource(request, limits)
      if (waitsToSend(request)) reply.raw.writeContinue()
      const call = { at: at?.data, signal: signalOf(reply), requestId: request.id }
      const entry = await store.append(key, source, call)
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
}
