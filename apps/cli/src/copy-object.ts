import {
  bytesSource,
  type Attributes,
  type Reading,
  type Source,
  type StoreEntry,
  type WriteConditions,
} from '@kit/core'
import type { Place, Session } from './session.ts'

const carried = ['contentType', 'contentEncoding', 'contentDisposition', 'cacheControl', 'metadata'] as const

/** Copies one object: within a store by the store itself, else as a stream in flat memory. */
export async function copyObject(
  { call }: Session,
  from: Place,
  to: Place,
  conditions: WriteConditions,
): Promise<StoreEntry> {
  if (from.store === to.store && from.store.can('copy')) {
    return from.store.copy(from.key, to.key, { ...call, ...conditions })
  }
  await using reading = await from.store.read(from.key, call)
  const attributes = keptAttributes(reading.entry, to)
  // Awaited here: the reading is freed when this function is left.
  return await to.store.write(to.key, sourceOf(from, reading, call), { ...call, ...conditions, ...attributes })
}

/** What describes the content and the destination can keep. Time and permissions are of the copy, as with any cp. */
function keptAttributes(entry: StoreEntry, to: Place): Attributes {
  const kept = carried.filter((name) => to.store.capabilities.write?.attributes.includes(name) === true)
  return Object.fromEntries(kept.map((name) => [name, entry[name]]))
}

/** The object as a body that can be read again from any offset while its etag stays, so that a write can be retried. */
function sourceOf({ store, key }: Place, reading: Reading, call: Session['call']): Source {
  if (reading.whole !== undefined) return bytesSource(reading.whole)
  const { etag } = reading.entry
  const pinned = etag !== undefined && store.capabilities.read.ifMatch !== undefined
  async function* again(from: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    await using more = await store.read(key, { ...call, ifMatch: etag, range: { from } })
    yield* more
  }
  let opened = false
  return {
    size: reading.size,
    version: etag,
    open(from) {
      if (opened || from !== 0) return pinned ? again(from) : null
      opened = true
      return reading
    },
  }
}
