import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockIndex, type BlockName } from '../src/block-index.ts'

const name = (number: number, foreign = false): BlockName => ({
  digest: createHash('sha256').update(`${number}`).digest(),
  foreign,
  codec: number % 5,
  version: number % 3 === 0 ? 0 : 1,
})
const place = (at: number): { segment: number; at: number; size: number } => ({ segment: at % 7, at, size: 1000 })

describe('the index of blocks', () => {
  it('does what a map does, through removals, places that change, and snapshots', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ put: fc.nat(400), at: fc.nat(2 ** 31) }) },
      { weight: 3, arbitrary: fc.record({ remove: fc.nat(400) }) },
      { weight: 1, arbitrary: fc.constant({ reload: true as const }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
        let index = blockIndex()
        const model = new Map<number, number>()
        for (const each of steps) {
          if ('put' in each) {
            index.put(name(each.put, each.put % 2 === 0), place(each.at))
            model.set(each.put, each.at)
          } else if ('remove' in each) {
            const row = index.find(name(each.remove, each.remove % 2 === 0))
            expect(row >= 0).toBe(model.delete(each.remove))
            if (row >= 0) index.remove(row)
          } else {
            const again = blockIndex()
            for (const rows of index.dump(index.rows)) again.load(rows, () => true)
            again.loaded()
            index = again
          }
        }
        expect(index.count).toBe(model.size)
        expect(index.bytes).toBe(model.size * 1000)
        for (let number = 0; number <= 400; number++) {
          const named = name(number, number % 2 === 0)
          const row = index.find(named)
          const at = model.get(number)
          if (at === undefined) expect(row).toBe(-1)
          else {
            expect(index.placeOf(row)).toEqual(place(at))
            expect(index.nameOf(row)).toEqual({ ...named, digest: new Uint8Array(named.digest) })
            expect(index.holds(row)).toBe(true)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('tells a block of another hash function from one with the same 32 bytes', () => {
    const index = blockIndex()
    index.put(name(1), place(1))
    expect(index.find(name(1, true))).toBe(-1)
  })

  it('keeps the epoch of a row, and tells a removed row from one that is in use', () => {
    const index = blockIndex()
    const row = index.put(name(1), place(1))
    expect(index.epochOf(row)).toBe(0)
    index.touch(row, 7)
    index.put(name(1), place(2))
    expect(index.epochOf(row)).toBe(7)
    index.remove(row)
    expect(index.holds(row)).toBe(false)
    expect(index.put(name(2), place(2))).toBe(row)
    expect(index.epochOf(row)).toBe(0)
  })

  it('leaves out of a dump what is not to be kept', () => {
    const index = blockIndex()
    for (let number = 0; number < 100; number++) index.put(name(number), { segment: 1, at: number, size: 5 })
    const again = blockIndex()
    for (const rows of index.dump(index.rows)) again.load(rows, (segment, at) => segment === 1 && at < 40)
    again.loaded()
    expect(again.count).toBe(40)
    expect(again.find(name(39))).toBeGreaterThanOrEqual(0)
    expect(again.find(name(40))).toBe(-1)
  })
})
