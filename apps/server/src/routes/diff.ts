import { storageError, type CallOptions, type Entry, type Store } from '@kit/core'
import { z } from 'zod'
import { contentPath } from '../schemas/content-routes.ts'
import { media, storeParams } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { ndjson, sendLines } from '../wire/lines.ts'

/** Names of one directory that are held, to be found again in the other. */
const heldMax = 1_000_000

/** `GET …/diff?from=&to=`: the paths on which two trees differ, by their CIDs. */
export function diffRoutes(app: JsonScope, { stores, limits }: Services): void {
  app.get(
    '/api/v1/stores/:store/diff',
    {
      exposeHeadRoute: true,
      config: { operation: 'content.diff' },
      schema: {
        operationId: 'diffContent',
        tags: ['content'],
        summary: 'The paths on which two trees differ',
        description:
          'A line for each, in no order; what is the same in both is not read. A directory that is only in one of them is told with everything below it. On stores whose versions are commits, the tree of a version is `VERSION/root`. Lines that break off end with a line of the form of Failure.',
        params: storeParams,
        querystring: z.strictObject({
          from: contentPath.optional().meta({ description: 'A directory by its CID. Default: the empty one.' }),
          to: contentPath,
        }),
        response: {
          200: media('The differences.', {
            [ndjson]: z.object({
              path: z.string(),
              change: z.enum(['added', 'removed', 'changed']),
              kind: z.enum(['file', 'directory', 'link']),
              from: z.string().optional().meta({ description: 'The CID that was there.' }),
              to: z.string().optional().meta({ description: 'The CID that is there.' }),
            }),
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
      reply.header('cache-control', 'no-store')
      return sendLines(request, reply, differences(store, query.from, query.to, '', call), limits)
    },
  )
}

async function* differences(
  store: Store,
  from: string | undefined,
  to: string | undefined,
  below: string,
  call: CallOptions,
): AsyncGenerator<object> {
  if (from === to) return
  const before = new Map<string, Entry>()
  for await (const [name, entry] of childrenOf(store, from, call)) {
    if (before.size === heldMax)
      throw storageError('TooLarge', `a directory with more than ${heldMax} names`, { key: from })
    before.set(name, entry)
  }
  for await (const [name, entry] of childrenOf(store, to, call)) {
    const old = before.get(name)
    before.delete(name)
    if (old?.cid !== entry.cid) yield* difference(store, old, entry, `${below}${name}`, call)
  }
  for (const [name, old] of before) yield* difference(store, old, undefined, `${below}${name}`, call)
}

async function* difference(
  store: Store,
  old: Entry | undefined,
  made: Entry | undefined,
  path: string,
  call: CallOptions,
): AsyncGenerator<object> {
  if (old !== undefined && old.kind === made?.kind) {
    yield { path, change: 'changed', kind: old.kind, from: old.cid, to: made.cid }
  } else {
    if (old !== undefined) yield { path, change: 'removed', kind: old.kind, from: old.cid }
    if (made !== undefined) yield { path, change: 'added', kind: made.kind, to: made.cid }
  }
  const directory = (entry: Entry | undefined): string | undefined =>
    entry?.kind === 'directory' ? entry.cid : undefined
  yield* differences(store, directory(old), directory(made), `${path}/`, call)
}

async function* childrenOf(
  store: Store,
  directory: string | undefined,
  call: CallOptions,
): AsyncGenerator<readonly [name: string, entry: Entry]> {
  if (directory === undefined) return
  for await (const { entries } of store.content.list(directory, call)) {
    for (const entry of entries) yield [entry.key.slice(entry.key.lastIndexOf('/') + 1), entry]
  }
}
