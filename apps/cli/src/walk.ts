import { errorCode, keyBelow, keyName, parentKey, storageError, type StoreEntry } from '@kit/core'
import type { Filter } from '@kit/core/transfer'
import { exitCodes } from './exit-codes.ts'
import { withExit, withHint } from './outcome.ts'
import type { Place, Session } from './session.ts'

export interface WalkOptions {
  readonly recursive?: boolean | undefined
  readonly ordered?: boolean | undefined
  readonly filter?: Filter | undefined
  /** On stores with real directories, what is not there is an error: a typo must not look like an empty folder. */
  readonly mustExist?: boolean | undefined
}

/**
 * What is in a directory, or the one file that the place is, in the store's pages. What is not there is empty, unless it `mustExist`.
 * @throws NotFound, exit code 3
 */
export async function* walk(
  { call }: Session,
  place: Place,
  { filter, mustExist, ...options }: WalkOptions,
): AsyncGenerator<readonly StoreEntry[]> {
  const { store, key } = place
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
    // Elsewhere a directory is what is below it: without objects there is none, and nothing to tell it from a typo.
    if (mustExist === true && store.capabilities.directories === 'real') throw absent(place, error)
  }
}

function absent({ store, key, addressOf }: Place, cause: unknown): Error {
  const error = storageError('NotFound', 'there is no such file or directory', { store: store.name, key, cause })
  withExit(error, exitCodes.noDirectory.code)
  return withHint(error, `Check the name; \`kit ls ${addressOf(parentKey(key))}\` shows what is there.`)
}

/** The name of what a listing gave, below what was listed; of a single object its last segment. */
export function nameIn(directory: Place['key'], entry: StoreEntry): string {
  const below = keyBelow(directory, entry.key)
  return below === undefined || below === '' ? keyName(entry.key) : below
}
