import type { CallOptions, Store } from '@kit/core'
import { z } from 'zod'
import { result } from '../answers.ts'
import { answer, media, storeParams } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { ndjson, sendLines, wantsLines } from '../wire/lines.ts'

const size = z.int().nonnegative().optional()

/** `POST …/collect`: takes away what nothing needs any more. */
export function collectionRoutes(app: JsonScope, { stores, limits }: Services): void {
  app.post(
    '/api/v1/stores/:store/collect',
    {
      config: { operation: 'blocks.collect' },
      schema: {
        operationId: 'collectBlocks',
        tags: ['content'],
        summary: 'Takes away the blocks that nothing needs',
        description:
          'Only what no pin and no kept version leads to ever goes. Counts as JSON; or, with `Accept: application/x-ndjson`, a line for each block that went. It ends when the client goes away; what has gone by then has gone, and the rest is whole.',
        params: storeParams,
        response: {
          200: media('It is done.', {
            'application/json': answer('How much went.', {
              blocks: z.int().nonnegative(),
              bytes: size.meta({ description: 'Where the store tells it.' }),
            }),
            [ndjson]: z.object({ cid: z.string(), bytes: size }),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      request.access.requireAll('delete', request.params.store)
      const store = await storeNamed(stores, request.params.store, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      reply.header('cache-control', 'no-store')
      if (wantsLines(request)) return sendLines(request, reply, store.blocks.collect(call), limits)
      return reply.send(result(request, await counted(store, call)))
    },
  )
}

async function counted(
  store: Store,
  call: CallOptions,
): Promise<{ readonly blocks: number; readonly bytes?: number | undefined }> {
  let blocks = 0
  let sum: number | undefined = 0
  for await (const { bytes } of store.blocks.collect(call)) {
    blocks++
    sum = sum === undefined || bytes === undefined ? undefined : sum + bytes
  }
  return { blocks, bytes: sum }
}
