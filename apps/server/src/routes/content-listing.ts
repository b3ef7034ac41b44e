import type { CallOptions, Store } from '@kit/core'
import { z } from 'zod'
import { refusal, result } from '../answers.ts'
import { contentPath } from '../schemas/content-routes.ts'
import { answer, media, storeParams, wholeNumber } from '../schemas/describe.ts'
import { entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { ndjson, sendLines, wantsLines } from '../wire/lines.ts'

const pageDefault = 1000
const pageMax = 10_000

/** `GET …/content?path=`: what a directory of that CID holds. */
export function contentListingRoutes(app: JsonScope, { stores, limits, seal }: Services): void {
  app.get(
    '/api/v1/stores/:store/content',
    {
      exposeHeadRoute: true,
      config: { operation: 'content.list' },
      schema: {
        operationId: 'listContent',
        tags: ['content'],
        summary: 'What a directory holds, by its CID',
        description:
          'In the order of its blocks. A page as JSON; or, with `Accept: application/x-ndjson`, an entry a line to the end, which costs less than many pages: each begins the directory anew. Lines that break off end with a line of the form of Failure.',
        params: storeParams,
        querystring: z.strictObject({
          path: contentPath,
          cursor: z.string().optional().meta({ description: '`next` of the page before.' }),
          limit: wholeNumber('Entries at most. Of a page 1,000 without it.', {
            minimum: 1,
            maximum: pageMax,
          }).optional(),
        }),
        response: {
          200: media('The entries.', {
            'application/json': answer('A page.', {
              entries: z.array(entrySchema),
              next: z.string().optional().meta({ description: 'The cursor of the next page; absent on the last.' }),
            }),
            [ndjson]: entrySchema,
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      request.access.requireAll('list', params.store)
      const store = await storeNamed(stores, params.store, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      const purpose = `content ${params.store} ${query.path}`
      reply.header('cache-control', 'no-store')
      if (wantsLines(request)) {
        if (query.cursor !== undefined) throw refusal('InvalidConfig', 'lines go to the end: `cursor` is of pages')
        return sendLines(request, reply, entriesOf(store, query.path, 0, query.limit, call), limits)
      }
      const skip = query.cursor === undefined ? 0 : Number(seal.open(purpose, query.cursor) ?? Number.NaN)
      if (Number.isNaN(skip)) throw refusal('InvalidConfig', 'the cursor is not one that this listing gave')
      const limit = query.limit ?? pageDefault
      const entries: object[] = []
      for await (const entry of entriesOf(store, query.path, skip, limit + 1, call)) entries.push(entry)
      const more = entries.length > limit
      const next = more ? { next: seal.close(purpose, skip + limit) } : {}
      return reply.send(result(request, { entries: entries.slice(0, limit), ...next }))
    },
  )
}

/** Content never changes, so how many were told says where to go on. */
async function* entriesOf(
  store: Store,
  path: string,
  skip: number,
  limit: number | undefined,
  call: CallOptions,
): AsyncGenerator<object> {
  const end = skip + (limit ?? Number.POSITIVE_INFINITY)
  let at = 0
  for await (const { entries } of store.content.list(path, call)) {
    for (const entry of entries) {
      if (at >= skip) yield entryJson(entry)
      if (++at === end) return
    }
  }
}
