import { type Bytes, storageError } from '@kit/core'
import { linksOf } from '../codecs/index.ts'
import { type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import { type DagLimits, knownLimits, tooDeep, tooManyLinks } from './limits.ts'
import { type Pending, readAhead } from './read-ahead.ts'

export interface Block {
  readonly cid: string
  readonly bytes: Bytes
}

interface Step extends Pending {
  readonly depth: number
}

/**
 * All blocks below a root, depth first, a parent before its children and children in the order of their links; each block once, at its
 * first place. Every block is checked. What it remembers is the CIDs of the blocks it gave.
 * @throws NotFound for a block that is missing; TooLarge beyond the limits; Unsupported for codecs whose links nobody can tell.
 */
export async function* walkDag(
  reader: BlockReader,
  root: string,
  call: BlockCall,
  options: { readonly limits?: DagLimits | undefined; readonly seen?: Set<string> | undefined } = {},
): AsyncGenerator<Block> {
  const limits = knownLimits(options.limits)
  const seen = options.seen ?? new Set<string>()
  using steps = readAhead<Step>(verified(reader), call, undefined, ({ cid }) => seen.has(cid))
  steps.push([{ cid: root, depth: 1 }])
  for (let next = steps.top(); next !== undefined; next = steps.top()) {
    if (seen.has(next.cid)) {
      steps.drop()
      continue
    }
    const { item, bytes } = await steps.take()
    seen.add(item.cid)
    if (seen.size > limits.blocks) throw storageError('TooLarge', `the DAG has more than ${limits.blocks} blocks`)
    const children = linksOf(item.cid, bytes)
    if (children.length > 0 && item.depth === limits.depth) throw tooDeep(item.cid, limits)
    if (steps.size + children.length > limits.links) throw tooManyLinks(item.cid, limits)
    yield { cid: item.cid, bytes }
    steps.push(children.map((cid) => ({ cid, depth: item.depth + 1 })))
  }
}
