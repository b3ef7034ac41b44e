import { errorCode, storageError, type Backend, type ByteStream, type Content } from '@kit/core'
import type { Capabilities, Context, Entry, Key, ReadConditions } from '@kit/core'
import { contentOf, isCid, parseCid, type ContentReader } from '@kit/content'
import { carSession, type CarSession } from './car-session.ts'
import type { CarQuery } from './gateway-client.ts'
import { fetchBlock, type Gateway } from './gateway.ts'
import type { NameResolver } from './ipns-names.ts'
import { race } from './race.ts'

/** A CAR that cannot go on where it broke off is not begun again beyond so many bytes: the rest comes block by block. */
const beginAgainMaxBytes = 8 * 2 ** 20
/** The code of a block without links: there is nothing for a CAR to save. */
const rawCodec = 0x55

export function gatewayBackend(
  gateway: Gateway,
  capabilities: Capabilities,
  names: NameResolver,
  close: () => Promise<void>,
): Backend {
  /** One walk from a path, fed by a CAR. Whoever walks ends it. */
  function walk(
    context: Context,
    path: string,
    ask: (servedBytes: number) => CarQuery | undefined,
  ): { readonly reader: ContentReader; readonly session: CarSession } {
    const [root = '', ...rest] = path.split('/')
    const alone = rest.length === 0 && parseCid(root).codec === rawCodec
    const session = carSession(gateway, context, path, alone ? () => undefined : ask)
    return { reader: contentOf(session), session }
  }

  const again = (scope: CarQuery['scope']) => (servedBytes: number) =>
    servedBytes > beginAgainMaxBytes ? undefined : { scope }

  const content: Content = {
    async read(context, path, { range }) {
      let asked: CarQuery = { scope: 'entity', range }
      const { reader, session } = walk(context, path, () => asked)
      try {
        const result = await reader.read(path, { range, signal: context.signal })
        const { body, from } = result
        if (body instanceof Uint8Array) {
          session.close()
          return result
        }
        const to = range !== undefined && 'to' in range ? range.to : undefined
        const onBytes = (bytes: number): void => {
          asked = { scope: 'entity', range: { from: from + bytes, to } }
        }
        return { ...result, body: streamed(body, session, onBytes) }
      } catch (error) {
        session.close()
        throw error
      }
    },
    async stat(context, path) {
      const { reader, session } = walk(context, path, again('block'))
      try {
        return await reader.stat(path, { signal: context.signal })
      } finally {
        session.close()
      }
    },
    async *list(context, path) {
      const { reader, session } = walk(context, path, again('entity'))
      try {
        yield* reader.list(path, { signal: context.signal })
      } finally {
        session.close()
      }
    },
    async car(context, path, { scope }) {
      const { reader, session } = walk(context, path, again(scope))
      try {
        return streamed(await reader.car(path, { scope, signal: context.signal }), session)
      } catch (error) {
        session.close()
        throw error
      }
    },
  }

  /** By key: `CID` or `CID/path`. What is no CID names nothing. */
  async function entryOf(context: Context, key: Key, conditions: ReadConditions): Promise<Entry> {
    const [root = ''] = key.split('/')
    if (!isCid(root)) throw storageError('NotFound', `keys begin with a CID, and ${JSON.stringify(root)} is none`)
    return checked(await content.stat(context, key), conditions)
  }

  return {
    capabilities,
    async stat(context, key, conditions) {
      return { ...(await entryOf(context, key, conditions)), key }
    },
    async read(context, key, { range, ...conditions }) {
      const [root = ''] = key.split('/')
      if (!isCid(root)) throw storageError('NotFound', `keys begin with a CID, and ${JSON.stringify(root)} is none`)
      const result = await content.read(context, key, { range })
      try {
        return { ...result, entry: { ...checked(result.entry, conditions), key } }
      } catch (error) {
        if (!(result.body instanceof Uint8Array)) await result.body[Symbol.asyncIterator]().return?.()
        throw error
      }
    },
    async ping(context) {
      await race(context, await gateway.endpoints(context), gateway.scores, (own, endpoint) =>
        gateway.client.ping(own, endpoint),
      )
    },
    close,
    content,
    blocks: {
      get: (context, cid) => fetchBlock(gateway, context, parseCid(cid).text),
      async has(context, cid) {
        try {
          await fetchBlock(gateway, context, parseCid(cid).text)
          return true
        } catch (error) {
          if (errorCode(error) === 'NotFound') return false
          throw error
        }
      },
    },
    ipns: {
      publish: () =>
        Promise.reject(
          storageError('Unsupported', 'gateways are read; names are published by a node that has the key'),
        ),
      resolve: (context, name) => names.resolve(context, name),
    },
  }
}

/** The entry, whose etag is its CID, under the conditions of a read. */
function checked(entry: Entry, { ifMatch, ifNoneMatch }: ReadConditions): Entry {
  const { etag } = entry
  if (ifMatch !== undefined && ifMatch !== etag) {
    throw storageError('ConditionFailed', `the content is ${etag}, for good`)
  }
  if (ifNoneMatch !== undefined && ifNoneMatch === etag) throw storageError('NotModified', 'content never changes')
  return entry
}

/** A body that ends its walk with it, whether it is read to its end, broken off or never begun. */
function streamed(body: ByteStream, session: CarSession, onBytes: (bytes: number) => void = () => {}): ByteStream {
  const iterator = body[Symbol.asyncIterator]()
  let bytes = 0
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const step = await iterator.next()
          if (step.done === true) session.close()
          else onBytes((bytes += step.value.byteLength))
          return step
        } catch (error) {
          session.close()
          // What has begun is there: a block of it that nobody has is a fault of those who gave the others.
          if (errorCode(error) !== 'NotFound') throw error
          throw storageError('Unavailable', 'a block of it is not to be had', { cause: error })
        }
      },
      async return() {
        session.close()
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}
