import { errorCode, keyBelow, keyName, type StoreEntry } from '@kit/core'
import type { Filter } from '@kit/core/transfer'
import type { Place, Session } from './session.ts'

export interface WalkOptions {
  readonly recursive?: boolean | undefined
  readonly ordered?: boolean | undefined
  readonly filter?: Filter | undefined
}

/** What is in a directory, or the one file that the place is, in the store's pages. What is not there is empty. */
export async function* walk(
  { call }: Session,
  { store, key }: Place,
  { filter, ...options }: WalkOptions,
): AsyncGenerator<readonly StoreEntry[]> {
  let empty = true
  try {
    for await (const { entries } of store.list(key, { ...call, ...options }).pages()) {
      empty &&= entries.length === 0
      yield filter === undefined ? entries : entries.filter((entry) => filter.admits(nameIn(key, entry), entry))
    }
  } catch (error) {
    if (errorCode(error) !== 'NotDirectory' || !empty) throw error
  }
  if (!empty || key === '') return
  try {
    const entry = await store.stat(key, call)
    if (entry.kind !== 'directory' && filter?.admits(keyName(key), entry) !== false) yield [entry]
  } catch (error) {
    if (errorCode(error) !== 'NotFound') throw error
  }
}

/** The name of what a listing gave, below what was listed; of a single object its last segment. */
export function nameIn(directory: Place['key'], entry: StoreEntry): string {
  const below = keyBelow(directory, entry.key)
  return below === undefined || below === '' ? keyName(entry.key) : below
}
