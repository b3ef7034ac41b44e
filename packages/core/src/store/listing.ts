import type { Backend, Capabilities, Context, Entry, Key, ListOptions, Page } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { compareKeys } from '../keys/index.ts'
import { keepsOrder } from '../keys/codec.ts'
import { asKey } from '../keys/key.ts'
import { sorted } from './sorted.ts'
import type { Spill } from './spill.ts'

type List = NonNullable<Backend['list']>

/** Options of a listing as a program gives them: the contract's and `ordered`. */
export interface FullListOptions extends ListOptions {
  readonly ordered?: boolean | undefined
}

/** A backend's listing with recursion, order and start-after made where the backend leaves them to core. */
export function completeList(
  backend: Backend,
  list: List,
  spill: Spill | undefined,
): (context: Context, directory: Key, options: FullListOptions) => AsyncIterable<Page> {
  const { list: can, keys } = backend.capabilities
  const inKeyOrder = keepsOrder(keys)
  const nativeOrder = inKeyOrder && can?.ordered !== undefined
  const nativeAfter = inKeyOrder && can?.after !== undefined
  const pageMax = Math.max(1, can?.pageMax ?? 1000)

  return (context, directory, options) => {
    const limit = options.limit === undefined ? undefined : Math.min(options.limit, pageMax)
    const { ordered = false, ...rest } = options
    const after = options.after === '' ? undefined : options.after
    const inOrder = ordered || after !== undefined
    const recursive = options.recursive === true
    const ownRecursion = recursive && can?.recursive === undefined
    if (!ownRecursion && (!inOrder || nativeOrder) && (after === undefined || nativeAfter)) {
      const pages = list(context, directory, { ...rest, after, limit })
      // A server that knows no pages gives everything at once.
      return can?.cursor === true || limit === undefined ? pages : inPages(items(pages), limit)
    }
    if (options.cursor !== undefined) {
      throw storageError('Unsupported', 'a listing that core puts together has no cursors: continue with `after`')
    }
    const plain: ListOptions = { want: options.want, limit: pageMax, recursive: recursive && !ownRecursion }
    const entries = ownRecursion
      ? walked(walk(list, context, directory, plain, nativeOrder, after), backend.capabilities.directories)
      : items(list(context, directory, nativeOrder && nativeAfter ? { ...plain, after } : plain))
    const wanted = after === undefined ? entries : keep(entries, (entry) => compareKeys(entry.key, after) > 0)
    return inPages(inOrder && !nativeOrder ? sorted(wanted, spill) : wanted, limit ?? pageMax)
  }
}

async function* items(pages: AsyncIterable<Page>): AsyncGenerator<Entry> {
  for await (const page of pages) yield* page.entries
}

async function* keep(entries: AsyncIterable<Entry>, wanted: (entry: Entry) => boolean): AsyncGenerator<Entry> {
  for await (const entry of entries) if (wanted(entry)) yield entry
}

async function* inPages(entries: AsyncIterable<Entry>, limit: number): AsyncGenerator<Page> {
  let page: Entry[] = []
  for await (const entry of entries) {
    page.push(entry)
    if (page.length >= limit) {
      yield { entries: page }
      page = []
    }
  }
  if (page.length > 0) yield { entries: page }
}

/**
 * Everything below a directory, depth first. Where the store lists in order, so is the result: what is in `a` stands where `a/` sorts,
 * so its siblings `a-b` and `a.txt` come before. Only the open directories are in memory.
 */
async function* walk(
  list: List,
  context: Context,
  directory: Key,
  options: ListOptions,
  inOrder: boolean,
  after: string | undefined,
): AsyncGenerator<Entry> {
  const waiting: string[] = []
  const descend = (name: string): AsyncGenerator<Entry> => walk(list, context, asKey(name), options, inOrder, after)
  for await (const entry of items(list(context, directory, options))) {
    for (let first = waiting[0]; first !== undefined && compareKeys(`${first}/`, entry.key) < 0; first = waiting[0]) {
      waiting.shift()
      yield* descend(first)
    }
    yield entry
    if (entry.kind !== 'directory' || wholeBefore(entry.key, after)) continue
    if (inOrder) insertInOrder(waiting, entry.key)
    else yield* descend(entry.key)
  }
  for (const name of waiting) yield* descend(name)
}

/** Of a recursive listing implied directories are no part: the keys below them say it all. */
function walked(entries: AsyncIterable<Entry>, directories: Capabilities['directories']): AsyncIterable<Entry> {
  return directories === 'implied' ? keep(entries, ({ kind }) => kind !== 'directory') : entries
}

function insertInOrder(waiting: string[], name: string): void {
  const at = waiting.findIndex((other) => compareKeys(`${name}/`, `${other}/`) < 0)
  waiting.splice(at === -1 ? waiting.length : at, 0, name)
}

/** Whether everything below the directory comes before `after`. */
function wholeBefore(directory: string, after: string | undefined): boolean {
  return after !== undefined && !after.startsWith(`${directory}/`) && compareKeys(`${directory}/`, after) < 0
}
