import { type Child } from '../directories/index.ts'
import { diffDirectories } from '../directories/diff-directories.ts'
import type { Nodes } from '../directories/nodes.ts'
import type { BlockCall } from '../verify/index.ts'
import type { FactsOf } from './facts.ts'
import type { TreeChange } from './types.ts'

/** What differs between two trees, by their roots. */
export function diffTrees(
  nodes: Nodes,
  facts: FactsOf,
  from: string | undefined,
  to: string | undefined,
  call: BlockCall,
): AsyncGenerator<TreeChange> {
  const kindOf = async (child: Child | undefined): Promise<TreeChange['kind'] | undefined> =>
    child && (await facts.of(child, call)).kind

  async function* below(path: string, one: string | undefined, other: string | undefined): AsyncGenerator<TreeChange> {
    for await (const { name, from: old, to: made } of diffDirectories(nodes, one, other, call)) {
      const key = path === '' ? name : `${path}/${name}`
      const [before, after] = [await kindOf(old), await kindOf(made)]
      if (before !== undefined && before === after) {
        yield { path: key, change: 'changed', kind: before, from: old?.cid, to: made?.cid }
      } else {
        if (before !== undefined) yield { path: key, change: 'removed', kind: before, from: old?.cid }
        if (after !== undefined) yield { path: key, change: 'added', kind: after, to: made?.cid }
      }
      const [dirBefore, dirAfter] = [before === 'directory', after === 'directory']
      if (dirBefore || dirAfter) {
        yield* below(key, dirBefore ? old?.cid : undefined, dirAfter ? made?.cid : undefined)
      }
    }
  }
  return below('', from, to)
}
