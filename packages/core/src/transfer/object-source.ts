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
  const { entry, from: start, to, onBytes } = part
  const { etag } = entry
  const length = to === undefined ? undefined : to - start
  let opened = first === undefined

  async function* again(from: number): AsyncGenerator<Bytes> {
    await using reading = await readPart({ ...part, from })
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

/** Weak etags are no condition; they are looked at. @throws Conflict where the object is another by now */
async function readPart({ store, key, entry, from, to, call }: ObjectPart): Promise<Reading> {
  const ifMatch = store.capabilities.read.ifMatch === undefined ? undefined : entry.etag
  const reading = await store.read(key, { ...call, ifMatch, range: { from, to } })
  if (reading.entry.etag === entry.etag && reading.entry.size === entry.size) return reading
  await reading[Symbol.asyncDispose]()
  throw storageError('Conflict', 'the source changed while it was copied', { store: store.name, key })
}

/** The part as it is read at once, for as long as `work` takes. */
export async function withPart<Result>(part: ObjectPart, work: (source: Source) => Promise<Result>): Promise<Result> {
  await using reading = await readPart(part)
  return await work(objectSource(part, reading))
}

async function* counted(stream: ByteStream, onBytes: ((bytes: number) => void) | undefined): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    onBytes?.(chunk.byteLength)
    yield chunk
  }
}
