import type { Bytes, ByteStream, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import type { CallOptions, Reading, Store, StoreEntry } from '../store/index.ts'

/** A stored object as a body, or a part of it, that can be read again from any offset while the object stays as it is. */
export interface ObjectPart {
  readonly store: Store
  readonly key: string
  /** As it was when the transfer of it began. */
  readonly entry: StoreEntry
  /** In bytes, half-open. */
  readonly from: number
  readonly to: number | undefined
  readonly call: CallOptions
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** `first`: the body from its first byte, where it has been opened already; whoever opened it disposes it. */
export function objectSource(part: ObjectPart, first?: Reading): Source {
  const { store, key, entry, from: start, to, call, onBytes } = part
  const { etag } = entry
  const length = to === undefined ? undefined : to - start
  let opened = first === undefined

  async function* again(from: number): AsyncGenerator<Bytes> {
    const ifMatch = store.capabilities.read.ifMatch === undefined ? undefined : etag
    await using reading = await store.read(key, { ...call, ifMatch, range: { from, to } })
    requireSame(part, reading)
    yield* counted(reading, onBytes)
  }
  return {
    size: length,
    version: etag,
    file: first?.file === undefined || length === undefined ? undefined : { ...first.file, copied: onBytes },
    open(from) {
      if (!opened && from === 0 && first !== undefined) {
        opened = true
        return counted(first, onBytes)
      }
      return etag === undefined ? null : again(start + from)
    },
  }
}

/** Weak etags are no condition; they are looked at. @throws Conflict */
function requireSame({ store, key, entry }: ObjectPart, { entry: { etag, size } }: Reading): void {
  if (etag !== entry.etag || size !== entry.size) {
    throw storageError('Conflict', 'the source changed while it was copied', { store: store.name, key })
  }
}

/** The part as it is read at once, for as long as `work` takes. */
export async function withPart<Result>(part: ObjectPart, work: (source: Source) => Promise<Result>): Promise<Result> {
  const { store, key, entry, from, to, call } = part
  const ifMatch = store.capabilities.read.ifMatch === undefined ? undefined : entry.etag
  await using reading = await store.read(key, { ...call, ifMatch, range: { from, to } })
  requireSame(part, reading)
  return await work(objectSource(part, reading))
}

async function* counted(stream: ByteStream, onBytes: ((bytes: number) => void) | undefined): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    onBytes?.(chunk.byteLength)
    yield chunk
  }
}
