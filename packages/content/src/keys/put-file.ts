import {
  type Backend,
  type Bytes,
  type ByteStream,
  bytesSource,
  cleanupContext,
  collect,
  type Context,
  type Entry,
  errorCode,
  type Source,
  storageError,
  withSignal,
} from '@kit/core'
import { writeCar } from '../car/index.ts'
import { codecs, parseCid } from '../cid/index.ts'
import { decodeUnixFs, importFile, type Imported, type Profile, profiles } from '../unixfs/index.ts'
import type { BlockWriter } from '../verify/index.ts'
import { bodyKey, stagedKey, treeKey } from './layout.ts'
import { treeMaxBytes } from './stored-file.ts'

/**
 * Keeps a file under its CID. One that is one block becomes a block. Any other is written once, as it comes, under a staged name while it is
 * hashed; then the body is moved to its name, and the inner nodes are written beside it, which is what makes it a file.
 */
export async function putFile(
  store: Backend,
  blocks: BlockWriter,
  context: Context,
  source: Source,
  profile: Profile,
): Promise<Entry> {
  const { size } = source
  const whole = size !== undefined && size <= profiles[profile].chunkBytes
  const imported = whole
    ? await importFile(source, blocks, { profile, signal: context.signal })
    : await putStaged(store, blocks, context, source, profile)
  const { cid } = imported
  return { kind: 'file', key: cid, cid, etag: `"${cid}"`, size: imported.size }
}

async function putStaged(
  store: Backend,
  blocks: BlockWriter,
  context: Context,
  source: Source,
  profile: Profile,
): Promise<Imported> {
  const { write, move, delete: remove } = store
  if (write === undefined || move === undefined || remove === undefined) {
    throw storageError('Unsupported', 'files of several blocks need a store that writes, moves and deletes')
  }
  const staged = stagedKey(crypto.randomUUID())
  const inner = innerNodes()
  const stop = new AbortController()
  const both = withSignal(context, AbortSignal.any([context.signal, stop.signal]))
  const { toStore, toImporter } = split(source)
  try {
    const importing = importFile(toImporter, inner.writer, { profile, signal: both.signal })
    const writing = write.call(store, both, staged, toStore, {})
    for (const work of [importing, writing]) work.catch((error: unknown) => stop.abort(error))
    // The store's own view of a failure comes first: a failure of the source reaches it as it was.
    await writing
    const imported = await importing
    const { cid } = imported
    const only = inner.only()
    if (only !== undefined) await blocks.put(cid, only, context)
    else if (!(await exists(store, context, cid))) {
      await move.call(store, context, staged, bodyKey(cid), {})
      const car = await collect(writeCar({ roots: [cid], blocks: inner.blocks() }))
      await write.call(store, context, treeKey(cid), bytesSource(car), {})
      return imported
    }
    await remove.call(store, context, staged, {})
    return imported
  } catch (error) {
    await remove.call(store, cleanupContext(context), staged, {}).catch(() => undefined)
    throw error
  }
}

async function exists(store: Backend, context: Context, cid: string): Promise<boolean> {
  try {
    await store.stat(context, treeKey(cid), {})
    return true
  } catch (error) {
    if (errorCode(error) === 'NotFound') return false
    throw error
  }
}

/** A writer that keeps the inner nodes of a file, and of the leaves only the first while it may be the only one. */
function innerNodes(): {
  readonly writer: BlockWriter
  blocks(): { readonly cid: string; readonly bytes: Bytes }[]
  only(): Bytes | undefined
} {
  const kept = new Map<string, Bytes>()
  let keptBytes = 0
  let leaves = 0
  let first: Bytes | undefined
  return {
    writer: {
      put(cid, bytes) {
        const leaf = parseCid(cid).codec === codecs.raw || decodeUnixFs(bytes).links.length === 0
        if (leaf) {
          first = leaves++ === 0 ? bytes.slice() : undefined
          return
        }
        keptBytes += bytes.byteLength
        if (keptBytes > treeMaxBytes)
          throw storageError('TooLarge', 'the file has too many blocks for one object of its inner nodes')
        kept.set(cid, bytes.slice())
      },
    },
    blocks: () => [...kept].map(([cid, bytes]) => ({ cid, bytes })),
    only: () => (kept.size === 0 ? first : undefined),
  }
}

/** One source for two readers that go side by side: what the store pulls, the importer gets a copy of. */
function split(source: Source): { readonly toStore: Source; readonly toImporter: Source } {
  let offer: PromiseWithResolvers<Bytes | undefined> = Promise.withResolvers()
  let taken: PromiseWithResolvers<void> = Promise.withResolvers()
  offer.promise.catch(() => undefined)

  async function* copied(stream: ByteStream): ByteStream {
    try {
      for await (const chunk of stream) {
        offer.resolve(chunk.slice())
        await taken.promise
        taken = Promise.withResolvers()
        yield chunk
      }
      offer.resolve(undefined)
    } catch (error) {
      offer.reject(error)
      throw error
    } finally {
      // Where the store stops pulling before the end.
      offer.reject(storageError('Aborted', 'the store took no more of the body'))
    }
  }
  async function* copies(): ByteStream {
    for (let chunk = await offer.promise; chunk !== undefined; chunk = await offer.promise) {
      offer = Promise.withResolvers()
      offer.promise.catch(() => undefined)
      taken.resolve()
      yield chunk
    }
  }
  const { size } = source
  return {
    toStore: {
      size,
      open(from) {
        const stream = from === 0 ? (source.bytes ? once(source.bytes) : source.open(0)) : null
        return stream === null ? null : copied(stream)
      },
    },
    toImporter: { size, open: (from) => (from === 0 ? copies() : null) },
  }
}

async function* once(bytes: Bytes): ByteStream {
  const step = 1 << 20
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.slice(at, at + step)
}
