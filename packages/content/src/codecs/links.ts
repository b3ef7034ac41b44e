import { type Bytes, storageError } from '@kit/core'
import { cidFromBytes } from '../cid/cid.ts'
import { decodePb } from '../unixfs/protobuf.ts'
import { checkBlockSize } from '../verify/blocks.ts'
import { decodeNode, knownCodec } from './nodes.ts'

/**
 * The CIDs that a block links to, in the order in which they stand in it, repeated where it repeats them. Builds no values: cheap
 * enough to walk a DAG by.
 * @throws Corrupt for bytes that are none of the codec; Unsupported for a codec not known here, whose links nobody can tell.
 */
export function linksOf(cid: string, bytes: Bytes): string[] {
  checkBlockSize(cid, bytes.byteLength)
  switch (knownCodec(cid)) {
    case 'raw':
      return []
    case 'dag-pb':
      return decodePb(bytes).links.map((link) => link.cid)
    case 'dag-cbor':
      return linksOfCbor(bytes)
    case 'dag-json': {
      const found: string[] = []
      gather(decodeNode(cid, bytes), found)
      return found
    }
  }
}

function gather(value: unknown, found: string[]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const inner: [string, unknown][] = Object.entries(value)
  const [only] = inner
  if (inner.length === 1 && only?.[0] === '/' && typeof only[1] === 'string') found.push(only[1])
  else for (const [, each] of inner) gather(each, found)
}

const linkTag = 42

/** Walks the items of dag-cbor one after another, without nesting: only the number of items still to come is kept. */
function linksOfCbor(bytes: Bytes): string[] {
  const found: string[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let pending = 1
  let afterTag = false
  while (pending > 0) {
    const head = bytes[at++]
    if (head === undefined) throw notCbor('it is cut off')
    const major = head >> 5
    const short = head & 31
    pending--
    if (major === 7) {
      // false, true, null, undefined (which decoders take for null), and numbers of 64 bits.
      if (afterTag || ![20, 21, 22, 23, 27].includes(short)) throw notCbor('it has an item that dag-cbor does not')
      if (short === 27) at += 8
      continue
    }
    let argument = short
    if (short >= 24) {
      const length = short <= 27 ? 1 << (short - 24) : 0
      if (length === 0 || at + length > bytes.byteLength) throw notCbor('a length is cut off, or not definite')
      argument = readArgument(view, at, length)
      at += length
    }
    if (afterTag && major !== 2) throw notCbor('a link is no bytes')
    if (major === 2 || major === 3) {
      if (argument > bytes.byteLength - at) throw notCbor('it is cut off')
      if (afterTag) found.push(linkIn(bytes.subarray(at, at + argument)))
      at += argument
    } else if (major === 4) pending += argument
    else if (major === 5) pending += 2 * argument
    else if (major === 6) {
      if (argument !== linkTag) throw notCbor('it has a tag that dag-cbor does not')
      pending++
    }
    afterTag = major === 6
    if (pending > bytes.byteLength) throw notCbor('it has more items than bytes')
  }
  if (at !== bytes.byteLength) throw notCbor('more or less follows than it says')
  return found
}

function readArgument(view: DataView, at: number, length: number): number {
  if (length === 1) return view.getUint8(at)
  if (length === 2) return view.getUint16(at)
  if (length === 4) return view.getUint32(at)
  return Number(view.getBigUint64(at))
}

function linkIn(bytes: Uint8Array): string {
  if (bytes[0] !== 0) throw notCbor('a link does not begin with the identity base')
  try {
    return cidFromBytes(bytes.subarray(1)).text
  } catch (error) {
    throw storageError('Corrupt', 'a link of a dag-cbor block holds no CID that can be read', { cause: error })
  }
}

function notCbor(why: string): Error {
  return storageError('Corrupt', `a block is no dag-cbor: ${why}`)
}
