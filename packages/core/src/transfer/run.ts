import { Pipeline } from './pipeline.ts'
import type { Action, End, ItemResult, RunOptions, Summary } from './types.ts'

/**
 * Does the steps of a plan, several at once; yields what became of each and returns the sums. A step that fails does not end the others; those
 * worth it are tried again when all others are through. Deletions of a sync run only where nothing failed before.
 *
 * Ending early, or the signal, cancels what is on its way: every object is then as it was or whole. With the signal those are told as `aborted`
 * and the generator rejects with Aborted. A plan that fails is thrown after what was begun has ended.
 */
export async function* run(
  from: End,
  to: End,
  actions: AsyncIterable<Action> | Iterable<Action>,
  options: RunOptions,
): AsyncGenerator<ItemResult, Summary> {
  const pipeline = new Pipeline(from, to, actions, options)
  try {
    for (;;) {
      const results = await pipeline.take()
      if (results === undefined) return pipeline.summary()
      for (const result of results) yield result
    }
  } finally {
    await pipeline.end()
  }
}
