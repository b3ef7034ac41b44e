import { bytesSource, collect, storageError, type Bytes, type Source } from '@kit/core'
import { join } from '../reference/world.ts'
import { later, onEntries, onWrite, without, type Broken } from './broken.ts'

function opened(source: Source): AsyncIterable<Bytes> {
  return (
    source.open(0) ??
    bytesSource(new Uint8Array()).open(0) ?? {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
    }
  )
}

/** What the source gave before it ended or failed. */
async function taken(source: Source): Promise<Bytes> {
  const chunks: Bytes[] = []
  try {
    for await (const chunk of opened(source)) chunks.push(chunk)
  } catch {
    // This is what is wrong with it.
  }
  return join(chunks)
}

export const writing: readonly Broken[] = [
  {
    name: 'a part of a write is seen',
    caughtBy: /atomic: while an object is/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      if (source.bytes !== undefined) return write(context, key, source, options)
      const chunks: Bytes[] = []
      for await (const chunk of opened(source)) {
        chunks.push(chunk)
        world.put(key, join(chunks), without(options, 'ifAbsent'))
      }
      return world.put(key, join(chunks), {})
    }),
  },
  {
    name: 'the object is removed before it is replaced',
    caughtBy: /atomic: (while an object is replaced|readers of an object)/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      world.nodes.delete(key)
      await later()
      return write(context, key, source, options)
    }),
  },
  {
    name: 'ifAbsent is dropped',
    caughtBy: /conditions: ifAbsent makes/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, without(options, 'ifAbsent')),
    ),
  },
  {
    name: 'ifAbsent is dropped for streams alone',
    caughtBy: /conditions: ifAbsent makes .* \(a stream/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, source.bytes === undefined ? without(options, 'ifAbsent') : options),
    ),
  },
  {
    name: 'ifMatch is dropped for bytes alone',
    caughtBy: /conditions: ifMatch replaces .* \(small bytes/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, source.bytes === undefined ? options : without(options, 'ifMatch')),
    ),
  },
  {
    name: 'ifMatch is dropped for streams alone',
    caughtBy: /conditions: ifMatch replaces .* \(a stream/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, source.bytes === undefined ? without(options, 'ifMatch') : options),
    ),
  },
  {
    name: 'ifMatch of a missing object writes it',
    caughtBy: /conditions: ifMatch of a missing object/,
    breaks: onWrite((write, context, key, source, options, world) =>
      write(context, key, source, world.nodes.has(key) ? options : without(options, 'ifMatch')),
    ),
  },
  {
    name: 'ifAbsent is checked first and the object written later',
    caughtBy: /races: of 50 racers/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      if (options.ifAbsent && world.nodes.has(key)) throw storageError('AlreadyExists', 'there already')
      await later()
      return write(context, key, source, without(options, 'ifAbsent'))
    }),
  },
  {
    name: 'ifMatch is checked first and the object written later',
    caughtBy: /races: racers that compare and swap/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      world.check(key, options)
      await later()
      return write(context, key, source, without(options, 'ifMatch'))
    }),
  },
  {
    name: 'a failed condition is Conflict',
    caughtBy: /conditions: ifMatch replaces/,
    breaks: onWrite(async (write, context, key, source, options) => {
      try {
        return await write(context, key, source, options)
      } catch (error) {
        throw options.ifMatch === undefined ? error : storageError('Conflict', 'changed')
      }
    }),
  },
  {
    name: 'a write answers with the etag of before',
    caughtBy: /put: a write answers with the entry|stat: an etag stays/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      const before = world.nodes.get(key)
      const entry = await write(context, key, source, options)
      return entry && before?.kind === 'file' ? { ...entry, etag: before.entry.etag } : entry
    }),
  },
  {
    name: 'the etag is the size',
    caughtBy: /stat: an etag stays/,
    breaks: onEntries((entry) => ({ ...entry, etag: `"${entry.size}"` })),
  },
  {
    name: 'etags are weak and declared strong',
    caughtBy: /stat: every file has an etag/,
    breaks: onEntries((entry) => ({ ...entry, etag: `W/${entry.etag}` })),
  },
  {
    name: 'an empty file has no etag',
    caughtBy: /stat: every file has an etag/,
    breaks: onEntries((entry) => (entry.size === 0 ? without(entry, 'etag') : entry)),
  },
  {
    name: 'a size counts one too many',
    caughtBy: /stat: an object has kind/,
    breaks: onEntries((entry) => ({ ...entry, size: (entry.size ?? 0) + 1 })),
  },
  {
    name: 'a one-shot source is opened twice',
    caughtBy: /contract: a one-shot source/,
    breaks: onWrite(async (write, context, key, source, options) => {
      if (source.bytes === undefined) await taken({ open: () => source.open(0) })
      return write(context, key, source, options)
    }),
  },
  {
    name: 'a source is opened behind its beginning',
    caughtBy: /put: a body given as a Source|contract: a one-shot source/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source.bytes === undefined ? { ...source, open: () => source.open(1) } : source, options),
    ),
  },
  {
    name: 'what a failing source gave is published',
    caughtBy: /put: a source that fails after/,
    breaks: onWrite(async (write, context, key, source, options, world) =>
      source.bytes ? write(context, key, source, options) : world.put(key, await taken(source), options),
    ),
  },
  {
    name: 'a source that is too short is published',
    caughtBy: /put: a stream of \d+ bytes that was announced/,
    breaks: onWrite(async (write, context, key, source, options, world) =>
      source.bytes ? write(context, key, source, options) : world.put(key, await taken(source), options),
    ),
  },
  {
    name: "a source's own failure becomes Unavailable",
    caughtBy: /contract: a source's own failure/,
    breaks: onWrite(async (write, context, key, source, options) => {
      try {
        return await write(context, key, source, options)
      } catch (error) {
        throw error instanceof RangeError ? storageError('Unavailable', 'the upload failed', { cause: error }) : error
      }
    }),
  },
  {
    name: 'a failed write removes the old object',
    caughtBy: /put: a source that fails after/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      try {
        return await write(context, key, source, options)
      } catch (error) {
        if (source.bytes === undefined) world.nodes.delete(key)
        throw error
      }
    }),
  },
  {
    name: 'a failed write leaves its temporary',
    caughtBy: /put: a source that fails after/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      try {
        return await write(context, key, source, options)
      } catch (error) {
        world.temporaries.add(`.upload-${key}`)
        throw error
      }
    }),
  },
  {
    name: "the caller's buffer is kept",
    caughtBy: /put: what the caller does/,
    breaks: onWrite(async (write, context, key, source, options, world) =>
      source.bytes ? world.put(key, source.bytes, options) : write(context, key, source, options),
    ),
  },
  {
    name: 'bodies are cut at 1 MiB',
    caughtBy: /put: a body given as/,
    breaks: onWrite(async (write, context, key, source, options) =>
      write(context, key, bytesSource((await collect(source.bytes ?? opened(source))).slice(0, 2 ** 20)), options),
    ),
  },
  {
    name: 'the last chunk of a stream is lost',
    caughtBy: /put: a stream in chunks/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      if (source.bytes) return write(context, key, source, options)
      const chunks: Bytes[] = []
      for await (const chunk of opened(source)) chunks.push(chunk)
      return world.put(key, join(chunks.slice(0, -1)), options)
    }),
  },
  {
    name: 'an empty body is not written',
    caughtBy: /put: a body given as|get: an empty object/,
    breaks: onWrite(async (write, context, key, source, options) =>
      source.size === 0 ? { kind: 'file', key, size: 0, etag: '"empty"' } : write(context, key, source, options),
    ),
  },
  {
    name: 'text is written as Latin-1',
    caughtBy: /put: a string is read back/,
    breaks: onWrite((write, context, key, source, options) => {
      if (source.bytes === undefined || source.bytes.byteLength > 100) return write(context, key, source, options)
      const text = Buffer.from(new TextDecoder().decode(source.bytes), 'latin1')
      return write(context, key, bytesSource(new Uint8Array(text)), options)
    }),
  },
  {
    name: 'parents are not made',
    shape: 'tree',
    caughtBy: /put: a write makes the directories/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      const parents = world.parents(key)
      if (parents.length > 1 && !world.nodes.has(parents.at(-1) ?? ''))
        throw storageError('NotFound', 'no such directory')
      return write(context, key, source, options)
    }),
  },
  {
    name: 'a write replaces a directory',
    shape: 'tree',
    caughtBy: /errors: writing over a directory|directories: a directory is no file/,
    breaks: onWrite((write, context, key, source, options, world) => {
      if (world.nodes.get(key)?.kind === 'directory') world.nodes.delete(key)
      return write(context, key, source, options)
    }),
  },
  {
    name: 'a write through a file is NotFound',
    shape: 'tree',
    caughtBy: /errors: writing through a file/,
    breaks: onWrite(async (write, context, key, source, options) => {
      try {
        return await write(context, key, source, options)
      } catch (error) {
        throw Object(error).code === 'NotDirectory' ? storageError('NotFound', 'no such directory') : error
      }
    }),
  },
  {
    name: 'a cancelled write is published',
    caughtBy: /abort: a cancelled write of a new object/,
    breaks: onWrite(async (write, context, key, source, options, world) => {
      if (source.bytes) return write(context, key, source, options)
      const entry = world.put(key, await taken(source), options)
      if (context.signal.aborted) throw context.signal.reason
      return entry
    }),
  },
  {
    name: 'hashes are not compared',
    caughtBy: /hashes: a body that has another hash/,
    breaks: onWrite((write, context, key, source, options) => write(context, key, source, without(options, 'hashes'))),
  },
  {
    name: 'a right hash is refused',
    caughtBy: /hashes: a body that has the hash/,
    breaks: onWrite(async (write, context, key, source, options) => {
      if (options.hashes !== undefined) throw storageError('Corrupt', 'the hash differs')
      return write(context, key, source, options)
    }),
  },
]
