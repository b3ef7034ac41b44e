import { compareKeys } from '../keys/index.ts'
import type { StoreEntry } from '../store/index.ts'
import { compareInBatches, type Roots } from './compare.ts'
import type { Action, End, PlanOptions } from './types.ts'

/** Deletions held in memory; where there are more, the trees are looked through once more for them. */
const maxHeld = 10_000

/**
 * What goes after everything else: of the target what the source does not have, on a sync with `delete`; of the source the directories that a
 * move has emptied. Files first, then directories, the deepest first.
 */
export class Leftovers {
  readonly #from: End
  readonly #to: End
  readonly #options: PlanOptions
  readonly #roots: Roots
  readonly #maxHeld: number
  #files: StoreEntry[] | undefined = []
  #directories: StoreEntry[] | undefined = []

  constructor(from: End, to: End, options: PlanOptions, roots: Roots, held: number = maxHeld) {
    this.#from = from
    this.#to = to
    this.#options = options
    this.#roots = roots
    this.#maxHeld = held
  }

  /** Told of everything that is only at the target. */
  onlyRight(entry: StoreEntry | undefined): void {
    if (entry === undefined || this.#options.delete !== true) return
    if (entry.kind === 'directory') this.#directories = this.#hold(this.#directories, entry)
    else this.#files = this.#hold(this.#files, entry)
  }

  /** Told of every directory of the source. */
  leftDirectory(entry: StoreEntry): void {
    if (this.#options.kind === 'move') this.#directories = this.#hold(this.#directories, entry)
  }

  #hold(held: StoreEntry[] | undefined, entry: StoreEntry): StoreEntry[] | undefined {
    if (held === undefined || held.length >= this.#maxHeld) return undefined
    held.push(entry)
    return held
  }

  async *steps(): AsyncGenerator<Action> {
    const side = this.#options.kind === 'move' ? 'from' : 'to'
    const step = (entry: StoreEntry): Action => ({ action: 'delete', side, key: entry.key, entry })
    if (this.#files !== undefined) for (const entry of this.#files) yield step(entry)
    else for await (const entry of this.#again()) if (entry.kind !== 'directory') yield step(entry)
    if (this.#directories !== undefined) for (const entry of this.#directories.toReversed()) yield step(entry)
    else for await (const entry of deepestFirst(this.#again())) yield step(entry)
    const { store, key = '' } = this.#from
    const { left } = this.#roots
    const real = store.capabilities.directories === 'real' && store.can('directories')
    if (side === 'from' && left.kind === 'directory' && key !== '' && real) yield step(left)
  }

  /** The same entries, found once more. */
  async *#again(): AsyncGenerator<StoreEntry> {
    const move = this.#options.kind === 'move'
    // Names alone are wanted: what is on both sides is not read.
    const options = { ...this.#options, checksum: false, leftDirectories: move }
    for await (const batch of compareInBatches(this.#from, this.#to, this.#roots, options)) {
      for (const { left, right, verdict } of batch) {
        if (move) {
          if (left?.kind === 'directory') yield left
        } else if (verdict === 'only-right' && right !== undefined) yield right
      }
    }
  }
}

/** Directories that come in the order of keys, each after everything below it. Only those still open are held. */
export async function* deepestFirst(entries: AsyncIterable<StoreEntry>): AsyncGenerator<StoreEntry> {
  let open: StoreEntry[] = []
  for await (const entry of entries) {
    const over = open.filter(({ key }) => compareKeys(entry.key, `${key}0`) >= 0)
    if (over.length > 0) {
      open = open.filter((directory) => !over.includes(directory))
      yield* over.toReversed()
    }
    if (entry.kind === 'directory') open.push(entry)
  }
  yield* open.toReversed()
}
