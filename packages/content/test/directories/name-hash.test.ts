import { murmur364 } from '@multiformats/murmur3'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashName, slotAt } from '../../src/directories/name-hash.ts'

it('hashes names as @multiformats/murmur3 does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
      expect(Buffer.from(hashName(name))).toEqual(Buffer.from(murmur364.encode(Buffer.from(name)) as Uint8Array))
    }),
    { numRuns: 2000 },
  )
})

it('takes slots from the highest bits on, whatever their width (UnixFS, path resolution of HAMT directories)', () => {
  // The example of the specification: `470.txt` is in slot 00, below it in slot 6E.
  const hash = hashName('470.txt')
  expect([0, 1].map((depth) => slotAt(hash, depth, 8))).toEqual([0x00, 0x6e])
  const number = BigInt(`0x${Buffer.from(hash).toString('hex')}`)
  for (const bits of [3, 4, 8, 10]) {
    for (let depth = 0; (depth + 1) * bits <= 64; depth++) {
      const slot = (number >> BigInt(64 - (depth + 1) * bits)) & BigInt((1 << bits) - 1)
      expect(slotAt(hash, depth, bits)).toBe(Number(slot))
    }
  }
})
