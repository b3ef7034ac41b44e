import type { CallOptions, Pin, PinFilter, Store } from '@kit/core'
import { z } from 'zod'
import { refusal, result } from '../answers.ts'
import { cidText } from '../schemas/content-routes.ts'
import { answer, media, nothing, storeName, storeParams, wholeNumber } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import { pinModes, pinSchema } from '../schemas/pin.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'
import { ndjson, sendLines, wantsLines } from '../wire/lines.ts'

const pageDefault = 1000
const pageMax = 10_000
const pattern = '/api/v1/stores/:store/pins'
const pinParams = z.object({ store: storeName, cid: cidText })

const count = z.int().min(1).max(1_000)

const newPin = z.strictObject({
  cid: cidText,
  mode: z.enum(['recursive', 'direct']).optional().meta({ description: 'Default recursive: with all that is below.' }),
  name: z.string().max(1_024).optional(),
  copies: z.strictObject({ min: count, max: count }).optional().meta({ description: 'On stores that keep several.' }),
  metadata: z.record(z.string().max(256), z.string().max(8_192)).optional(),
})

/** What is kept from being collected. */
export function pinRoutes(app: JsonScope, { stores, limits, seal }: Services): void {
  app.get(
    pattern,
    {
      exposeHeadRoute: true,
      config: { operation: 'pins.list' },
      schema: {
        operationId: 'listPins',
        tags: ['content'],
        summary: 'The pins of a store',
        description:
          'A page as JSON, which may hold fewer pins than `limit`; or, with `Accept: application/x-ndjson`, a pin a line to the end. Lines that break off end with a line of the form of Failure.',
        params: storeParams,
        querystring: z.strictObject({
          name: z.string().max(1_024).optional().meta({ description: 'Only pins whose name has this in it.' }),
          mode: z.enum(pinModes).optional().meta({ description: 'Default: all but indirect ones.' }),
          cursor: z.string().optional().meta({ description: '`next` of the page before, with the same filter.' }),
          limit: wholeNumber('Pins at most. Of a page 1,000 without it.', { minimum: 1, maximum: pageMax }).optional(),
        }),
        response: {
          200: media('The pins.', {
            'application/json': answer('A page.', {
              pins: z.array(pinSchema),
              next: z.string().optional().meta({ description: 'The cursor of the next page; absent on the last.' }),
            }),
            [ndjson]: pinSchema,
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
      const filter = { name: query.name, mode: query.mode }
      reply.header('cache-control', 'no-store')
      if (wantsLines(request)) {
        if (query.cursor !== undefined) throw refusal('InvalidConfig', 'lines go to the end: `cursor` is of pages')
        return sendLines(request, reply, pinsOf(store, filter, query.limit, call), limits)
      }
      const purpose = JSON.stringify(['pins', params.store, query.name, query.mode])
      const cursor = query.cursor === undefined ? undefined : seal.open(purpose, query.cursor)
      if (query.cursor !== undefined && typeof cursor !== 'string') {
        throw refusal('InvalidConfig', 'the cursor is not one that this listing gave')
      }
      const limit = query.limit ?? pageDefault
      const asked = { ...filter, limit, ...(typeof cursor === 'string' ? { cursor } : {}) }
      for await (const page of store.pins.list(asked, call)) {
        const next = page.cursor === undefined ? {} : { next: seal.close(purpose, page.cursor) }
        return reply.send(result(request, { pins: page.pins, ...next }))
      }
      return reply.send(result(request, { pins: [] }))
    },
  )
  app.post(
    pattern,
    {
      config: { operation: 'pins.add' },
      schema: {
        operationId: 'addPin',
        tags: ['content'],
        summary: 'Pins content',
        description: 'Pinning twice is success, and the later name and metadata count.',
        params: storeParams,
        body: newPin,
        response: { 200: answer('The pin.', { pin: pinSchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { cid, ...options } = request.body
      request.access.requireAll('write', request.params.store)
      const store = await storeNamed(stores, request.params.store, request.access)
      const pin = await store.pins.add(cid, options, { signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, { pin }))
    },
  )
  app.get(
    `${pattern}/:cid`,
    {
      exposeHeadRoute: true,
      config: { operation: 'pins.get' },
      schema: {
        operationId: 'getPin',
        tags: ['content'],
        summary: 'How content is pinned',
        description: 'NotFound where it is not.',
        params: pinParams,
        response: { 200: answer('The pin.', { pin: pinSchema }), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { store: name, cid } = request.params
      request.access.requireAll('read', name)
      const store = await storeNamed(stores, name, request.access)
      const pin = await store.pins.get(cid, { signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, { pin }))
    },
  )
  app.delete(
    `${pattern}/:cid`,
    {
      config: { operation: 'pins.remove' },
      schema: {
        operationId: 'removePin',
        tags: ['content'],
        summary: 'Removes a pin',
        description: 'What nothing else holds goes with the next collection. NotFound where there is no such pin.',
        params: pinParams,
        response: { 204: nothing('It is gone.'), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { store: name, cid } = request.params
      request.access.requireAll('delete', name)
      const store = await storeNamed(stores, name, request.access)
      await store.pins.remove(cid, { signal: signalOf(reply), requestId: request.id })
      return reply.code(204).send()
    },
  )
}

async function* pinsOf(
  store: Store,
  filter: PinFilter,
  limit: number | undefined,
  call: CallOptions,
): AsyncGenerator<Pin> {
  let count = 0
  for await (const { pins } of store.pins.list(filter, call)) {
    for (const pin of pins) {
      yield pin
      if (++count === limit) return
    }
  }
}
