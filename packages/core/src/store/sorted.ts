import type { Entry } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { compareKeys } from '../keys/index.ts'
import type { Run, Spill } from './spill.ts'

/** Entries held in memory where they have nowhere else to go: more than a kilobyte each, with what the collector has not yet taken away. */
const heldMax = 200_000
/** Where they have. */
const runEntries = 100_000

const byKey = (a: Entry, b: Entry): number => compareKeys(a.key, b.key)

/** All entries by the UTF-8 bytes of their keys: sorted in memory, or by an external merge of sorted runs where they are many. */
export async function* sorted(
  entries: AsyncIterable<Entry>,
  spill: Spill | undefined,
  maxInMemory: number = spill === undefined ? heldMax : runEntries,
): AsyncGenerator<Entry> {
  const runs: Run[] = []
  let current: Entry[] = []
  try {
    for await (const entry of entries) {
      if (current.length >= maxInMemory) {
        if (spill === undefined) {
          throw storageError(
            'TooLarge',
            `more than ${maxInMemory} entries cannot be put in order in memory: open the store with a \`spill\``,
          )
        }
        current.sort(byKey)
        runs.push(await spill.write(current))
        current = []
      }
      current.push(entry)
    }
    current.sort(byKey)
    yield* runs.length === 0 ? current : merge([...runs.map((run) => run.read()), values(current)])
  } finally {
    for (const run of runs) await run[Symbol.asyncDispose]()
  }
}

async function* values(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries
}

interface Head {
  readonly iterator: AsyncIterator<Entry>
  entry: Entry
}

/** Merges sorted streams: a heap of their heads, the least on top. */
async function* merge(streams: readonly AsyncIterable<Entry>[]): AsyncGenerator<Entry> {
  const heap: Head[] = []
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  try {
    for (const iterator of iterators) {
      const first = await iterator.next()
      if (first.done !== true) heap.push({ iterator, entry: first.value })
    }
    // A sorted list is a heap.
    heap.sort((a, b) => byKey(a.entry, b.entry))
    for (let least = heap[0]; least !== undefined; least = heap[0]) {
      yield least.entry
      const step = await least.iterator.next()
      if (step.done !== true) least.entry = step.value
      else {
        const last = heap.pop()
        if (last === undefined || heap.length === 0) continue
        heap[0] = last
      }
      sink(heap)
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}

/** Puts the top where it belongs. */
function sink(heap: Head[]): void {
  const top = heap[0]
  if (top === undefined) return
  for (let at = 0; ;) {
    let least = 2 * at + 1
    let child = heap[least]
    const other = heap[least + 1]
    if (child !== undefined && other !== undefined && byKey(other.entry, child.entry) < 0) {
      child = other
      least++
    }
    if (child === undefined || byKey(top.entry, child.entry) <= 0) {
      heap[at] = top
      return
    }
    heap[at] = child
    at = least
  }
}
