import { Buffer } from 'node:buffer'
import { type Bytes, compareKeys, storageError } from '@kit/core'
import { cursorOf, readVarint } from '../cid/varint.ts'
import { decodeUnixFs, encodeUnixFs, type UnixFsTime } from '../unixfs/index.ts'
import { malformed, readLength, tag } from '../unixfs/protobuf.ts'
import type { Child } from './child.ts'
import { childOf, type LinkField, linkFieldLength, nameOf, readLinkField } from './link-field.ts'
import { nameHashCode } from './name-hash.ts'
import { isName } from './name.ts'

/** What a directory keeps about itself; in a sharded one the first shard has it. */
export interface DirectoryAttributes {
  readonly mode?: number | undefined
  readonly modified?: UnixFsTime | undefined
}

/** What the links of a node come to, in bytes unless it says otherwise. */
interface Totals {
  /** Of the DAGs below, as the links tell them. */
  below: number
  /** What the entries would take in an unsharded directory: as names and CIDs alone, and as whole link fields. */
  names: number
  fields: number
  /** Links to further shards, in number. */
  shards: number
}

/**
 * One block of a directory: all of an unsharded one, or a shard. Never changed. `bytes` is canonical (links in order, then the data), so for
 * blocks that others wrote it may be another spelling of the block.
 */
export interface DirectoryNode extends DirectoryAttributes {
  readonly bytes: Bytes
  /** Names of the links in order; in a shard each with its slot in hexadecimal before it, and nothing more where it is a shard. */
  readonly names: readonly string[]
  /** What the links point at, as far as it is known already: see `childAt`. */
  readonly children: (Child | undefined)[]
  /** Offsets of the link fields in `bytes`, and behind the last the end of them all. */
  readonly at: Uint32Array
  /** Slots of a shard; 0 where the directory is not sharded. */
  readonly fanout: number
  readonly totals: Readonly<Totals>
}

/** Bits of the hash that choose a slot. */
export function slotBits({ fanout }: { readonly fanout: number }): number {
  return 31 - Math.clz32(fanout)
}

/** Letters before the names of a shard's links. */
export function slotWidth({ fanout }: { readonly fanout: number }): number {
  return fanout === 0 ? 0 : (fanout - 1).toString(16).length
}

export function slotName(slot: number, width: number): string {
  return slot.toString(16).toUpperCase().padStart(width, '0')
}

export function linkAt(node: DirectoryNode, index: number): LinkField {
  const from = node.at[index] ?? 0
  const cursor = { bytes: node.bytes, at: from + 1, end: node.at[index + 1] ?? from }
  return readLinkField(cursor, from)
}

/** What a link points at. @throws Corrupt */
export function childAt(node: DirectoryNode, index: number): Child {
  return (node.children[index] ??= childOf(node.bytes, linkAt(node, index)))
}

/** Where a name of an unsharded directory is, or, as the complement of a number, where it would be. */
export function findName(names: readonly string[], name: string): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareKeys(names[middle] ?? '', name)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return ~low
}

/** Where the link of a slot is, or as a complement would be; `prefix` is the slot as its name begins. */
export function findSlot(names: readonly string[], prefix: string): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >> 1
    const name = names[middle] ?? ''
    if (name.startsWith(prefix)) return middle
    if (name < prefix) low = middle + 1
    else high = middle
  }
  return ~low
}

/** Reads a block of a directory. @throws NotDirectory; Corrupt for one that contradicts itself */
export function decodeDirectory(block: Bytes): DirectoryNode {
  const cursor = cursorOf(block)
  let links: LinkField[] = []
  let dataFrom = -1
  let dataTo = -1
  let linksBefore = 0
  while (cursor.at < cursor.end) {
    const from = cursor.at
    const key = readVarint(cursor)
    if (key === tag(2, 2)) links.push(readLinkField(cursor, from))
    else if (key === tag(1, 2) && dataFrom < 0) {
      cursor.at = readLength(cursor)
      ;[dataFrom, dataTo, linksBefore] = [from, cursor.at, links.length]
    } else throw malformed('a dag-pb node has a field twice, or one that is none of its own')
  }
  if (dataFrom < 0) throw malformed('a dag-pb node holds no UnixFS data')
  if (linksBefore !== 0 && linksBefore !== links.length) {
    throw malformed('a dag-pb node has links before and behind its data')
  }
  const data = block.subarray(dataFrom, dataTo)
  const { type, fanout = 0, hashType, data: bits, mode, modified } = decodeUnixFs(data)
  if (type !== 'directory' && type !== 'hamt-shard') throw storageError('NotDirectory', `it is a ${type}`)
  const sharded = type === 'hamt-shard'
  if (sharded) checkShardKind(fanout, hashType)
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  let names = links.map((link) => nameOf(text, link))
  const order = inOrder(names) ? undefined : names.map((_, index) => index).toSorted(byName(names))
  if (order !== undefined) {
    links = order.flatMap((index) => links[index] ?? [])
    names = order.map((index) => names[index] ?? '')
  }
  const width = slotWidth({ fanout: sharded ? fanout : 0 })
  if (sharded) checkSlots(names, width, fanout, bits)
  else checkNames(names)
  const at = new Uint32Array(links.length + 1)
  const totals: Totals = { below: 0, names: 0, fields: 0, shards: 0 }
  let end = 0
  for (const [index, link] of links.entries()) {
    at[index] = end
    end += link.to - link.from
    count(totals, link, width, 1)
  }
  at[links.length] = end
  const canonical = order === undefined && linksBefore === links.length && dataTo === block.byteLength
  const bytes = canonical ? block : joined(block, links, data)
  const children: DirectoryNode['children'] = Array.from({ length: names.length })
  return { bytes, names, children, at, fanout: sharded ? fanout : 0, totals, mode, modified }
}

function joined(block: Bytes, links: readonly LinkField[], data: Bytes): Bytes {
  const parts = links.map(({ from, to }) => block.subarray(from, to))
  return new Uint8Array(Buffer.concat([...parts, data]))
}

function inOrder(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at++) if (compareKeys(names[at - 1] ?? '', names[at] ?? '') > 0) return false
  return true
}

function byName(names: readonly string[]): (a: number, b: number) => number {
  return (a, b) => compareKeys(names[a] ?? '', names[b] ?? '')
}

function checkNames(names: readonly string[]): void {
  let before: string | undefined
  for (const name of names) {
    if (!isName(name))
      throw malformed(`a directory holds the name ${JSON.stringify(name.slice(0, 100))}, which no path has`)
    if (name === before) throw malformed(`a directory holds the name ${JSON.stringify(name.slice(0, 100))} twice`)
    before = name
  }
}

function checkShardKind(fanout: number, hashType: number | undefined): void {
  // More slots than 1024 are a known way to exhaust memory (CVE-2023-23625).
  if (fanout < 8 || fanout > 1024 || (fanout & (fanout - 1)) !== 0) {
    throw malformed(`a shard of a directory has ${fanout} slots; it must be a power of two from 8 to 1024`)
  }
  if (hashType !== nameHashCode) {
    throw storageError('Unsupported', 'a directory is sharded by a hash function other than murmur3-x64-64')
  }
}

/** Each link is in a slot of its own, and the bit field says the same as the links. */
function checkSlots(names: readonly string[], width: number, fanout: number, given: Bytes | undefined): void {
  let before = -1
  for (const name of names) {
    const prefix = name.slice(0, width)
    const slot = /^[0-9A-F]+$/.test(prefix) && prefix.length === width ? Number.parseInt(prefix, 16) : fanout
    if (slot >= fanout || slot === before) {
      throw malformed(`a shard has the link ${JSON.stringify(name.slice(0, 100))} in no slot of its own`)
    }
    if (name.length > width && !isName(name.slice(width))) {
      throw malformed(`a shard holds the name ${JSON.stringify(name.slice(width, 100))}, which no path has`)
    }
    before = slot
  }
  const bits = bitField(names, width, fanout)
  const same = Buffer.from(bits).equals(given === undefined ? new Uint8Array() : withoutZeros(given))
  if (!same) throw malformed('the bit field of a shard does not agree with its links')
}

/** One bit for each slot that is taken, that of slot 0 the lowest of the last byte, without zero bytes in front. */
function bitField(names: readonly string[], width: number, fanout: number): Bytes {
  const bits = new Uint8Array(fanout / 8)
  for (const name of names) {
    const slot = Number.parseInt(name.slice(0, width), 16)
    const byte = bits.length - 1 - (slot >> 3)
    bits[byte] = (bits[byte] ?? 0) | (1 << (slot & 7))
  }
  return withoutZeros(bits)
}

function withoutZeros(bits: Bytes): Bytes {
  const first = bits.findIndex((byte) => byte !== 0)
  return first < 0 ? new Uint8Array() : bits.subarray(first)
}

function count(totals: Totals, link: LinkField, width: number, sign: 1 | -1): void {
  totals.below += sign * (link.size ?? 0)
  const cidBytes = link.cidTo - link.cidFrom
  const nameBytes = link.nameTo - link.nameFrom - width
  if (width > 0 && nameBytes === 0) {
    totals.shards += sign
    return
  }
  totals.names += sign * (nameBytes + cidBytes)
  totals.fields += sign * (width === 0 ? link.to - link.from : linkFieldLength(cidBytes, nameBytes, link.size))
}

/** A link put before, or instead of, the one at an index; or one left out. */
export interface LinkChange {
  readonly index: number
  readonly replaces: boolean
  readonly name?: string | undefined
  /** The whole field, where there is one. */
  readonly field?: Bytes | undefined
  /** What it points at, where that is at hand. */
  readonly child?: Child | undefined
}

/** The node with changes, which come in the order of their indexes; those before a link come before the one that replaces it. */
export function changed(
  node: DirectoryNode,
  changes: readonly LinkChange[],
  attributes: DirectoryAttributes = node,
): DirectoryNode {
  const { fanout } = node
  const width = slotWidth(node)
  const totals: Totals = { ...node.totals }
  let growth = 0
  let more = 0
  for (const { index, replaces, field } of changes) {
    if (replaces) {
      const old = linkAt(node, index)
      count(totals, old, width, -1)
      growth -= old.to - old.from
      more--
    }
    if (field !== undefined) {
      count(totals, readLinkField({ bytes: field, at: 1, end: field.byteLength }, 0), width, 1)
      growth += field.byteLength
      more++
    }
  }
  const links = node.names.length
  const at = new Uint32Array(links + more + 1)
  const names = node.names.slice()
  const children = node.children.slice()
  const runs: Bytes[] = []
  let done = 0
  let made = 0
  let end = 0
  const keep = (to: number): void => {
    if (to > done) {
      const from = node.at[done] ?? 0
      const until = node.at[to] ?? 0
      at.set(node.at.subarray(done, to), made)
      const shift = end - from
      if (shift !== 0) for (let index = made; index < made + to - done; index++) at[index] = (at[index] ?? 0) + shift
      runs.push(node.bytes.subarray(from, until))
      made += to - done
      end += until - from
    }
    done = to
  }
  for (const { index, replaces, name = '', field, child } of changes) {
    keep(index)
    if (field === undefined) {
      names.splice(made, 1)
      children.splice(made, 1)
    } else {
      names.splice(made, replaces ? 1 : 0, name)
      children.splice(made, replaces ? 1 : 0, child)
      at[made++] = end
      runs.push(field)
      end += field.byteLength
    }
    if (replaces) done = index + 1
  }
  keep(links)
  at[made] = end
  const data = dataField(fanout, names, attributes)
  const bytes = new Uint8Array((node.at[links] ?? 0) + growth + data.byteLength)
  let to = 0
  for (const run of runs) {
    bytes.set(run, to)
    to += run.byteLength
  }
  bytes.set(data, to)
  return { bytes, names, children, at, fanout, totals, mode: attributes.mode, modified: attributes.modified }
}

/** A node without links. */
export function emptyNode(fanout: number, attributes: DirectoryAttributes = {}): DirectoryNode {
  const { mode, modified } = attributes
  const totals = { below: 0, names: 0, fields: 0, shards: 0 }
  const at = new Uint32Array(1)
  return { bytes: dataField(fanout, [], attributes), names: [], children: [], at, fanout, totals, mode, modified }
}

/** The data of a node, as the field that its block ends with. */
function dataField(fanout: number, names: readonly string[], { mode, modified }: DirectoryAttributes): Bytes {
  if (fanout === 0) return encodeUnixFs({ type: 'directory', links: [], mode, modified })
  const data = bitField(names, slotWidth({ fanout }), fanout)
  return encodeUnixFs({ type: 'hamt-shard', links: [], data, hashType: nameHashCode, fanout, mode, modified })
}
