import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'
import { createPace } from '../src/pace.ts'

describe('the pace', () => {
  it('is quick until an answer was slow, and again after a rest', async () => {
    const pace = createPace()
    expect(pace.isQuick()).toBe(true)
    pace.took(0.01)
    expect(pace.isQuick()).toBe(true)
    pace.took(5)
    expect(pace.isQuick()).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(pace.isQuick()).toBe(true)
  })

  it('lets others come to turn while a program asks without end', async () => {
    const path = await mkdtemp(join(tmpdir(), 'kit-pace-'))
    try {
      await using store = await openStore(plugin({ path }))
      await store.write('d/a', 'x')
      const others = { turns: 0 }
      setImmediate(() => {
        others.turns++
      })
      let asked = 0
      for (; others.turns === 0 && asked < 10_000; asked++) await store.stat('d/a')
      expect(asked).toBeLessThan(1000)
    } finally {
      await rm(path, { recursive: true, force: true })
    }
  })
})
