import type { Change, Entry } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { parseKey } from '../keys/index.ts'
import type { StoreEntry } from './store.ts'

/** An entry from below, where the codec has parsed every name. */
export function checked(entry: Entry): StoreEntry {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return entry as StoreEntry
}

/** What an operation that changes something tells. @throws Unexpected where it told nothing */
export function told(entry: Entry | void): StoreEntry {
  if (entry === undefined) {
    throw storageError('Unexpected', 'the store told nothing about what it did', { applied: 'yes' })
  }
  return checked(entry)
}

/** @throws InvalidKey */
export function checkedChange(change: Change): Change {
  if ('write' in change) return { ...change, write: parseKey(change.write) }
  if ('delete' in change) return { delete: parseKey(change.delete) }
  if ('copy' in change) return { copy: parseKey(change.copy), to: parseKey(change.to) }
  return { move: parseKey(change.move), to: parseKey(change.to) }
}
