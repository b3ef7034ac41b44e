import { storageError } from '@kit/core'
import type { BlockCall, BlockReader } from '../verify/index.ts'
import type { Child, DirectoryEntry } from './child.ts'
import { childAt, type DirectoryNode, findName, findSlot, slotBits, slotName, slotWidth } from './directory-node.ts'
import { hashName, nameHashBits, slotAt } from './name-hash.ts'
import { type Nodes, nodesOf } from './nodes.ts'

/** Shards that are read ahead of the one that is being listed, at each depth. */
const readAhead = 8

/**
 * The entries of a directory, sharded or not, in the order of its blocks: not by name where it is sharded. Memory stays flat.
 * `after`: only those that come after this entry, by the same order.
 * @throws NotDirectory for what is none; Corrupt for shards that contradict themselves, and for names that no path can hold.
 */
export function readDirectory(
  reader: BlockReader,
  cid: string,
  call: BlockCall & { readonly after?: string | undefined },
): AsyncGenerator<DirectoryEntry> {
  return entriesOf(nodesOf(reader, undefined, 'unixfs-v1-2025'), cid, call)
}

/** What a name stands for; reads no more blocks than lie on the way to it. @throws NotDirectory, Corrupt */
export function lookUp(reader: BlockReader, cid: string, name: string, call: BlockCall): Promise<Child | undefined> {
  return childOfName(nodesOf(reader, undefined, 'unixfs-v1-2025'), cid, name, call)
}

export async function* entriesOf(
  nodes: Nodes,
  cid: string,
  call: BlockCall & { readonly after?: string | undefined },
): AsyncGenerator<DirectoryEntry> {
  const root = await nodes.load(cid, call)
  if (root.fanout > 0) {
    yield* entriesOfShard(nodes, root, { slots: [], after: call.after }, call)
    return
  }
  const found = call.after === undefined ? -1 : findName(root.names, call.after)
  for (let index = found < 0 && call.after !== undefined ? ~found : found + 1; index < root.names.length; index++) {
    yield { name: root.names[index] ?? '', ...childAt(root, index) }
  }
}

/** Where a shard stands, and what of it was listed already. */
interface Place {
  readonly slots: readonly number[]
  readonly after: string | undefined
}

async function* entriesOfShard(
  nodes: Nodes,
  shard: DirectoryNode,
  { slots, after }: Place,
  call: BlockCall,
): AsyncGenerator<DirectoryEntry> {
  const width = slotWidth(shard)
  const depth = slots.length
  const afterPrefix = after === undefined ? undefined : slotName(slotAt(hashName(after), depth, slotBits(shard)), width)
  const ahead = new Map<number, Promise<DirectoryNode>>()
  let next = 0
  const prefetch = (index: number): void => {
    next = Math.max(next, index)
    for (; ahead.size < readAhead && next < shard.names.length; next++) {
      if (shard.names[next]?.length !== width) continue
      const loading = loadShard(nodes, shard, next, depth + 1, call)
      loading.catch(() => undefined) // told when its turn comes, or to nobody where the listing ended before
      ahead.set(next, loading)
    }
  }
  for (const [index, linkName] of shard.names.entries()) {
    const prefix = linkName.slice(0, width)
    if (afterPrefix !== undefined && prefix < afterPrefix) continue
    const reached = prefix === afterPrefix
    const slot = Number.parseInt(prefix, 16)
    if (linkName.length > width) {
      if (reached) continue
      const name = linkName.slice(width)
      requirePlace(name, [...slots, slot], slotBits(shard))
      yield { name, ...childAt(shard, index) }
      continue
    }
    prefetch(index)
    const loading = ahead.get(index)
    ahead.delete(index)
    if (loading === undefined) continue
    const below: Place = { slots: [...slots, slot], after: reached ? after : undefined }
    yield* entriesOfShard(nodes, await loading, below, call)
  }
}

export async function childOfName(
  nodes: Nodes,
  cid: string,
  name: string,
  call: BlockCall,
): Promise<Child | undefined> {
  let node = await nodes.load(cid, call)
  if (node.fanout === 0) {
    const index = findName(node.names, name)
    return index < 0 ? undefined : childAt(node, index)
  }
  const hash = hashName(name)
  for (let depth = 0; ; depth++) {
    const prefix = slotName(slotAt(hash, depth, slotBits(node)), slotWidth(node))
    const index = findSlot(node.names, prefix)
    if (index < 0) return undefined
    const linkName = node.names[index] ?? ''
    if (linkName === prefix + name) return childAt(node, index)
    if (linkName !== prefix) return undefined
    node = await loadShard(nodes, node, index, depth + 1, call)
  }
}

/** The shard below a link. @throws Corrupt where it cannot be a part of this directory */
export async function loadShard(
  nodes: Nodes,
  above: DirectoryNode,
  index: number,
  depth: number,
  call: BlockCall,
): Promise<DirectoryNode> {
  if ((depth + 1) * slotBits(above) > nameHashBits) {
    throw storageError('Corrupt', 'a sharded directory is deeper than the hash of a name is long')
  }
  const { cid } = childAt(above, index)
  const shard = await nodes.load(cid, call).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'NotDirectory') {
      throw storageError('Corrupt', `the shard ${cid} of a directory is none`, { cause: error })
    }
    throw error
  })
  // An empty one would let a few blocks stand for endlessly many shards without a single entry.
  if (shard.fanout !== above.fanout || shard.names.length === 0) {
    throw storageError('Corrupt', `the shard ${cid} of a directory is empty, or not of its kind`)
  }
  return shard
}

/** @throws Corrupt for a name that stands where a look-up would not find it */
export function requirePlace(name: string, slots: readonly number[], bits: number): void {
  const hash = hashName(name)
  for (const [depth, slot] of slots.entries()) {
    if (slotAt(hash, depth, bits) === slot) continue
    throw storageError(
      'Corrupt',
      `a sharded directory has the name ${JSON.stringify(name.slice(0, 100))} in a wrong shard`,
    )
  }
}
