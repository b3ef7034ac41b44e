import type { Bytes, ByteStream, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { hasherFor, type Hasher } from '../layers/hashing.ts'
import type { CallOptions, Store, StoreEntry } from '../store/index.ts'
import { isStrong } from '../store/strong-etag.ts'
import { sameContent } from './sameness.ts'
import type { Ground } from './types.ts'

/** What both stores tell, the strongest there is; `undefined` where not even both sizes are known. @throws Corrupt */
export function verifyTold(source: StoreEntry, made: StoreEntry): Ground | undefined {
  const found = sameContent(source, made)
  if (found?.same === false) throw notTheSame(`the copy differs by ${found.by}`, made)
  if (found !== undefined) return found.by
  return source.size === undefined || made.size === undefined ? undefined : 'size'
}

function notTheSame(text: string, made: StoreEntry): Error {
  return storageError('Corrupt', `${text} from what was sent`, { key: made.key })
}

/** Reads the copy back. @throws Corrupt where its SHA-256 is another */
export async function verifyRead(store: Store, made: StoreEntry, sent: string, call: CallOptions): Promise<Ground> {
  const kept = await digestOf(await store.read(made.key, call))
  if (kept !== sent) throw notTheSame('the copy, read back, has another SHA-256', made)
  return 'sha256'
}

async function digestOf(reading: Awaited<ReturnType<Store['read']>>): Promise<string> {
  const hasher = newHasher()
  await using body = reading
  for await (const chunk of body) hasher.update(chunk)
  return hasher.hex()
}

function newHasher(): Hasher {
  const hasher = hasherFor('sha256')
  if (hasher === undefined) throw storageError('Unsupported', 'SHA-256 cannot be computed here')
  return hasher
}

/** A source whose bytes are hashed as they are taken, each once, however often parts of it are replayed. */
export interface HashedSource {
  readonly source: Source
  /** Of everything sent; read from the source again where it was not taken in one line. */
  digest(): Promise<string>
}

export function hashedSource(source: Source): HashedSource {
  let hasher = newHasher()
  let hashed = 0
  let whole = source.bytes !== undefined

  async function* watch(stream: ByteStream, from: number): AsyncGenerator<Bytes> {
    let at = from
    for await (const chunk of stream) {
      const fresh = hashed - at
      // A gap can only come from a source that was opened beyond what was taken.
      if (fresh < chunk.byteLength && fresh >= 0) {
        hasher.update(chunk.subarray(fresh))
        hashed += chunk.byteLength - fresh
      }
      at += chunk.byteLength
      yield chunk
    }
    if (at === hashed) whole = true
  }
  if (source.bytes !== undefined) hasher.update(source.bytes)
  return {
    source: {
      size: source.size,
      bytes: source.bytes,
      version: source.version,
      open(from) {
        const stream = source.open(from)
        return stream === null || source.bytes !== undefined ? stream : watch(stream, from)
      },
    },
    async digest() {
      if (!whole || (source.size !== undefined && source.bytes === undefined && hashed !== source.size)) {
        hasher = newHasher()
        const stream = source.open(0)
        if (stream === null) throw storageError('Unsupported', 'the source cannot be read again to be verified')
        for await (const chunk of stream) hasher.update(chunk)
      }
      return hasher.hex()
    },
  }
}

/** Takes away what turned out wrong, where that can be tied to exactly this state. */
export async function removeWrong(store: Store, made: StoreEntry, call: CallOptions): Promise<void> {
  if (!isStrong(made.etag) || store.capabilities.delete?.ifMatch === undefined) return
  await store.delete(made.key, { ...call, ifMatch: made.etag }).catch(() => undefined)
}
