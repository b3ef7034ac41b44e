import { Buffer } from 'node:buffer'
import { type Bytes, compareKeys, storageError } from '@kit/core'
import { cidOf } from '../cid/index.ts'
import { readVarint, varintLength, writeVarint } from '../cid/varint.ts'
import { type BlockReader, type BlockWriter, verified } from '../verify/index.ts'
import type { Child, SizedChild } from './child.ts'
import { changed, type DirectoryNode, emptyNode, type LinkChange, slotName, slotWidth } from './directory-node.ts'
import { type DirectoryOptions, fanout } from './edit-directory.ts'
import { makeShard, type ShardEntry } from './edit-shard.ts'
import { fitsInOneBlock, oneBlockMaxBytes, weightOf } from './fits-in-one-block.ts'
import { cidBytes, encodeLink, encodeLinkField } from './link-field.ts'
import { hashName } from './name-hash.ts'
import { checkName } from './name.ts'
import { nodesOf } from './nodes.ts'

/** Makes one directory of names that come in any order. */
export interface DirectoryBuilder {
  /** Wait for it before adding the next. @throws InvalidKey for a name that no directory can hold. */
  add(name: string, child: Child): Promise<void>
  /** Writes the directory. @throws AlreadyExists for a name that was added twice. */
  finish(): Promise<SizedChild>
}

/** Entries that wait in memory while there is a place to spill to, in bytes. */
const waitingBytesMax = 16 << 20
/** Longest spilled block in bytes. */
const spillBytes = 1 << 20

/** Entries whose hash begins with the same byte: one slot of the first shard. Packed, for there may be millions. */
interface Part {
  packed: Bytes
  used: number
  readonly spilled: string[]
}

/**
 * Blocks of the directory alone go to `writer`, each once. Entries wait in memory, some hundred bytes each; with `spill` they wait there
 * as raw blocks beyond 16 MiB, which are of no use afterwards.
 */
export function buildDirectory(
  writer: BlockWriter,
  options: DirectoryOptions & { readonly spill?: (BlockReader & BlockWriter) | undefined },
): DirectoryBuilder {
  const { profile, mode, modified, spill } = options
  const parts = Array.from({ length: fanout }, (): Part => ({ packed: new Uint8Array(), used: 0, spilled: [] }))
  const nodes = nodesOf(nothing, writer, profile)
  let waitingBytes = 0
  let weight = 0

  async function spillAll(to: BlockWriter): Promise<void> {
    for (const part of parts) {
      for (let at = 0; at < part.used; at += spillBytes) {
        const bytes = part.packed.subarray(at, Math.min(part.used, at + spillBytes))
        const cid = cidOf('raw', bytes)
        await to.put(cid, bytes, options)
        part.spilled.push(cid)
      }
      part.used = 0
    }
    waitingBytes = 0
  }

  async function entriesOf(part: Part): Promise<ShardEntry[]> {
    const blocks: Uint8Array[] = []
    if (spill !== undefined) {
      const reader = verified(spill)
      for (const cid of part.spilled) blocks.push(await reader.get(cid, options))
    }
    const entries = unpack(Buffer.concat([...blocks, part.packed.subarray(0, part.used)]))
    const names = new Set<string>()
    for (const { name } of entries) {
      if (names.has(name)) throw storageError('AlreadyExists', `the name ${JSON.stringify(name)} was added twice`)
      names.add(name)
    }
    return entries
  }

  async function inShards(): Promise<DirectoryNode> {
    const changes: LinkChange[] = []
    const width = slotWidth({ fanout })
    for (const [slot, part] of parts.entries()) {
      const entries = await entriesOf(part)
      const [only] = entries
      if (only === undefined) continue
      const prefix = slotName(slot, width)
      if (entries.length === 1) {
        const name = prefix + only.name
        changes.push({ index: 0, replaces: false, name, field: encodeLink(only.cid, name, only.size) })
        continue
      }
      const shard = await makeShard({ nodes, call: options }, entries, 1, { fanout })
      const child = { cid: await nodes.save(shard, options), size: shard.bytes.byteLength + shard.totals.below }
      changes.push({ index: 0, replaces: false, name: prefix, field: encodeLinkField(prefix, child) })
    }
    return changed(emptyNode(fanout, { mode, modified }), changes)
  }

  async function inOneBlock(): Promise<DirectoryNode> {
    const all: ShardEntry[] = []
    for (const part of parts) all.push(...(await entriesOf(part)))
    const changes = all
      .toSorted((one, other) => compareKeys(one.name, other.name))
      .map(({ name, cid, size }) => ({ index: 0, replaces: false, name, field: encodeLink(cid, name, size) }))
    return changed(emptyNode(0, { mode, modified }), changes)
  }

  return {
    async add(name, child) {
      checkName(name)
      const entry = { name, hash: hashName(name), cid: cidBytes(child.cid), size: child.size }
      weight += weightOf(entry, profile)
      const part = parts[entry.hash[0] ?? 0]
      if (part !== undefined) waitingBytes += pack(part, entry)
      if (spill !== undefined && waitingBytes > waitingBytesMax) await spillAll(spill)
    },
    async finish() {
      const block = weight <= oneBlockMaxBytes ? await inOneBlock() : undefined
      const root = block !== undefined && fitsInOneBlock(block, profile) ? block : await inShards()
      const cid = await nodes.save(root, options)
      await nodes.settled()
      return { cid, size: root.bytes.byteLength + root.totals.below }
    },
  }
}

const nothing: BlockReader = {
  get: (cid) => Promise.reject(storageError('NotFound', `the block ${cid} is not one that was made`)),
}

/** Appends an entry to a part: hash, CID and name with their lengths, size and whether there is one. Gives the bytes that it takes. */
function pack(part: Part, { name, hash, cid, size }: ShardEntry): number {
  const text = Buffer.from(name)
  const known = size === undefined ? 0 : size + 1
  const length =
    hash.byteLength +
    varintLength(known) +
    varintLength(cid.byteLength) +
    cid.byteLength +
    varintLength(text.byteLength) +
    text.byteLength
  if (part.used + length > part.packed.byteLength) {
    const larger = new Uint8Array(Math.max(1024, 2 * (part.used + length)))
    larger.set(part.packed.subarray(0, part.used))
    part.packed = larger
  }
  const { packed } = part
  packed.set(hash, part.used)
  let at = writeVarint(packed, part.used + hash.byteLength, known)
  at = writeVarint(packed, at, cid.byteLength)
  packed.set(cid, at)
  at = writeVarint(packed, at + cid.byteLength, text.byteLength)
  packed.set(text, at)
  part.used += length
  return length
}

function unpack(bytes: Buffer): ShardEntry[] {
  const entries: ShardEntry[] = []
  const cursor = { bytes, at: 0, end: bytes.byteLength }
  const take = (length: number): Buffer => {
    cursor.at += length
    return bytes.subarray(cursor.at - length, cursor.at)
  }
  while (cursor.at < cursor.end) {
    const hash = take(8)
    const known = readVarint(cursor)
    const cid = take(readVarint(cursor))
    const name = take(readVarint(cursor)).toString()
    entries.push({ name, hash, cid, size: known === 0 ? undefined : known - 1 })
  }
  return entries
}
