import type { CallOptions } from '@kit/core'
import { z } from 'zod'
import { errorJson, result } from '../answers.ts'
import { answer, jsonEtag, jsonKey, storeParams } from '../schemas/describe.ts'
import { entrySchema } from '../schemas/entry.ts'
import { errorSchema, failureSchema, outcome } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import { storeConditions, storeEtag } from '../wire/json-conditions.ts'
import type { JsonScope } from '../wire/json.ts'

const conditions = { ifAbsent: z.boolean().optional(), ifMatch: jsonEtag.optional() }
const moveBody = z.strictObject({ from: jsonKey, to: jsonKey, ...conditions })
const copyBody = z
  .strictObject({ from: jsonKey, to: jsonKey, ...conditions, fromEtag: jsonEtag.optional() })
  .meta({ examples: [{ from: '2026/trip.json', to: '2026/copy.json', ifAbsent: true }] })
const keysMax = 1000

/** Copies, moves and deletions of several objects, all within one store. */
export function transferRoutes(app: JsonScope, { stores }: Services): void {
  app.post(
    '/api/v1/stores/:store/copy',
    {
      config: { operation: 'copy' },
      schema: {
        operationId: 'copyObject',
        tags: ['objects'],
        summary: 'Copies an object within its store',
        params: storeParams,
        body: copyBody,
        response: { 200: answer('The copy.', { entry: entrySchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { from, to, fromEtag, ...given } = request.body
      request.access.require('read', request.params.store, from)
      request.access.require('write', request.params.store, to)
      const store = await storeNamed(stores, request.params.store, request.access)
      const call: CallOptions = { signal: signalOf(reply), requestId: request.id }
      const pinned = fromEtag === undefined ? {} : { fromEtag: await storeEtag(store, from, fromEtag, call) }
      const bound = await storeConditions(store, to, given, call)
      const entry = await store.copy(from, to, { ...call, ...bound, ...pinned })
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
  app.post(
    '/api/v1/stores/:store/move',
    {
      config: { operation: 'move' },
      schema: {
        operationId: 'moveObject',
        tags: ['objects'],
        summary: 'Gives an object another key',
        params: storeParams,
        body: moveBody,
        response: { 200: answer('The object under its new key.', { entry: entrySchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { from, to, ...given } = request.body
      request.access.require('read', request.params.store, from)
      request.access.require('delete', request.params.store, from)
      request.access.require('write', request.params.store, to)
      const store = await storeNamed(stores, request.params.store, request.access)
      const call: CallOptions = { signal: signalOf(reply), requestId: request.id }
      const entry = await store.move(from, to, { ...call, ...(await storeConditions(store, to, given, call)) })
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
  app.post(
    '/api/v1/stores/:store/delete',
    {
      config: { operation: 'deleteMany' },
      schema: {
        operationId: 'deleteObjects',
        tags: ['objects'],
        summary: 'Deletes several objects',
        description: 'Absent is success. Where some failed the status is 200 still, and `success` is false.',
        params: storeParams,
        body: z.strictObject({ keys: z.array(jsonKey).max(keysMax) }).meta({ examples: [{ keys: ['a', 'b'] }] }),
        response: {
          200: z
            .object({
              ...outcome,
              total: z.int(),
              successful: z.int(),
              failed: z.int(),
              items: z.record(z.string(), z.object({ success: z.boolean(), error: errorSchema.optional() })),
            })
            .meta({ description: 'What became of each key.' }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const keys = new Set(request.body.keys)
      if (keys.size === 0) request.access.requireSeen(request.params.store)
      for (const key of keys) request.access.require('delete', request.params.store, key)
      const store = await storeNamed(stores, request.params.store, request.access)
      const call: CallOptions = { signal: signalOf(reply), requestId: request.id }
      const items = new Map<string, { readonly success: boolean; readonly error?: object }>()
      for await (const { key, error } of store.deleteMany(keys, call)) {
        items.set(key, error === undefined ? { success: true } : { success: false, error: errorJson(request, error) })
      }
      const failed = [...items.values()].filter(({ success }) => !success).length
      const counts = { total: keys.size, successful: items.size - failed, failed }
      const outcomes = { ...counts, items: Object.fromEntries(items) }
      return reply.header('cache-control', 'no-store').send({ ...result(request, outcomes), success: failed === 0 })
    },
  )
}
