import { type Bytes, storageError } from '@kit/core'
import { decodeNode, encodeNode } from '../codecs/index.ts'
import { parseCid } from '../cid/index.ts'
import { varintLength, writeVarint } from '../cid/varint.ts'

/** Longest header in bytes that is read: some 27,000 roots. */
export const maxHeaderBytes: number = 1 << 20

/** Names the blocks of a CAR as dag-cbor, so that `decodeNode` reads its header. Its digest says nothing. */
const headerCid = 'bafyqaaa'

/** What a CAR says at its beginning. */
export interface CarHeader {
  readonly version: number
  readonly roots: readonly string[]
}

/** The header of version 1 with its length before it. */
export function encodeHeader(roots: readonly string[]): Bytes {
  const { bytes } = encodeNode('dag-cbor', { roots: roots.map((cid) => ({ '/': parseCid(cid).text })), version: 1 })
  const target = new Uint8Array(varintLength(bytes.byteLength) + bytes.byteLength)
  target.set(bytes, writeVarint(target, 0, bytes.byteLength))
  return target
}

/** Reads a header, without its length. @throws Corrupt, or Unsupported for a version that is not known */
export function decodeHeader(bytes: Bytes): CarHeader {
  const value = decodeNode(headerCid, bytes)
  if (typeof value !== 'object' || value === null || !('version' in value) || typeof value.version !== 'number') {
    throw storageError('Corrupt', 'the header of the CAR says no version')
  }
  const { version } = value
  if (version === 2) return { version, roots: [] }
  if (version !== 1) throw storageError('Unsupported', `the CAR is of version ${version}; versions 1 and 2 are read`)
  if (!('roots' in value) || !Array.isArray(value.roots)) throw noRoots()
  return { version, roots: value.roots.map(rootOf) }
}

function rootOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('/' in value) || typeof value['/'] !== 'string') throw noRoots()
  return value['/']
}

function noRoots(): Error {
  return storageError('Corrupt', 'the header of the CAR lists no roots')
}
