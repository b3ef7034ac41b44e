import { storageError } from '../errors/index.ts'
import type { Action, CompareOptions, Comparison, End, ItemResult, PlanOptions, RunOptions, Summary } from './types.ts'

export { createFilter, parseFilterRules, type Filter, type FilterRules } from './filter.ts'
export type * from './types.ts'

/** Both trees side by side, in the order of keys, in flat memory. Single objects are compared under the key `''`. */
export function compare(_left: End, _right: End, _options: CompareOptions): AsyncIterable<Comparison> {
  throw storageError('Unsupported', 'transfer is being built')
}

/** What a copy, move or sync would do, step by step, without doing any of it. Pulled: a plan of a million steps is never held. */
export function plan(_from: End, _to: End, _options: PlanOptions): AsyncIterable<Action> {
  throw storageError('Unsupported', 'transfer is being built')
}

/** Does the steps of a plan, several at once; yields what became of each and returns the sums. Ending early ends what is on its way. */
export function run(
  _from: End,
  _to: End,
  _actions: AsyncIterable<Action> | Iterable<Action>,
  _options: RunOptions,
): AsyncGenerator<ItemResult, Summary> {
  throw storageError('Unsupported', 'transfer is being built')
}
