import type { CallOptions, Store } from '@kit/core'
import { z } from 'zod'
import { requireTarget } from '../access/links.ts'
import { result } from '../answers.ts'
import { answer, flag, jsonKey, keyParams, nothing, storeParams } from '../schemas/describe.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { signalOf } from '../wire/bodies.ts'
import type { JsonScope } from '../wire/json.ts'

/** Longest that a URL may be good for: what S3 signs at most. */
const urlMaxSeconds = 604_800

/** Directories, links and URLs: what has a name, but no bytes that pass through here. */
export function nameRoutes(app: JsonScope, { stores }: Services): void {
  app.post(
    '/api/v1/stores/:store/directories',
    {
      config: { operation: 'directories.make' },
      schema: {
        operationId: 'makeDirectory',
        tags: ['directories'],
        summary: 'Makes a directory, and those above it',
        description: 'One that exists is success.',
        params: storeParams,
        body: z.strictObject({ key: jsonKey }),
        response: { 200: answer('It is there.', {}), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { key } = request.body
      request.access.require('write', request.params.store, key)
      const store = await storeNamed(stores, request.params.store, request.access)
      await store.directories.make(key, { signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, {}))
    },
  )
  app.delete(
    '/api/v1/stores/:store/directories/*',
    {
      config: { operation: 'directories.remove' },
      schema: {
        operationId: 'removeDirectory',
        tags: ['directories'],
        summary: 'Removes a directory',
        params: keyParams,
        querystring: z.strictObject({
          recursive: flag('With all that is below it; without, one that is not empty is NotEmpty.'),
        }),
        response: { 204: nothing('It is gone.'), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      request.access.require('delete', params.store, params.key)
      const store = await storeNamed(stores, params.store, request.access)
      const call: CallOptions = { signal: signalOf(reply), requestId: request.id }
      if (query.recursive === true) await removeTree(store, params.key, call)
      else await store.directories.remove(params.key, call)
      return reply.code(204).send()
    },
  )
  app.post(
    '/api/v1/stores/:store/links',
    {
      config: { operation: 'links.make' },
      schema: {
        operationId: 'makeLink',
        tags: ['directories'],
        summary: 'Makes a symbolic link',
        description:
          'The target is kept as it is spelt and need not exist. A token that has only a part of the store makes none that leads out of it.',
        params: storeParams,
        body: z.strictObject({ key: jsonKey, target: z.string().min(1).max(32_768) }),
        response: { 200: answer('It is there.', {}), default: failureSchema },
      },
    },
    async (request, reply) => {
      const { key, target } = request.body
      request.access.require('write', request.params.store, key)
      requireTarget(request.access, request.params.store, key, target)
      const store = await storeNamed(stores, request.params.store, request.access)
      await store.links.make(key, target, { signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, {}))
    },
  )
  app.post(
    '/api/v1/stores/:store/url',
    {
      config: { operation: 'url' },
      schema: {
        operationId: 'signUrl',
        tags: ['objects'],
        summary: 'A link to an object that needs no credentials until it expires',
        params: storeParams,
        body: z.strictObject({
          key: jsonKey,
          method: z.enum(['GET', 'PUT']).optional().meta({ description: 'Default GET.' }),
          expiresInSeconds: z.int().min(1).max(urlMaxSeconds),
          contentType: z.string().max(1024).optional(),
        }),
        response: {
          200: answer('The link, and the headers to send with the request.', {
            url: z.string(),
            headers: z.record(z.string(), z.string()).optional(),
          }),
          default: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const { key, ...options } = request.body
      request.access.require(options.method === 'PUT' ? 'write' : 'read', request.params.store, key)
      const store = await storeNamed(stores, request.params.store, request.access)
      const signed = await store.url(key, { ...options, signal: signalOf(reply), requestId: request.id })
      return reply.header('cache-control', 'no-store').send(result(request, { ...signed }))
    },
  )
}

/** Everything below a directory, and the directory; only the directories on the way down are held. */
async function removeTree(store: Store, directory: string, call: CallOptions): Promise<void> {
  async function* files(): AsyncGenerator<string> {
    for await (const entry of store.list(directory, call)) {
      if (entry.kind === 'directory') await removeTree(store, entry.key, call)
      else yield entry.key
    }
  }
  let failed: unknown
  for await (const { error } of store.deleteMany(files(), call)) failed ??= error
  if (failed !== undefined) throw failed
  if (store.can('directories')) await store.directories.remove(directory, call)
}
