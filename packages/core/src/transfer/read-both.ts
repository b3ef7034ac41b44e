import type { Bytes } from '../backend/index.ts'
import type { CallOptions, Reading, Store, StoreEntry } from '../store/index.ts'

/** Whether two objects have the same bytes. Reads both, up to the first difference. */
export async function sameBytes(
  left: { readonly store: Store; readonly entry: StoreEntry },
  right: { readonly store: Store; readonly entry: StoreEntry },
  call: CallOptions,
): Promise<boolean> {
  await using one = await left.store.read(left.entry.key, call)
  await using other = await right.store.read(right.entry.key, call)
  if (one.entry.size !== undefined && other.entry.size !== undefined && one.entry.size !== other.entry.size)
    return false
  if (one.whole !== undefined && other.whole !== undefined) return equal(one.whole, other.whole)
  // Awaited here: the readings are freed when this function is left.
  return await sameStreams(one, other)
}

async function sameStreams(left: Reading, right: Reading): Promise<boolean> {
  const one = left[Symbol.asyncIterator]()
  const other = right[Symbol.asyncIterator]()
  let a: Bytes | undefined = new Uint8Array()
  let b: Bytes | undefined = new Uint8Array()
  for (;;) {
    if (a?.byteLength === 0) a = await nextChunk(one)
    if (b?.byteLength === 0) b = await nextChunk(other)
    if (a === undefined || b === undefined) return a === b
    const length = Math.min(a.byteLength, b.byteLength)
    if (!equal(a.subarray(0, length), b.subarray(0, length))) return false
    a = a.subarray(length)
    b = b.subarray(length)
  }
}

/** A chunk that is not empty, or `undefined` at the end. */
async function nextChunk(iterator: AsyncIterator<Bytes>): Promise<Bytes | undefined> {
  for (;;) {
    const step = await iterator.next()
    if (step.done === true) return undefined
    if (step.value.byteLength > 0) return step.value
  }
}

/** Four bytes at a time where both are aligned for it. */
function equal(a: Bytes, b: Bytes): boolean {
  const length = a.byteLength
  if (length !== b.byteLength) return false
  let at = 0
  if (a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0) {
    const words = length >>> 2
    const one = new Int32Array(a.buffer, a.byteOffset, words)
    const other = new Int32Array(b.buffer, b.byteOffset, words)
    for (let word = 0; word < words; word++) if (one[word] !== other[word]) return false
    at = words * 4
  }
  for (; at < length; at++) if (a[at] !== b[at]) return false
  return true
}
