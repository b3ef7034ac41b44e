import { compareKeys, storageError, type StoreEntry } from '@kit/core'
import type { FilterFlags } from '../declare-options.ts'
import { withHint, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { bytesText, parseCount } from '../quantities.ts'
import { readFilter } from '../read-filter.ts'
import type { Place, Session } from '../session.ts'
import { nameIn, walk } from '../walk.ts'

export interface ListOptions extends FilterFlags {
  readonly recursive?: boolean
  readonly R?: boolean
  readonly long?: boolean
  readonly human?: boolean
  readonly unordered?: boolean
  readonly sort?: string
  readonly limit?: string
}

/** Entries that a sort holds at once. */
const sortMost = 1_000_000

/**
 * Lists what is in a directory, or the one file that the target is. An empty directory is an empty listing.
 * @throws NotFound, exit code 3, where the store has real directories and nothing is there
 */
export async function ls(session: Session, target: string, options: ListOptions): Promise<CommandResult> {
  const { output } = session
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', options.limit)
  const filter = await readFilter(options)
  const place = await session.place(target)
  const pages = walk(session, place, {
    recursive: options.recursive === true || options.R === true,
    ordered: options.unordered !== true && (options.sort === undefined || options.sort === 'name'),
    filter,
    mustExist: true,
  })
  let entries = 0
  let bytes = 0
  let truncated = false
  for await (const page of inOrder(pages, options.sort, limit)) {
    const shown = page.slice(0, limit - entries)
    truncated = shown.length < page.length
    entries += shown.length
    for (const entry of shown) bytes += entry.kind === 'file' ? (entry.size ?? 0) : 0
    if (output.json)
      await output.lines(shown.map((entry) => ({ type: 'entry', address: place.addressOf(entry.key), ...entry })))
    else if (shown.length > 0) await output.write(shown.map((entry) => lineOf(place, entry, options)).join(''))
    if (truncated) break
  }
  return { fields: { entries, bytes, ...(truncated && { truncated }) } }
}

/** By size or time, the greatest first, and equal ones by name: all of it has to be held, or with a limit so many. */
async function* inOrder(
  pages: AsyncIterable<readonly StoreEntry[]>,
  by: string | undefined,
  limit: number,
): AsyncGenerator<readonly StoreEntry[]> {
  if (by === undefined || by === 'name') return yield* pages
  const weight = (entry: StoreEntry): number => (by === 'size' ? entry.size : entry.modified?.getTime()) ?? -1
  const order = (a: StoreEntry, b: StoreEntry): number => weight(b) - weight(a) || compareKeys(a.key, b.key)
  // One more than the limit shows that there is more.
  const kept = limit + 1
  let held: StoreEntry[] = []
  for await (const page of pages) {
    held.push(...page)
    if (held.length > 2 * kept) held = held.toSorted(order).slice(0, kept)
    if (held.length <= sortMost) continue
    const error = storageError('TooLarge', `there are more than ${sortMost} entries to sort`)
    throw withHint(error, 'Say --limit N for the first of them, or leave out --sort.')
  }
  yield held.toSorted(order)
}

function lineOf({ key }: Place, entry: StoreEntry, { long, human }: ListOptions): string {
  const name = printable(nameIn(key, entry))
  const shown = entry.kind === 'directory' ? `${name}/` : name
  if (long !== true && human !== true) return `${shown}\n`
  const bytes = entry.kind === 'file' ? entry.size : undefined
  const size = bytes === undefined ? '-' : human === true ? bytesText(bytes) : String(bytes)
  if (long !== true) return `${size.padStart(9)}  ${shown}\n`
  const modified = entry.modified?.toISOString() ?? '-'
  const target = entry.kind === 'link' && entry.target !== undefined ? ` -> ${printable(entry.target)}` : ''
  return `${size.padStart(human === true ? 9 : 13)}  ${modified.padEnd(24)}  ${shown}${target}\n`
}
