import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@kit/core'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'
import { createPace } from '../src/pace.ts'

const { setImmediate: soon } = globalThis

describe('the pace', () => {
  it('is quick until an answer was slow, and again after a rest', async () => {
    const pace = createPace(0.2)
    expect(pace.isQuick()).toBe(true)
    pace.took(0.01)
    expect(pace.isQuick()).toBe(true)
    pace.took(5)
    await setImmediate()
    expect([pace.isQuick(), pace.inTurn()]).toEqual([false, false])
    await pause(60)
    expect([pace.isQuick(), pace.inTurn()]).toEqual([true, true])
  })

  it('rests longer each time that answers are slow again, until many were quick', async () => {
    const pace = createPace(0.2)
    const isResting = async (): Promise<boolean> => {
      await setImmediate()
      return !pace.isQuick()
    }
    // The fourth rest is of 200 ms, where the first was of 25.
    for (let time = 0; time < 4; time++) pace.took(100)
    await pause(60)
    expect(await isResting()).toBe(true)
    await pause(200)
    expect(await isResting()).toBe(false)
    for (let time = 0; time < 100; time++) pace.took(0.001)
    pace.took(100)
    await pause(60)
    expect(await isResting()).toBe(false)
    // Never for long because of what took not long.
    for (let time = 0; time < 10; time++) pace.took(1)
    await pause(60)
    expect(await isResting()).toBe(false)
  })

  it('gives each turn of the event loop its share, and who waits the next turn', async () => {
    const pace = createPace(10)
    const turns: number[] = []
    const clock = { turn: 0, runs: true }
    const count = async (): Promise<void> => {
      await setImmediate()
      clock.turn++
      if (clock.runs) await count()
    }
    const counting = count()
    const ask = async (): Promise<void> => {
      for (let at = 0; at < 5; at++) {
        expect(await pace.inTurn()).toBe(true)
        turns.push(clock.turn)
        pace.took(0.4)
      }
    }
    await Promise.all([ask(), ask()])
    clock.runs = false
    await counting
    // Three times 0.4 ms are more than the 1 ms that a turn has.
    expect(new Set(turns).size).toBeGreaterThanOrEqual(3)
    expect(turns).toHaveLength(10)
  })

  it('lets others come to turn while a program asks without end', async () => {
    const path = await mkdtemp(join(tmpdir(), 'kit-pace-'))
    try {
      await using store = await openStore(plugin({ path }))
      await store.write('d/a', 'x')
      const others = { turns: 0 }
      soon(() => {
        others.turns++
      })
      let asked = 0
      for (; others.turns === 0 && asked < 10_000; asked++) await store.stat('d/a')
      expect(asked).toBeLessThan(2000)
      others.turns = 0
      soon(() => {
        others.turns++
      })
      let written = 0
      for (; others.turns === 0 && written < 10_000; written++) await store.write('d/a', 'y')
      expect(written).toBeLessThan(1000)
    } finally {
      await rm(path, { recursive: true, force: true })
    }
  })
})
