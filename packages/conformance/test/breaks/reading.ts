import { resolveRange, storageError } from '@kit/core'
import type { Entry, ReadResult } from '@kit/core'
import { body } from '../reference/reference-backend.ts'
import { deaf, onRead, without, type Broken } from './broken.ts'

const chunkBytes = 64 * 1024

export const reading: readonly Broken[] = [
  {
    name: 'a range begins one byte late',
    caughtBy: /get: every form of range/,
    breaks: onRead((read, context, key, options) => {
      const { range } = options
      const late = range !== undefined && 'from' in range && range.from > 0 ? { ...range, from: range.from + 1 } : range
      return read(context, key, { ...options, range: late }).then((result) =>
        late === range ? result : { ...result, from: result.from - 1 },
      )
    }),
  },
  {
    name: 'a range ends one byte early',
    caughtBy: /get: every form of range|contract: a range begins/,
    breaks: onRead(async (read, context, key, options) => {
      const result = await read(context, key, options)
      const { range } = options
      if (range === undefined || 'last' in range || range.to === undefined || !(result.body instanceof Uint8Array))
        return result
      return { ...result, body: result.body.slice(0, -1) }
    }),
  },
  {
    name: 'the end of a range is inclusive',
    caughtBy: /contract: a range begins|get: every form of range/,
    breaks: onRead((read, context, key, options) => {
      const { range } = options
      const longer =
        range !== undefined && 'from' in range && range.to !== undefined ? { ...range, to: range.to - 1 } : range
      return read(context, key, { ...options, range: longer })
    }),
  },
  {
    name: 'the last bytes are the first ones',
    caughtBy: /get: every form of range/,
    breaks: onRead(async (read, context, key, options, world) => {
      const { range } = options
      if (range === undefined || !('last' in range)) return read(context, key, options)
      const { entry, bytes } = world.file(key)
      return { entry, from: Math.max(0, bytes.byteLength - range.last), body: bytes.slice(0, range.last) }
    }),
  },
  {
    name: 'a ranged body says that it begins at 0',
    caughtBy: /contract: a range begins|get: every form of range/,
    breaks: onRead(async (read, context, key, options) => ({ ...(await read(context, key, options)), from: 0 })),
  },
  {
    name: 'a range beyond the end is empty',
    caughtBy: /contract: a range begins/,
    breaks: onRead(async (read, context, key, options, world) => {
      const { bytes, entry } = world.file(key)
      const { range } = options
      if (range !== undefined && 'from' in range && range.from >= bytes.byteLength) {
        return { entry, from: range.from, body: new Uint8Array() }
      }
      return read(context, key, options)
    }),
  },
  {
    name: 'the entry of a ranged read has the size of the range',
    caughtBy: /get: every form of range|contract: a range begins/,
    breaks: onRead(async (read, context, key, options, world) => {
      const result = await read(context, key, options)
      const { from, to } = resolveRange(options.range, world.file(key).bytes.byteLength)
      return { ...result, entry: { ...result.entry, size: to - from } }
    }),
  },
  {
    name: 'an empty object is NotFound',
    caughtBy: /get: an empty object/,
    breaks: onRead(async (read, context, key, options) => {
      const result = await read(context, key, options)
      if (result.entry.size === 0) throw storageError('NotFound', 'nothing there')
      return result
    }),
  },
  {
    name: "what is read is the store's own buffer",
    caughtBy: /get: bytes that were read belong/,
    breaks: onRead(async (_, __, key, options, world) => {
      const { entry, bytes } = world.file(key, options)
      const { from, to } = resolveRange(options.range, bytes.byteLength)
      return { entry, from, body: bytes.subarray(from, to) }
    }),
  },
  {
    name: 'NotFound comes with the first chunk',
    caughtBy: /get: a missing object|contract: what is missing/,
    breaks: onRead(async (read, context, key, options): Promise<ReadResult> => {
      try {
        return await read(context, key, options)
      } catch (error) {
        const entry: Entry = { kind: 'file', key, size: 100, etag: '"x"' }
        return {
          entry,
          from: 0,
          body: {
            [Symbol.asyncIterator]: () => ({
              async next() {
                throw error
              },
            }),
          },
        }
      }
    }),
  },
  {
    name: 'a missing object is an empty one',
    caughtBy: /get: a missing object/,
    breaks: onRead(async (read, context, key, options): Promise<ReadResult> => {
      try {
        return await read(context, key, options)
      } catch {
        return { entry: { kind: 'file', key, size: 0 }, from: 0, body: new Uint8Array() }
      }
    }),
  },
  {
    name: 'a body that is ended early is not freed',
    caughtBy: /get: bodies that are not read|contract: a body that was not read/,
    breaks: onRead(async (read, context, key, options) => {
      const result = await read(context, key, options)
      const stream = result.body
      if (stream instanceof Uint8Array) return result
      return {
        ...result,
        body: {
          [Symbol.asyncIterator]: () => {
            const iterator = stream[Symbol.asyncIterator]()
            return { next: () => iterator.next(), return: async () => ({ done: true, value: undefined }) }
          },
        },
      }
    }),
  },
  {
    name: 'a read is answered from a cache that no write empties',
    caughtBy: /put: a write replaces|delete: a deleted object/,
    breaks: (backend, world) => {
      const kept = new Map<string, ReadResult>()
      return onRead(async (read, context, key, options) => {
        if (options.range !== undefined) return read(context, key, options)
        const result = kept.get(key) ?? (await read(context, key, options))
        if (result.body instanceof Uint8Array) kept.set(key, { ...result, body: result.body.slice() })
        return result
      })(backend, world)
    },
  },
  {
    name: 'a body ends short without an error',
    caughtBy: /get: an object of several MiB/,
    breaks: onRead(async (read, context, key, options, world) => {
      const { entry, bytes } = world.file(key, options)
      const { from, to } = resolveRange(options.range, bytes.byteLength)
      if (bytes.byteLength < 2 ** 20) return read(context, key, options)
      return { entry, from, body: body(world, context, bytes, from, Math.max(from, to - 1000)) }
    }),
  },
  {
    name: 'a body is taken from whatever the object is by then',
    caughtBy: /atomic: readers of an object/,
    breaks: onRead(async (read, context, key, options, world): Promise<ReadResult> => {
      const first = world.file(key, options)
      if (options.range !== undefined || first.bytes.byteLength <= chunkBytes) return read(context, key, options)
      const live = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        for (let at = 0; at < first.bytes.byteLength; at += chunkBytes) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          yield world.file(key).bytes.slice(at, Math.min(at + chunkBytes, first.bytes.byteLength))
        }
      }
      return { entry: first.entry, from: 0, body: live() }
    }),
  },
  {
    name: 'a read hears no abort',
    caughtBy: /abort: an aborted read/,
    breaks: onRead((read, context, key, options) => read(deaf(context), key, options)),
  },
  {
    name: 'ifNoneMatch of a read is dropped',
    caughtBy: /contract: conditions that are declared native/,
    breaks: onRead((read, context, key, options) => read(context, key, without(options, 'ifNoneMatch'))),
  },
  {
    name: 'ifMatch of a read is dropped',
    caughtBy: /contract: conditions that are declared native/,
    breaks: onRead((read, context, key, options) => read(context, key, without(options, 'ifMatch'))),
  },
  {
    name: 'the version of a read is dropped',
    caughtBy: /versions: every write is a version/,
    breaks: onRead((read, context, key, options) => read(context, key, without(options, 'version'))),
  },
  {
    name: 'a directory is read as an empty file',
    shape: 'tree',
    caughtBy: /errors: reading a directory|directories: a directory is no file/,
    breaks: onRead(async (read, context, key, options, world) => {
      if (world.nodes.get(key)?.kind !== 'directory') return read(context, key, options)
      return { entry: { kind: 'file', key, size: 0 }, from: 0, body: new Uint8Array() }
    }),
  },
  {
    name: 'a link is read through wherever it points',
    shape: 'tree',
    caughtBy: /links: a link that points out/,
    breaks: onRead(async (read, context, key, options, world) => {
      const node = world.nodes.get(key)
      if (node?.kind !== 'link' || !/^\/|\.\.$|passwd/.test(node.target)) return read(context, key, options)
      return { entry: { kind: 'file', key, size: 4 }, from: 0, body: new Uint8Array(4) }
    }),
  },
]
