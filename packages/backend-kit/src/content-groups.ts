import { checkBlock, contentOf, maxBlockBytes, parseCid, type ContentReader } from '@kit/content'
import {
  bytesSource,
  collect,
  errorCode,
  storageError,
  throwIfAborted,
  withSignal,
  type Backend,
  type Bytes,
  type Context,
  type Pin,
} from '@kit/core'
import { readResponse } from '@kit/core/http'
import { entryOf, textsOf } from './entries.ts'
import type { KitClient } from './kit-client.ts'

/** Blocks that are sent at once. */
const atOnce = 8

/**
 * What a store has by CID. Every byte is checked here, against the CID that was asked for: content is read as the blocks that it is made of.
 */
export function contentGroups(client: KitClient): Pick<Backend, 'blocks' | 'content' | 'pins' | 'ipns'> {
  async function getBlock(context: Context, text: string): Promise<Bytes> {
    const cid = parseCid(text).text
    const response = await client.send(context, 'GET', `/blocks/${cid}`)
    const { body } = await readResponse(context, response, cid)
    const bytes = await collect(body, maxBlockBytes)
    checkBlock(cid, bytes)
    return bytes
  }

  async function putBlock(context: Context, text: string, bytes: Bytes): Promise<void> {
    const cid = parseCid(text).text
    checkBlock(cid, bytes)
    await client.tell(context, 'PUT', `/blocks/${cid}`, { source: bytesSource(bytes) })
  }

  const reading = (context: Context): ContentReader =>
    contentOf({ get: (cid, { signal }) => getBlock(withSignal(context, signal), cid) })

  return {
    blocks: {
      get: getBlock,
      put: putBlock,
      async has(context, text) {
        try {
          await client.tell(context, 'HEAD', `/blocks/${parseCid(text).text}`, { changes: false })
          return true
        } catch (error) {
          if (errorCode(error) === 'NotFound') return false
          throw error
        }
      },
      async putMany(context, blocks) {
        const underWay = new Set<Promise<void>>()
        try {
          for await (const { cid, bytes } of blocks) {
            throwIfAborted(context.signal)
            const putting = putBlock(context, cid, bytes).finally(() => underWay.delete(putting))
            underWay.add(putting)
            putting.catch(() => undefined)
            if (underWay.size >= atOnce) await Promise.race(underWay)
          }
          await Promise.all(underWay)
        } finally {
          await Promise.allSettled(underWay)
        }
      },
      async *collect(context) {
        for await (const values of client.values(context, 'POST', '/collect')) {
          for (const value of values) {
            const [cid, bytes]: unknown[] = [Reflect.get(Object(value), 'cid'), Reflect.get(Object(value), 'bytes')]
            if (typeof cid !== 'string') throw noPart('block', value)
            yield typeof bytes === 'number' ? { cid, bytes } : { cid }
          }
        }
      },
    },
    content: {
      read: (context, path, { range }) => reading(context).read(path, { signal: context.signal, range }),
      stat: (context, path) => reading(context).stat(path, context),
      list: (context, path) => reading(context).list(path, context),
      car: (context, path, { scope }) => reading(context).car(path, { signal: context.signal, scope }),
      async put(context, source, { profile, pin }) {
        const query = { profile, pin }
        return entryOf(await client.ask(context, 'POST', '/content', 'entry', { query, source }))
      },
      async importCar(context, source, { pin }) {
        const query = { format: 'car', pin }
        const roots = await client.ask(context, 'POST', '/content', 'roots', { query, source })
        if (Array.isArray(roots) && roots.every((root) => typeof root === 'string')) return roots
        throw noPart('list of roots', roots)
      },
    },
    pins: {
      add: async (context, cid, options) =>
        pinOf(await client.ask(context, 'POST', '/pins', 'pin', { json: { cid, ...options } })),
      remove: (context, cid) => client.tell(context, 'DELETE', pinPath(cid)),
      get: async (context, cid) => pinOf(await client.ask(context, 'GET', pinPath(cid), 'pin')),
      async *list(context, { name, mode, cursor: from, limit }) {
        for (let cursor = from; ;) {
          const query = { name, mode, limit, cursor }
          const json = await client.json(context, await client.send(context, 'GET', '/pins', { query }))
          const [pins, next]: unknown[] = [Reflect.get(json, 'pins'), Reflect.get(json, 'next')]
          if (!Array.isArray(pins)) throw noPart('list of pins', pins)
          cursor = typeof next === 'string' ? next : undefined
          yield { pins: pins.map(pinOf), cursor }
          if (cursor === undefined) return
        }
      },
    },
    ipns: {
      async publish(context, key, path, options) {
        const json = { key, path, ...options }
        const answer = await client.json(context, await client.send(context, 'POST', '/ipns', { json }), true)
        const [name, sequence]: unknown[] = [Reflect.get(answer, 'name'), Reflect.get(answer, 'sequence')]
        if (typeof name !== 'string') throw noPart('name', answer)
        return typeof sequence === 'number' ? { name, sequence } : { name }
      },
      async resolve(context, name) {
        const response = await client.send(context, 'GET', `/ipns/${encodeURIComponent(name)}`)
        const answer = await client.json(context, response)
        const [path, ttlSeconds]: unknown[] = [Reflect.get(answer, 'path'), Reflect.get(answer, 'ttlSeconds')]
        if (typeof path !== 'string') throw noPart('path', answer)
        return typeof ttlSeconds === 'number' ? { path, ttlSeconds } : { path }
      },
    },
  }
}

function pinPath(cid: string): string {
  return `/pins/${encodeURIComponent(cid)}`
}

const modes = ['recursive', 'direct', 'indirect'] as const
const statuses = ['queued', 'pinning', 'pinned', 'failed'] as const

/** A pin as the server's JSON spells it. @throws Corrupt */
function pinOf(value: unknown): Pin {
  const member = (name: string): unknown => Reflect.get(Object(value), name)
  const [cid, name, copies, expires] = ['cid', 'name', 'copies', 'expires'].map(member)
  const mode = modes.find((word) => word === member('mode'))
  const status = statuses.find((word) => word === member('status'))
  if (typeof cid !== 'string' || mode === undefined || status === undefined) throw noPart('pin', value)
  const metadata = textsOf(member('metadata'))
  return {
    cid,
    mode,
    status,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof copies === 'number' ? { copies } : {}),
    ...(typeof expires === 'string' ? { expires: new Date(expires) } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
}

function noPart(what: string, value: unknown): Error {
  return storageError('Corrupt', `the server gave what is no ${what}: ${JSON.stringify(value)?.slice(0, 200)}`)
}
