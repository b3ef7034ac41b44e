import { type Bytes, storageError } from '@kit/core'
import { cidFromBytes } from '../cid/cid.ts'

const linkTag = 42

/**
 * The CIDs in a block of dag-cbor. Walks the items of dag-cbor one after another, without nesting: only the number of items still to come is kept.
 * @throws Corrupt
 */
export function linksOfCbor(bytes: Bytes): string[] {
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
      // false, true, null, and numbers. Undefined and short numbers are none of dag-cbor, yet decoders take them: no link may be lost.
      if (afterTag || short < 20 || short === 24 || short > 27) throw notCbor('it has an item that dag-cbor does not')
      if (short > 24) at += 1 << (short - 24)
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
