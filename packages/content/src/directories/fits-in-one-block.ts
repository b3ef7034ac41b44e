import { utf8Length } from '@kit/core'
import type { Profile } from '../unixfs/index.ts'
import type { BlockCall } from '../verify/index.ts'
import type { Child } from './child.ts'
import { childAt, type DirectoryNode, emptyNode, slotWidth } from './directory-node.ts'
import { linkFieldLength } from './link-field.ts'
import type { Nodes } from './nodes.ts'
import { loadShard } from './read-directory.ts'

/**
 * Largest directory that is not sharded, by the estimate of its profile: the length of the block (`unixfs-v1-2025`, "block-bytes"), or that of names
 * and CIDs together (`unixfs-v0-2015`, "links-bytes"). IPIP-499.
 */
export const oneBlockMaxBytes: number = 256 << 10

/** Least that an entry can weigh: a name of one byte and a CID of four. */
const leastWeight = 5

/** Whether an unsharded directory may stay so. */
export function fitsInOneBlock({ bytes, totals }: DirectoryNode, profile: Profile): boolean {
  return (profile === 'unixfs-v0-2015' ? totals.names : bytes.byteLength) <= oneBlockMaxBytes
}

/** What an entry adds to the estimate. */
export function weightOf(
  { name, cid, size }: { readonly name: string; readonly cid: Uint8Array; readonly size: number | undefined },
  profile: Profile,
): number {
  const nameBytes = utf8Length(name)
  return profile === 'unixfs-v0-2015' ? nameBytes + cid.byteLength : linkFieldLength(cid.byteLength, nameBytes, size)
}

/** All entries of a sharded directory, where they would fit in one block; else nothing, as soon as that is known. */
export async function entriesUpTo(
  nodes: Nodes,
  root: DirectoryNode,
  profile: Profile,
  call: BlockCall,
): Promise<Map<string, Child> | undefined> {
  const { mode, modified } = root
  let weight = profile === 'unixfs-v0-2015' ? 0 : emptyNode(0, { mode, modified }).bytes.byteLength
  const read: DirectoryNode[] = []
  const levels: { shard: DirectoryNode; depth: number }[] = [{ shard: root, depth: 0 }]
  const add = ({ totals }: DirectoryNode): boolean => {
    weight += (profile === 'unixfs-v0-2015' ? totals.names : totals.fields) + totals.shards * leastWeight
    return weight <= oneBlockMaxBytes
  }
  if (!add(root)) return undefined
  for (const { shard, depth } of levels) {
    read.push(shard)
    if (shard.totals.shards === 0) continue
    for (const [index, name] of shard.names.entries()) {
      if (name.length > slotWidth(shard)) continue
      const below = await loadShard(nodes, shard, index, depth + 1, call)
      weight -= leastWeight
      if (!add(below)) return undefined
      levels.push({ shard: below, depth: depth + 1 })
    }
  }
  const entries = new Map<string, Child>()
  for (const shard of read) {
    const width = slotWidth(shard)
    for (const [index, name] of shard.names.entries()) {
      if (name.length > width) entries.set(name.slice(width), childAt(shard, index))
    }
  }
  return entries
}
