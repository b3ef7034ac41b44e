import type { ListCall } from '@kit/core'
import { z } from 'zod'
import { refusal, result } from '../answers.ts'
import { answer, flag, media, storeParams, wholeNumber } from '../schemas/describe.ts'
import { entryFields, entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { ndjson, sendLines, wantsLines } from '../wire/lines.ts'
import { pageOf, type Asked } from '../wire/pages.ts'

const pageDefault = 1000
const pageMax = 10_000

const key = z.string().max(32_768)
const listQuery = z.strictObject({
  prefix: key.optional().meta({ description: 'The directory; the whole store without it.', examples: ['2026'] }),
  recursive: flag('All files below, at any depth.'),
  ordered: flag('By the UTF-8 bytes of the keys. Pages are unless this is false; lines are only where it is true.'),
  after: key.optional().meta({ description: 'Only keys after this one; makes the listing ordered.' }),
  cursor: z.string().optional().meta({ description: '`next` of the page before, with the same other parameters.' }),
  limit: wholeNumber('Entries at most. Of a page 1,000 without it.', { minimum: 1, maximum: pageMax }).optional(),
  want: z
    .string()
    .transform((given) => given.split(',').filter((name) => name !== ''))
    .pipe(z.array(z.enum(entryFields)))
    .optional()
    .meta({
      description: 'Fields to tell even where that costs more, joined by commas.',
      examples: ['modified,contentType'],
      type: 'string',
      items: undefined,
    }),
})

/** `GET …/objects`: what is in a directory, a page at a time in the order of keys, or all of it as lines. */
export function listingRoutes(app: JsonScope, { stores, limits, seal }: Services): void {
  app.get(
    '/api/v1/stores/:store/objects',
    {
      exposeHeadRoute: true,
      config: { operation: 'list' },
      schema: {
        operationId: 'listObjects',
        tags: ['objects'],
        summary: 'What is in a directory',
        description:
          'A page as JSON; or, with `Accept: application/x-ndjson`, an entry a line to the end. Lines that break off end with a line of the form of Failure.',
        params: storeParams,
        querystring: listQuery,
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
      const directory = (query.prefix ?? '').replace(/\/$/, '')
      request.access.require('list', params.store, directory)
      const store = await storeNamed(stores, params.store, request.access)
      const { recursive = false, ordered, after, limit, want } = query
      const call: ListCall = { recursive, after, want, signal: signalOf(reply), requestId: request.id }
      const asked: Asked = { access: request.access, store, name: params.store, directory, call, seal }
      reply.header('cache-control', 'no-store')
      if (!wantsLines(request)) {
        const page = await pageOf(asked, query.cursor, ordered !== false, limit ?? pageDefault)
        return reply.send(result(request, page))
      }
      if (query.cursor !== undefined) throw refusal('InvalidConfig', 'lines go to the end: `cursor` is of pages')
      const inOrder = ordered === true || after !== undefined
      return sendLines(request, reply, entriesOf({ ...asked, call: { ...call, ordered: inOrder } }, limit), limits)
    },
  )
}

async function* entriesOf(
  { access, store, name, directory, call }: Asked,
  limit: number | undefined,
): AsyncGenerator<object> {
  let count = 0
  for await (const found of store.list(directory, limit === undefined ? call : { ...call, limit })) {
    const entry = access.listed(name, found)
    if (entry === undefined) continue
    yield entryJson(entry)
    if (++count === limit) return
  }
}
