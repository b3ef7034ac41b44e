import type { Profile, UnixFsTime } from '../unixfs/index.ts'
import type { BlockCall, BlockReader, BlockWriter } from '../verify/index.ts'
import type { Child, SizedChild } from './child.ts'
import { compareKeys } from '@kit/core'
import { changed, type DirectoryNode, emptyNode, findName, linkAt, type LinkChange } from './directory-node.ts'
import { editShard, makeShard, type ShardEntry } from './edit-shard.ts'
import { encodeLinkField } from './link-field.ts'
import { entriesUpTo, fitsInOneBlock } from './fits-in-one-block.ts'
import { hashName } from './name-hash.ts'
import { checkName } from './name.ts'
import { type Nodes, nodesOf } from './nodes.ts'

export interface DirectoryOptions {
  readonly profile: Profile
  readonly signal: AbortSignal
  /** POSIX permission bits of the directory. Absent: as they are. */
  readonly mode?: number | undefined
  /** Absent: as it is. */
  readonly modified?: UnixFsTime | undefined
}

/**
 * The directory with some names set (a child) or removed (`null`; one that is not there is no error), as Kubo would have made it from
 * nothing: shards are joined, and a directory that fits in one block again becomes one. `undefined` is the empty directory.
 * Reads and writes only the shards that change, and those that decide whether one block would do.
 * @throws InvalidKey for a name that no directory can hold, or that has the same hash as another in a sharded one.
 */
export async function editDirectory(
  reader: BlockReader,
  writer: BlockWriter,
  cid: string | undefined,
  edits: ReadonlyMap<string, Child | null>,
  options: DirectoryOptions,
): Promise<SizedChild> {
  const nodes = nodesOf(reader, writer, options.profile)
  try {
    return await editedDirectory(nodes, cid, edits, options)
  } finally {
    await nodes.settled()
  }
}

/** As `editDirectory`; what it saves is not waited for. */
export async function editedDirectory(
  nodes: Nodes,
  cid: string | undefined,
  edits: ReadonlyMap<string, Child | null>,
  options: DirectoryOptions,
): Promise<SizedChild> {
  const before = cid === undefined ? emptyNode(0) : await nodes.load(cid, options)
  const after = await edited(nodes, before, edits, options)
  const same = after === before && cid !== undefined
  return { cid: same ? cid : await nodes.save(after, options), size: after.bytes.byteLength + after.totals.below }
}

async function edited(
  nodes: Nodes,
  before: DirectoryNode,
  edits: ReadonlyMap<string, Child | null>,
  options: DirectoryOptions,
): Promise<DirectoryNode> {
  const attributes = { mode: options.mode ?? before.mode, modified: options.modified ?? before.modified }
  const renewed = options.mode !== undefined || options.modified !== undefined
  const node = renewed ? changed(before, [], attributes) : before
  if (node.fanout === 0) {
    const after = changedBlock(node, edits)
    return fitsInOneBlock(after, options.profile) ? after : await sharded(nodes, after, options)
  }
  const { shard, growth } = await editShard(nodes, node, [...edits], options.profile, options)
  if (growth >= 0 && !renewed) return shard
  const entries = await entriesUpTo(nodes, shard, options.profile, options)
  return entries === undefined ? shard : changedBlock(emptyNode(0, attributes), entries)
}

/** An unsharded directory, with edits. */
function changedBlock(node: DirectoryNode, edits: ReadonlyMap<string, Child | null>): DirectoryNode {
  const changes: LinkChange[] = []
  const inOrder = edits.size < 2 ? [...edits] : [...edits].toSorted(([one], [other]) => compareKeys(one, other))
  for (const [name, child] of inOrder) {
    if (child !== null) checkName(name)
    const found = findName(node.names, name)
    if (child === null && found < 0) continue
    const index = found < 0 ? ~found : found
    const field = child === null ? undefined : encodeLinkField(name, child)
    changes.push({ index, replaces: found >= 0, name, field, child: known(child) })
  }
  return changes.length === 0 ? node : changed(node, changes)
}

/** Slots in a shard that is made here. */
export const fanout = 256

/** CIDs in the one spelling that is given by readers. */
const canonical = /^(?:b[a-z2-7]{58}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/

/** What a reader would give for it, where that needs no parsing. */
function known(child: Child | null): Child | undefined {
  if (child === null || !canonical.test(child.cid)) return undefined
  const { cid, size } = child
  return size === undefined ? { cid } : { cid, size }
}

/** The same directory in shards. */
function sharded(nodes: Nodes, node: DirectoryNode, call: BlockCall): Promise<DirectoryNode> {
  const entries = node.names.map((name, index): ShardEntry => {
    const { cidFrom, cidTo, size } = linkAt(node, index)
    return { name, hash: hashName(name), cid: node.bytes.subarray(cidFrom, cidTo), size }
  })
  return makeShard({ nodes, call }, entries, 0, { fanout }, node)
}
