import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { median, runCase } from '../../bench/harness.ts'
import { peakMemory } from '../../bench/peak-memory.ts'

const quick = { quick: true }

describe('runCase', () => {
  it('compares with the fastest peer', async () => {
    const result = await runCase(
      {
        name: 'wait',
        unit: 'waits',
        count: 1,
        kit: () => sleep(10),
        peers: { slow: () => sleep(40), fast: () => sleep(20) },
        floor: 1.2,
        aim: 100,
      },
      quick,
    )
    expect(result).toMatchObject({ case: 'wait', unit: 'waits/s', peerName: 'fast', passed: true, aimed: false })
    expect(result.ratio).toBeGreaterThan(1.2)
  })

  it('fails below the floor', async () => {
    const sides = { kit: () => sleep(20), peers: { fast: () => sleep(2) } }
    const result = await runCase({ name: 'wait', unit: 'waits', count: 1, ...sides, floor: 0.9 }, quick)
    expect(result.passed).toBe(false)
  })

  it('takes turns, resets before each timing and cleans up after a failure', async () => {
    const calls: string[] = []
    const note = (call: string) => async () => void calls.push(call)
    await runCase(
      {
        name: 'order',
        unit: 'calls',
        count: 1,
        setup: note('setup'),
        teardown: note('teardown'),
        reset: note('reset'),
        kit: note('kit'),
        peers: { peer: note('peer') },
        floor: 0,
      },
      quick,
    )
    const warm = ['reset kit reset kit', 'reset peer reset peer'].join(' ')
    const rounds = 'reset kit reset peer reset peer reset kit reset kit reset peer'
    expect(calls.join(' ')).toBe(`setup ${warm} ${rounds} teardown`)

    calls.length = 0
    const broken = { name: 'broken', unit: 'MB', measure: () => Promise.reject(new Error('broken')), limit: 1 } as const
    await expect(runCase({ ...broken, teardown: note('teardown') }, quick)).rejects.toThrow('broken')
    expect(calls).toEqual(['teardown'])
  })

  it('prices a call against its limit', async () => {
    const cost = { name: 'wait', count: 1, kit: () => sleep(10), limit: 100 }
    const milliseconds = await runCase({ ...cost, unit: 'ms' }, quick)
    expect(milliseconds).toMatchObject({ passed: true, floor: 100 })
    expect(milliseconds.kit).toBeGreaterThan(9)
    expect(await runCase({ ...cost, unit: 'µs' }, quick)).toMatchObject({ passed: false })
  })
})

describe('median', () => {
  it('is the middle, or lies between the two middles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })
})

describe('peakMemory', () => {
  it('is what the program held at most, and rejects where the program fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kit-peak-'))
    try {
      const program = (name: string, text: string): URL => {
        writeFileSync(join(folder, name), text)
        return pathToFileURL(join(folder, name))
      }
      const empty = await peakMemory(program('empty.mjs', ''))
      const held = await peakMemory(program('hold.mjs', 'Buffer.alloc(Number(process.argv[2]), 1)'), ['100000000'])
      expect(held - empty).toBeGreaterThan(90)
      expect(held - empty).toBeLessThan(150)
      await expect(peakMemory(program('broken.mjs', 'throw new Error("broken")'))).rejects.toThrow('broken')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
