import { type Attributes, type Source, type Store, type StoreEntry } from '@kit/core'
import { z } from 'zod'
import { result } from '../answers.ts'
import { answer, jsonEtag, jsonKey, storeParams } from '../schemas/describe.ts'
import { entrySchema } from '../schemas/entry.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { entryJson } from '../wire/attributes.ts'
import { signalOf } from '../wire/bodies.ts'
import { storeConditions } from '../wire/json-conditions.ts'
import type { JsonScope } from '../wire/json.ts'

/** `POST …/restore`: makes an object what it was in a kept version. */
export function restoreRoutes(app: JsonScope, { stores }: Services): void {
  app.post(
    '/api/v1/stores/:store/restore',
    {
      config: { operation: 'restore' },
      schema: {
        operationId: 'restoreObject',
        tags: ['objects'],
        summary: 'Makes an object what it was in a kept version',
        description: 'As a new version, with the attributes that it had. One that was deleted since is there again.',
        params: storeParams,
        body: z.strictObject({
          key: jsonKey,
          version: z.string().min(1).max(8_192).meta({ description: 'One of …/versions/{key}.' }),
          ifAbsent: z.boolean().optional().meta({ description: 'Only where there is no object now.' }),
          ifMatch: jsonEtag.optional(),
        }),
        response: { 200: answer('The object as it is now.', { entry: entrySchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { key, version, ...given } = request.body
      const { store: name } = request.params
      request.access.require('read', name, key)
      request.access.require('write', name, key)
      const store = await storeNamed(stores, name, request.access)
      const call = { signal: signalOf(reply), requestId: request.id }
      const conditions = await storeConditions(store, key, given, call)
      await using reading = await store.read(key, { ...call, version })
      const source: Source = { size: reading.size, open: (from) => (from === 0 ? reading : null) }
      const entry = await store.write(key, source, { ...call, ...conditions, ...keptBy(store, reading.entry) })
      return reply.header('cache-control', 'no-store').send(result(request, { entry: entryJson(entry) }))
    },
  )
}

/** Attributes that the store keeps. The time of the last change is now. */
function keptBy(store: Store, entry: StoreEntry): Attributes {
  const names = (store.capabilities.write?.attributes ?? []).filter(
    (name) => name !== 'modified' && entry[name] !== undefined,
  )
  return Object.fromEntries(names.map((name) => [name, entry[name]]))
}
