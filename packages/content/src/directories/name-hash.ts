import { Buffer } from 'node:buffer'
import { storageError } from '@kit/core'
import { murmur364 } from '@multiformats/murmur3'

/** Code of murmur3-x64-64 in the multicodec table: the only hash function of sharded directories. */
export const nameHashCode = 0x22
/** Bits of a name's hash: what a path of slots is made of, the first slot of the highest bits. */
export const nameHashBits = 64

/** The hash of a name: 8 bytes, of which slots take bits from the first one on. */
export function hashName(name: string): Uint8Array {
  const digest = murmur364.encode(Buffer.from(name))
  if (!(digest instanceof Uint8Array)) throw storageError('Unexpected', 'the hash function of names is not synchronous')
  return digest
}

/** The slot at a depth, where each takes `bits` bits. */
export function slotAt(hash: Uint8Array, depth: number, bits: number): number {
  if (bits === 8) return hash[depth] ?? 0
  let slot = 0
  for (let bit = depth * bits; bit < (depth + 1) * bits; bit++) {
    slot = (slot << 1) | (((hash[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1)
  }
  return slot
}
