import { storageError } from '../errors/index.ts'
import { compareKeys } from '../keys/index.ts'
import type { ListCall, Store, StoreEntry } from '../store/index.ts'
import type { End } from './types.ts'

/** One name on either side or both. `key` is relative to both ends. */
export interface Pair {
  readonly key: string
  readonly left?: StoreEntry | undefined
  readonly right?: StoreEntry | undefined
}

/** What a side of a merge takes part with. */
export interface SideOptions extends ListCall {
  /** Leaves directories out, where they do not exist by themselves on both sides. */
  readonly directories: boolean
}

/** A recursive listing in order, page by page, with the part of each key that is below the end. Keys must rise. */
class Side {
  readonly #store: Store
  readonly #pages: AsyncIterator<{ readonly entries: readonly StoreEntry[] }>
  readonly #cut: number
  readonly #directories: boolean
  #entries: readonly StoreEntry[] = []
  #at = 0
  #before: string | undefined
  /** Of the entry in turn; `undefined` where the page in hand has been used up. */
  key: string | undefined
  entry: StoreEntry | undefined
  ended = false

  constructor({ store, key = '' }: End, { directories, ...options }: SideOptions) {
    this.#store = store
    this.#cut = key === '' ? 0 : key.length + 1
    this.#directories = directories
    const listing = store.list(key, { ...options, recursive: true, ordered: true })
    this.#pages = listing.pages()[Symbol.asyncIterator]()
  }

  /** To the next entry of the page in hand. */
  advance(): void {
    for (;;) {
      const entry = this.#entries[this.#at++]
      this.entry = entry
      this.key = undefined
      if (entry === undefined) return
      if (entry.kind === 'directory' && !this.#directories) continue
      const key = this.#cut === 0 ? entry.key : entry.key.slice(this.#cut)
      this.#requireOrder(key)
      this.#before = key
      this.key = key
      return
    }
  }

  #requireOrder(key: string): void {
    const before = this.#before
    if (before === undefined || compareKeys(before, key) < 0) return
    const told = `${JSON.stringify(key)} after ${JSON.stringify(before)}`
    throw storageError('Unexpected', `the listing is out of order: ${told}; two trees cannot be compared by it`, {
      operation: 'list',
      store: this.#store.name,
      key,
    })
  }

  /** Fetches pages until there is an entry, or no more. */
  async fill(): Promise<void> {
    while (this.key === undefined && !this.ended) {
      const step = await this.#pages.next()
      if (step.done === true) {
        this.ended = true
        return
      }
      this.#entries = step.value.entries
      this.#at = 0
      this.advance()
    }
  }

  async end(): Promise<void> {
    this.ended = true
    await this.#pages.return?.()
  }
}

/** Both listings side by side, in order, in batches of what could be joined without waiting. Holds one page of each. */
export async function* mergeListings(
  left: End,
  right: End | undefined,
  options: { readonly left: SideOptions; readonly right: SideOptions },
): AsyncGenerator<Pair[]> {
  const a = new Side(left, options.left)
  const b = right === undefined ? undefined : new Side(right, options.right)
  try {
    for (;;) {
      const filling = a.fill()
      // Both at once; a failure of one is told after the other has settled, so that nothing goes on behind the caller's back.
      const [one, other] = await Promise.allSettled([filling, b?.fill()])
      if (one.status === 'rejected') throw one.reason
      if (other.status === 'rejected') throw other.reason
      const pairs = join(a, b)
      if (pairs.length === 0) return
      yield pairs
    }
  } finally {
    await Promise.allSettled([a.end(), b?.end()])
  }
}

/** As long as each side has an entry in hand or has ended. */
function join(a: Side, b: Side | undefined): Pair[] {
  const pairs: Pair[] = []
  for (;;) {
    if (a.key === undefined && !a.ended) return pairs
    if (b !== undefined && b.key === undefined && !b.ended) return pairs
    const one = a.key
    const other = b?.key
    if (one === undefined && other === undefined) return pairs
    const order = one === undefined ? 1 : other === undefined ? -1 : one === other ? 0 : compareKeys(one, other)
    if (order < 0) {
      pairs.push({ key: one ?? '', left: a.entry })
      a.advance()
    } else if (order > 0) {
      pairs.push({ key: other ?? '', right: b?.entry })
      b?.advance()
    } else {
      pairs.push({ key: one ?? '', left: a.entry, right: b?.entry })
      a.advance()
      b?.advance()
    }
  }
}
