import { describe, expect, it } from 'vitest'
import { checkCrashStates } from './crash-check.ts'

const seed = Number(process.env['KIT_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

describe(`a log after a power cut (seed ${seed})`, () => {
  it.each([
    ['power', false],
    ['power', true],
    ['process', false],
    ['process', true],
  ] as const)(
    'of durability %s, dropping what snapshots cover: %s, has what it promised and nothing else',
    { timeout: 120_000 },
    async (durable, dropCovered) => {
      for (let life = 0; life < 1; life++) {
        expect(await checkCrashStates({ durable, dropCovered, seed: seed + life }, 60, 25)).toBeGreaterThan(0)
      }
    },
  )
})
