import { type Bytes, storageError } from '@kit/core'
import { type Cid, parseCid } from '../cid/cid.ts'
import { hashCodes } from '../cid/codes.ts'
import { type BlockReader, checkBlockSize } from './blocks.ts'
import { hashFunctions } from './hashes.ts'

/**
 * Checks that `bytes` are the block that `cid` names.
 * @throws Corrupt where they are not; Unsupported for a hash function that is not known, or a digest cut short; TooLarge for a block
 * longer than any peer passes on; InvalidKey for text that is no CID.
 */
export function checkBlock(cid: string | Cid, bytes: Bytes): void {
  const parsed = typeof cid === 'string' ? parseCid(cid) : cid
  checkBlockSize(parsed.text, bytes.byteLength)
  const { digest } = parsed
  if (parsed.hash === hashCodes.identity) {
    if (!equal(digest, bytes)) throw notTheBlock(parsed)
    return
  }
  const known = hashFunctions.get(parsed.hash)
  if (known === undefined) {
    throw storageError(
      'Unsupported',
      `the block ${parsed.text} is named by the hash function 0x${parsed.hash.toString(16)}, which is not known here, so that it cannot be checked`,
    )
  }
  if (known.digestBytes !== digest.byteLength) {
    throw storageError('Unsupported', `the CID ${parsed.text} has a digest cut to ${digest.byteLength} bytes`)
  }
  if (!equal(digest, known.digest(bytes))) throw notTheBlock(parsed)
}

/**
 * The same reader with every block checked, none of it taken on trust. A block that its CID itself holds (an identity CID) is given
 * without asking the reader. Keeps nothing.
 */
export function verified(reader: BlockReader): BlockReader {
  if (isVerified(reader)) return reader
  return Object.assign(checking(reader), { [checked]: true })
}

const checked = Symbol('every block is checked')

function isVerified(reader: object): boolean {
  return checked in reader
}

function checking(reader: BlockReader): BlockReader {
  return {
    async get(text, call) {
      const cid = parseCid(text)
      if (cid.hash === hashCodes.identity) return new Uint8Array(cid.digest)
      const bytes = await reader.get(cid.text, call)
      checkBlock(cid, bytes)
      return bytes
    },
  }
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false
  for (let at = 0; at < one.byteLength; at++) if (one[at] !== other[at]) return false
  return true
}

function notTheBlock(cid: Cid): Error {
  return storageError('Corrupt', `the bytes are not those of the block ${cid.text}`)
}
