import type { WriteConditions } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { keyBelow, parseKey } from '../keys/index.ts'
import type { Store, StoreEntry } from '../store/index.ts'
import { compareInBatches, findRoots, type Roots } from './compare.ts'
import { Leftovers } from './leftovers.ts'
import type { Action, Comparison, End, PlanOptions } from './types.ts'

/**
 * What a copy, move or sync would do, step by step, without doing any of it. Pulled: a plan of a million steps is never held. Steps come in
 * the order of keys, deletions after all others, files before the directories that hold them. A file in the way of a directory, or the
 * other way round, is a failed step: nothing is deleted to make room for another kind of thing.
 *
 * @throws InvalidConfig for options that contradict each other and for trees laid onto or into themselves, NotFound where there is no
 * source, Unsupported where the target takes no such change
 */
export async function* plan(from: End, to: End, options: PlanOptions): AsyncGenerator<Action> {
  for (const end of [from, to]) parseKey(end.key ?? '')
  requirePossible(from, to, options)
  const roots = await findRoots(from, to, options)
  const planner = new Planner(from, to, options, roots)
  yield* planner.steps()
}

function requirePossible(from: End, to: End, options: PlanOptions): void {
  const { kind, ifAbsent, ifMatch } = options
  const { write, ops } = to.store.capabilities
  const wrong = (text: string): Error => storageError('InvalidConfig', text)
  const refuse = (store: Store, what: string): Error =>
    storageError('Unsupported', `the store cannot ${what}; nothing was done`, { store: store.name })
  if (options.delete === true && kind !== 'sync') throw wrong('`delete` goes with `sync` only')
  if (kind === 'move' && options.links === 'follow') {
    throw wrong('a move follows no links: what they point to would stay, and they would go; copy instead')
  }
  if (ifAbsent === true && ifMatch !== undefined) throw wrong('`ifAbsent` and `ifMatch` exclude each other')
  if (ops.write === undefined) throw refuse(to.store, 'write')
  if (ifAbsent === true && write?.ifAbsent === undefined) throw refuse(to.store, 'write only what is absent (ifAbsent)')
  if (ifMatch !== undefined && write?.ifMatch === undefined)
    throw refuse(to.store, 'write on condition of an etag (ifMatch)')
  if (kind === 'move' && !from.store.can('delete')) throw refuse(from.store, 'delete, which a move ends with')
  if (options.delete === true && !to.store.can('delete')) throw refuse(to.store, 'delete')
}

/** @throws InvalidConfig for what would go onto itself, or grow while it is read */
function requireApart(from: End, to: End, kind: PlanOptions['kind'], tree: boolean): void {
  if (from.store !== to.store) return
  const one = parseKey(from.key ?? '')
  const other = parseKey(to.key ?? '')
  if (one === other)
    throw storageError('InvalidConfig', 'the source is the target', { key: one, store: from.store.name })
  if (!tree) return
  if (keyBelow(one, other) !== undefined) {
    throw storageError('InvalidConfig', 'a directory cannot go into itself', { key: other, store: from.store.name })
  }
  if (kind === 'sync' && keyBelow(other, one) !== undefined) {
    throw storageError('InvalidConfig', 'a sync onto a directory above its source would delete the source', {
      key: other,
      store: from.store.name,
    })
  }
}

class Planner {
  readonly #from: End
  readonly #to: End
  readonly #options: PlanOptions
  readonly #roots: Roots
  readonly #how: 'store' | 'stream'
  readonly #conditions: WriteConditions | undefined
  readonly #directories: boolean
  readonly #leftovers: Leftovers
  /** A file of the target in the way of a directory: all that should be below it fails. */
  #blocked: string | undefined

  constructor(from: End, to: End, options: PlanOptions, roots: Roots) {
    const tree = roots.left.kind === 'directory'
    requireApart(from, to, options.kind, tree)
    if (tree && options.ifMatch !== undefined) {
      throw storageError('InvalidConfig', '`ifMatch` is about one object, and the source is a directory')
    }
    this.#from = from
    this.#to = to
    this.#options = options
    this.#roots = roots
    this.#how = from.store === to.store && storeDoes(from.store, options.kind) ? 'store' : 'stream'
    const { ifAbsent, ifMatch } = options
    this.#conditions = ifAbsent === true ? { ifAbsent } : ifMatch === undefined ? undefined : { ifMatch }
    const { directories } = from.store.capabilities
    this.#directories =
      directories === 'real' && to.store.capabilities.directories === 'real' && to.store.can('directories')
    this.#leftovers = new Leftovers(from, to, options, roots)
  }

  async *steps(): AsyncGenerator<Action> {
    const { left, right } = this.#roots
    const tree = left.kind === 'directory'
    if (tree && right === undefined && this.#directories && (this.#to.key ?? '') !== '') {
      yield { action: 'make-directory', to: this.#to.key ?? '' }
    }
    const options = { ...this.#options, leftDirectories: this.#options.kind === 'move' }
    for await (const batch of compareInBatches(this.#from, this.#to, this.#roots, options)) {
      for (const comparison of batch) {
        const step = this.#step(comparison)
        if (step !== undefined) yield step
      }
    }
    yield* this.#leftovers.steps()
  }

  #step(comparison: Comparison): Action | undefined {
    const { key, left, right, verdict } = comparison
    if (verdict === 'failed') return { action: 'fail', key: this.#fromKey(key), error: comparison.error }
    if (left === undefined) {
      this.#leftovers.onlyRight(right)
      return undefined
    }
    if (left.kind === 'directory') return this.#directory(key, left, right)
    const blocked = this.#blocked !== undefined && key.startsWith(this.#blocked)
    if (right !== undefined && right.kind === 'directory') return this.#clash(key, left, right)
    if (blocked) return this.#clash(key, left, undefined)
    return left.kind === 'link' ? this.#link(comparison, left) : this.#file(comparison, left)
  }

  #file({ key, right, verdict, by }: Comparison, left: StoreEntry): Action | undefined {
    const { kind, force, ifAbsent, ifMatch } = this.#options
    const from = this.#fromKey(key)
    if (right !== undefined && ifAbsent === true) return { action: 'skip', key: from, entry: left, reason: 'exists' }
    if (ifMatch !== undefined && right?.etag !== ifMatch) {
      const error = storageError('ConditionFailed', `the etag is ${right?.etag ?? 'none'}, not ${ifMatch}`, {
        store: this.#to.store.name,
        key: this.#toKey(key),
      })
      return { action: 'fail', key: from, error }
    }
    if (verdict === 'same' && force !== true) {
      if (kind !== 'move') return { action: 'skip', key: from, to: this.#toKey(key), entry: left, reason: 'same', by }
      // By size alone nothing is deleted: it is moved like what differs.
      if (by !== 'size') return { action: 'delete', side: 'from', key: from, entry: left }
    }
    return {
      action: kind === 'move' ? 'move' : 'copy',
      from,
      to: this.#toKey(key),
      entry: left,
      reason: right === undefined ? 'missing' : verdict === 'differs' ? 'differs' : 'asked',
      replaces: right,
      conditions: this.#conditions,
      how: this.#how,
    }
  }

  #link({ key, right, verdict }: Comparison, left: StoreEntry): Action | undefined {
    const { kind, force, ifAbsent } = this.#options
    const from = this.#fromKey(key)
    if (left.target === undefined || !this.#to.store.can('links')) {
      return { action: 'skip', key: from, entry: left, reason: 'link' }
    }
    if (right !== undefined && ifAbsent === true) return { action: 'skip', key: from, entry: left, reason: 'exists' }
    if (verdict === 'same' && force !== true) {
      return kind === 'move'
        ? { action: 'delete', side: 'from', key: from, entry: left }
        : { action: 'skip', key: from, entry: left, reason: 'same' }
    }
    const moves = kind === 'move' ? true : undefined
    return { action: 'link', from, to: this.#toKey(key), target: left.target, entry: left, replaces: right, moves }
  }

  #directory(key: string, left: StoreEntry, right: StoreEntry | undefined): Action | undefined {
    this.#leftovers.leftDirectory(left)
    if (right === undefined) {
      if (!this.#directories || (this.#blocked !== undefined && key.startsWith(this.#blocked))) return undefined
      return { action: 'make-directory', to: this.#toKey(key) }
    }
    if (right.kind === 'directory') return undefined
    this.#blocked = `${key}/`
    return this.#clash(key, left, right)
  }

  #clash(key: string, left: StoreEntry, right: StoreEntry | undefined): Action {
    const text =
      right?.kind === 'directory'
        ? `a directory is where the ${left.kind} must go; remove it first`
        : `a ${right?.kind ?? 'file'} is where a directory must be; remove it first`
    const code = right?.kind === 'directory' ? 'IsDirectory' : 'NotDirectory'
    const error = storageError(code, text, { store: this.#to.store.name, key: this.#toKey(key) })
    return { action: 'fail', key: this.#fromKey(key), error }
  }

  #fromKey(key: string): string {
    return within(this.#from.key, key)
  }

  #toKey(key: string): string {
    return within(this.#to.key, key)
  }
}

function within(directory: string = '', key: string): string {
  if (directory === '') return key
  return key === '' ? directory : `${directory}/${key}`
}

/** Whether the store does it by itself, in one call. */
export function storeDoes(store: Store, kind: PlanOptions['kind']): boolean {
  const { ops } = store.capabilities
  return ops.copy === 'native' || (kind === 'move' && ops.move === 'native')
}
