import { Buffer } from 'node:buffer'

/** Code of murmur3-x64-64 in the multicodec table: the only hash function of sharded directories. */
export const nameHashCode = 0x22
/** Bits of a name's hash: what a path of slots is made of, the first slot of the highest bits. */
export const nameHashBits = 64

/**
 * The hash of a name: 8 bytes, of which slots take bits from the first one on. The first half of MurmurHash3_x64_128 with seed 0, the higher
 * bytes first (https://github.com/aappleby/smhasher). Numbers of 64 bits are held as two of 32, which is some ten times as fast as BigInt.
 */
export function hashName(name: string): Uint8Array {
  const bytes = Buffer.from(name)
  const { length } = bytes
  let [h1, h1High, h2, h2High] = [0, 0, 0, 0]
  const blocks = length & ~15
  for (let at = 0; at < blocks; at += 16) {
    mixFirst(bytes.readInt32LE(at), bytes.readInt32LE(at + 4))
    rotate(h1 ^ low, h1High ^ high, 27)
    add(low, high, h2, h2High)
    multiply(low, high, 5, 0)
    add(low, high, 0x52dce729, 0)
    ;[h1, h1High] = [low, high]
    mixSecond(bytes.readInt32LE(at + 8), bytes.readInt32LE(at + 12))
    rotate(h2 ^ low, h2High ^ high, 31)
    add(low, high, h1, h1High)
    multiply(low, high, 5, 0)
    add(low, high, 0x38495ab5, 0)
    ;[h2, h2High] = [low, high]
  }
  if (length > blocks + 8) {
    mixSecond(rest(bytes, blocks + 8), rest(bytes, blocks + 12))
    ;[h2, h2High] = [h2 ^ low, h2High ^ high]
  }
  if (length > blocks) {
    mixFirst(rest(bytes, blocks), rest(bytes, blocks + 4))
    ;[h1, h1High] = [h1 ^ low, h1High ^ high]
  }
  add(h1 ^ length, h1High, h2 ^ length, h2High)
  ;[h1, h1High] = [low, high]
  add(h1, h1High, h2 ^ length, h2High)
  finish(low, high)
  ;[h2, h2High] = [low, high]
  finish(h1, h1High)
  add(low, high, h2, h2High)
  const hash = Buffer.allocUnsafe(8)
  hash.writeInt32BE(high, 0)
  hash.writeInt32BE(low, 4)
  return hash
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

/** What the functions below give: the lower and the higher half of a number, as signed integers. */
let low = 0
let high = 0

function add(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  low = (aLow + bLow) | 0
  high = (aHigh + bHigh + (low >>> 0 < aLow >>> 0 ? 1 : 0)) | 0
}

function multiply(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16]
  const lowest = a0 * b0
  const one = a0 * b1
  const other = a1 * b0
  const middle = (lowest >>> 16) + (one & 0xffff) + (other & 0xffff)
  const carried = a1 * b1 + (one >>> 16) + (other >>> 16) + (middle >>> 16)
  low = (middle << 16) | (lowest & 0xffff)
  high = (carried + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0
}

function rotate(aLow: number, aHigh: number, bits: number): void {
  if (bits < 32) {
    low = (aLow << bits) | (aHigh >>> (32 - bits))
    high = (aHigh << bits) | (aLow >>> (32 - bits))
  } else {
    low = (aHigh << (bits - 32)) | (aLow >>> (64 - bits))
    high = (aLow << (bits - 32)) | (aHigh >>> (64 - bits))
  }
}

function mixFirst(aLow: number, aHigh: number): void {
  multiply(aLow, aHigh, 0x114253d5, 0x87c37b91)
  rotate(low, high, 31)
  multiply(low, high, 0x2745937f, 0x4cf5ad43)
}

function mixSecond(aLow: number, aHigh: number): void {
  multiply(aLow, aHigh, 0x2745937f, 0x4cf5ad43)
  rotate(low, high, 33)
  multiply(low, high, 0x114253d5, 0x87c37b91)
}

function finish(aLow: number, aHigh: number): void {
  multiply(aLow ^ (aHigh >>> 1), aHigh, 0xed558ccd, 0xff51afd7)
  multiply(low ^ (high >>> 1), high, 0x1a85ec53, 0xc4ceb9fe)
  low ^= high >>> 1
}

/** Four bytes, those behind the end as zeroes. */
function rest(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
