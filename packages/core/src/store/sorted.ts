import type { Entry } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { compareKeys } from '../keys/index.ts'
import type { Run, Spill } from './spill.ts'

/** Entries held in memory while sorting: some 300 bytes each. */
const runEntries = 200_000

const byKey = (a: Entry, b: Entry): number => compareKeys(a.key, b.key)

/** All entries by the UTF-8 bytes of their keys: sorted in memory, or by an external merge of sorted runs where they are many. */
export async function* sorted(
  entries: AsyncIterable<Entry>,
  spill: Spill | undefined,
  maxInMemory: number = runEntries,
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
        runs.push(await spill.write(current.toSorted(byKey)))
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

/** Merges sorted streams. There are few runs, so the smallest head is looked for in a line. */
async function* merge(streams: readonly AsyncIterable<Entry>[]): AsyncGenerator<Entry> {
  const heads: { iterator: AsyncIterator<Entry>; entry: Entry }[] = []
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  try {
    for (const iterator of iterators) {
      const first = await iterator.next()
      if (first.done !== true) heads.push({ iterator, entry: first.value })
    }
    while (heads.length > 0) {
      const least = heads.reduce((a, b) => (byKey(b.entry, a.entry) < 0 ? b : a))
      yield least.entry
      const step = await least.iterator.next()
      if (step.done === true) heads.splice(heads.indexOf(least), 1)
      else least.entry = step.value
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}
