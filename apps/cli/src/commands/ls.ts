import { errorCode, keyBelow, type StoreEntry } from '@kit/core'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../output.ts'
import type { Place, Session } from '../session.ts'

export interface ListOptions {
  readonly recursive?: boolean
  readonly long?: boolean
  readonly unordered?: boolean
}

/** Lists what is in a directory, or the one file that the target is. What is not there is an empty listing. */
export async function ls(session: Session, target: string, options: ListOptions): Promise<CommandResult> {
  const { output } = session
  const place = await session.place(target)
  let entries = 0
  let bytes = 0
  for await (const page of pages(session, place, options)) {
    entries += page.length
    for (const entry of page) bytes += entry.kind === 'file' ? (entry.size ?? 0) : 0
    if (output.json)
      await output.lines(page.map((entry) => ({ type: 'entry', address: place.addressOf(entry.key), ...entry })))
    else if (page.length > 0)
      await output.write(page.map((entry) => lineOf(place, entry, options.long === true)).join(''))
  }
  return { fields: { entries, bytes } }
}

async function* pages(
  { call }: Session,
  { store, key }: Place,
  options: ListOptions,
): AsyncGenerator<readonly StoreEntry[]> {
  const listing = store.list(key, {
    ...call,
    recursive: options.recursive === true,
    ordered: options.unordered !== true,
  })
  let empty = true
  try {
    for await (const { entries } of listing.pages()) {
      empty &&= entries.length === 0
      yield entries
    }
  } catch (error) {
    if (errorCode(error) !== 'NotDirectory' || !empty) throw error
  }
  if (!empty || key === '') return
  try {
    const entry = await store.stat(key, call)
    if (entry.kind !== 'directory') yield [entry]
  } catch (error) {
    if (errorCode(error) !== 'NotFound') throw error
  }
}

function lineOf({ key }: Place, entry: StoreEntry, long: boolean): string {
  const below = keyBelow(key, entry.key)
  const name = printable(below === undefined || below === '' ? entry.key : below)
  const shown = entry.kind === 'directory' ? `${name}/` : name
  if (!long) return `${shown}\n`
  const size = entry.kind === 'file' && entry.size !== undefined ? String(entry.size) : '-'
  const modified = entry.modified?.toISOString() ?? '-'
  const target = entry.kind === 'link' && entry.target !== undefined ? ` -> ${printable(entry.target)}` : ''
  return `${size.padStart(13)}  ${modified.padEnd(24)}  ${shown}${target}\n`
}
