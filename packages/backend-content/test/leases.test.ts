import { describe, expect, it } from 'vitest'
import { noLeases } from '../src/leases.ts'

describe('leases', () => {
  it('keep what is of their epoch and later, and the heads they were begun on', () => {
    const leases = noLeases()
    const before = leases.epoch
    const first = leases.begin('one')
    const during = leases.epoch
    const second = leases.begin('two')
    expect(before).toBeLessThan(during)
    expect(leases.collection()).toEqual({ from: during, heads: ['one', 'two'] })
    first[Symbol.dispose]()
    expect(leases.collection().from).toBeGreaterThan(during)
    second[Symbol.dispose]()
    expect(leases.collection()).toEqual({ from: leases.epoch, heads: [] })
  })

  it('that wait end with the last of those that were open, and not for each other', () => {
    const leases = noLeases()
    const given = [leases.begin('given up'), leases.begin('given up too')]
    const group = leases.begin('group')
    for (const lease of given) lease.endAfterOthers()
    const later = leases.begin('later')
    expect(leases.collection().heads).toEqual(['given up', 'given up too', 'group', 'later'])
    group[Symbol.dispose]()
    expect(leases.collection().heads).toEqual(['later'])
    const alone = leases.begin('alone')
    later[Symbol.dispose]()
    alone.endAfterOthers()
    expect(leases.collection().heads).toEqual([])
  })
})
