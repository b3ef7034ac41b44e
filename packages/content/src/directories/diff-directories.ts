import type { BlockCall } from '../verify/index.ts'
import type { Child } from './child.ts'
import { childAt, type DirectoryNode, slotWidth } from './directory-node.ts'
import type { Nodes } from './nodes.ts'
import { entriesOf, loadShard } from './read-directory.ts'

/** A name that stands for something else in another directory; absent where it is not there. */
export interface DirectoryDifference {
  readonly name: string
  readonly from?: Child | undefined
  readonly to?: Child | undefined
}

/** The names on which two directories differ; shards that are equal are not read. `undefined` is the empty directory. In no order. */
export async function* diffDirectories(
  nodes: Nodes,
  from: string | undefined,
  to: string | undefined,
  call: BlockCall,
): AsyncGenerator<DirectoryDifference> {
  if (from === to) return
  const [one, other] = await Promise.all([from, to].map(async (cid) => cid && nodes.load(cid, call)))
  if (typeof one === 'object' && typeof other === 'object' && one.fanout > 0 && one.fanout === other.fanout) {
    yield* diffShards(nodes, one, other, 1, call)
    return
  }
  // At least one of them is one block or nothing: few enough names to hold.
  const sharded = typeof one === 'object' && one.fanout > 0
  const [held, walked] = sharded ? [to, from] : [from, to]
  const names = new Map<string, Child>()
  if (held !== undefined) for await (const { name, ...child } of entriesOf(nodes, held, call)) names.set(name, child)
  const difference = (name: string, inHeld: Child | undefined, inWalked: Child | undefined): DirectoryDifference =>
    sharded ? { name, from: inWalked, to: inHeld } : { name, from: inHeld, to: inWalked }
  if (walked !== undefined) {
    for await (const { name, ...child } of entriesOf(nodes, walked, call)) {
      const known = names.get(name)
      names.delete(name)
      if (known?.cid !== child.cid) yield difference(name, known, child)
    }
  }
  for (const [name, child] of names) yield difference(name, child, undefined)
}

async function* diffShards(
  nodes: Nodes,
  one: DirectoryNode,
  other: DirectoryNode,
  depth: number,
  call: BlockCall,
): AsyncGenerator<DirectoryDifference> {
  const width = slotWidth(one)
  const inOther = new Map(other.names.map((name, index) => [name.slice(0, width), index]))
  for (const [index, name] of one.names.entries()) {
    const prefix = name.slice(0, width)
    const match = inOther.get(prefix)
    inOther.delete(prefix)
    if (match === undefined) {
      for await (const [left, from] of entriesAt(nodes, one, index, depth, call)) yield { name: left, from }
      continue
    }
    const shard = name === prefix
    if (shard && other.names[match] === prefix) {
      if (childAt(one, index).cid === childAt(other, match).cid) continue
      const [below, belowOther] = await Promise.all([
        loadShard(nodes, one, index, depth, call),
        loadShard(nodes, other, match, depth, call),
      ])
      yield* diffShards(nodes, below, belowOther, depth + 1, call)
      continue
    }
    // A single entry on one side at least.
    const single = shard ? ([other, match, one, index] as const) : ([one, index, other, match] as const)
    let found: Child | undefined
    const alone = (single[0].names[single[1]] ?? '').slice(width)
    const child = childAt(single[0], single[1])
    for await (const [each, there] of entriesAt(nodes, single[2], single[3], depth, call)) {
      if (each === alone) found = there
      else yield shard ? { name: each, from: there } : { name: each, to: there }
    }
    if (found?.cid !== child.cid) {
      yield shard ? { name: alone, from: found, to: child } : { name: alone, from: child, to: found }
    }
  }
  for (const index of inOther.values()) {
    for await (const [name, to] of entriesAt(nodes, other, index, depth, call)) yield { name, to }
  }
}

/** What a slot holds: one entry, or all of the shards below it. */
async function* entriesAt(
  nodes: Nodes,
  shard: DirectoryNode,
  index: number,
  depth: number,
  call: BlockCall,
): AsyncGenerator<readonly [string, Child]> {
  const width = slotWidth(shard)
  const name = shard.names[index] ?? ''
  if (name.length > width) {
    yield [name.slice(width), childAt(shard, index)]
    return
  }
  const below = await loadShard(nodes, shard, index, depth, call)
  for (const at of below.names.keys()) yield* entriesAt(nodes, below, at, depth + 1, call)
}
