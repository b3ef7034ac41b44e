import { storageError } from '@kit/core'
import type { Profile } from '../unixfs/index.ts'
import type { BlockCall } from '../verify/index.ts'
import type { Child } from './child.ts'
import {
  changed,
  type DirectoryAttributes,
  type DirectoryNode,
  emptyNode,
  findSlot,
  type LinkChange,
  linkAt,
  slotBits,
  slotName,
  slotWidth,
} from './directory-node.ts'
import { weightOf } from './fits-in-one-block.ts'
import { cidBytes, encodeLink, encodeLinkField, renamedField } from './link-field.ts'
import { hashName, nameHashBits, slotAt } from './name-hash.ts'
import { checkName } from './name.ts'
import type { Nodes } from './nodes.ts'
import { loadShard, requirePlace } from './read-directory.ts'

/** An entry on its way into a shard. */
export interface ShardEntry {
  readonly name: string
  readonly hash: Uint8Array
  readonly cid: Uint8Array
  readonly size: number | undefined
}

/** A name that is to become an entry, or nothing. */
interface Edit {
  readonly name: string
  readonly hash: Uint8Array
  readonly entry: ShardEntry | undefined
}

interface Edited {
  /** The very node that came in where nothing changed. Not saved; the shards below it are. */
  readonly shard: DirectoryNode
  /** By how much the entries weigh more, see `weightOf`. */
  readonly growth: number
}

/** A sharded directory with names set or removed. */
export function editShard(
  nodes: Nodes,
  shard: DirectoryNode,
  edits: readonly (readonly [string, Child | null])[],
  profile: Profile,
  call: BlockCall,
): Promise<Edited> {
  const hashed = edits.map(([name, child]): Edit => {
    if (child !== null) checkName(name)
    const hash = hashName(name)
    const entry = child === null ? undefined : { name, hash, cid: cidBytes(child.cid), size: child.size }
    return { name, hash, entry }
  })
  return editBelow({ nodes, profile, call }, shard, [], hashed)
}

interface Work {
  readonly nodes: Nodes
  readonly profile: Profile
  readonly call: BlockCall
}

async function editBelow(
  work: Work,
  shard: DirectoryNode,
  slots: readonly number[],
  edits: readonly Edit[],
): Promise<Edited> {
  const { nodes, profile, call } = work
  const width = slotWidth(shard)
  const depth = slots.length
  const changes: LinkChange[] = []
  let growth = 0
  for (const [slot, group] of bySlot(edits, depth, slotBits(shard))) {
    const prefix = slotName(slot, width)
    const found = findSlot(shard.names, prefix)
    const index = found < 0 ? ~found : found
    const put = (name: string | undefined, field: LinkChange['field']): void => {
      if (found >= 0 || field !== undefined) changes.push({ index, replaces: found >= 0, name, field })
    }
    if (found >= 0 && shard.names[found] === prefix) {
      const below = await loadShard(nodes, shard, found, depth + 1, call)
      const result = await editBelow(work, below, [...slots, slot], group)
      growth += result.growth
      if (result.shard !== below) await link(work, result.shard, prefix, put)
      continue
    }
    const old = found < 0 ? undefined : entryAt(shard, found, [...slots, slot])
    const entries = new Map(old === undefined ? [] : [[old.name, old]])
    for (const { name, entry } of group) {
      if (entry === undefined) entries.delete(name)
      else entries.set(name, entry)
    }
    const [only] = entries.values()
    growth -= old === undefined ? 0 : weightOf(old, profile)
    for (const entry of entries.values()) growth += weightOf(entry, profile)
    if (only === undefined) put(undefined, undefined)
    else if (entries.size > 1)
      await link(work, await makeShard(work, [...entries.values()], depth + 1, shard), prefix, put)
    else put(prefix + only.name, encodeLink(only.cid, prefix + only.name, only.size))
  }
  return { shard: changes.length === 0 ? shard : changed(shard, changes), growth }
}

/** Links a shard, or the entry itself where there is only one left, so that the same entries always have the same shards. */
async function link(
  { nodes, call }: Work,
  shard: DirectoryNode,
  prefix: string,
  put: (name: string | undefined, field: LinkChange['field']) => void,
): Promise<void> {
  const width = slotWidth(shard)
  const [first] = shard.names
  if (first === undefined) return put(undefined, undefined)
  if (shard.names.length === 1 && first.length > width) {
    const name = prefix + first.slice(width)
    return put(name, renamedField(shard.bytes, linkAt(shard, 0), name))
  }
  const size = shard.bytes.byteLength + shard.totals.below
  put(prefix, encodeLinkField(prefix, { cid: await nodes.save(shard, call), size }))
}

/**
 * A shard of these entries. The shards below it are saved, it is not.
 * @throws InvalidKey where two names have the same hash, so that no depth of shards tells them apart
 */
export async function makeShard(
  work: Pick<Work, 'nodes' | 'call'>,
  entries: readonly ShardEntry[],
  depth: number,
  kind: { readonly fanout: number },
  attributes?: DirectoryAttributes,
): Promise<DirectoryNode> {
  const bits = slotBits(kind)
  const width = slotWidth(kind)
  if ((depth + 1) * bits > nameHashBits) {
    const [one = '', other = ''] = entries.map(({ name }) => JSON.stringify(name.slice(0, 100)))
    throw storageError(
      'InvalidKey',
      `the names ${one} and ${other} have the same hash; a sharded directory cannot hold both`,
    )
  }
  const changes: LinkChange[] = []
  const put = (name: string | undefined, field: LinkChange['field']): void => {
    changes.push({ index: 0, replaces: false, name, field })
  }
  for (const [slot, group] of bySlot(entries, depth, bits)) {
    const prefix = slotName(slot, width)
    const [only] = group
    if (only === undefined) continue
    if (group.length === 1) put(prefix + only.name, encodeLink(only.cid, prefix + only.name, only.size))
    else {
      const shard = await makeShard(work, group, depth + 1, kind)
      const size = shard.bytes.byteLength + shard.totals.below
      put(prefix, encodeLinkField(prefix, { cid: await work.nodes.save(shard, work.call), size }))
    }
  }
  return changed(emptyNode(kind.fanout, attributes), changes)
}

/** Slots in order, each with what falls into it. */
function bySlot<Item extends { readonly hash: Uint8Array }>(
  items: readonly Item[],
  depth: number,
  bits: number,
): [number, Item[]][] {
  const slots = new Map<number, Item[]>()
  for (const item of items) {
    const slot = slotAt(item.hash, depth, bits)
    const group = slots.get(slot)
    if (group === undefined) slots.set(slot, [item])
    else group.push(item)
  }
  return [...slots].toSorted(([one], [other]) => one - other)
}

/** The entry that a link is. @throws Corrupt where it stands in a wrong slot */
function entryAt(shard: DirectoryNode, index: number, slots: readonly number[]): ShardEntry {
  const name = (shard.names[index] ?? '').slice(slotWidth(shard))
  requirePlace(name, slots, slotBits(shard))
  const { cidFrom, cidTo, size } = linkAt(shard, index)
  return { name, hash: hashName(name), cid: shard.bytes.subarray(cidFrom, cidTo), size }
}
