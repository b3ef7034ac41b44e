import { expect, it } from 'vitest'
import { race } from './race-check.ts'

const seed = Number(process.env['KIT_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

it(`collections that race 8 writers take nothing that is needed (seed ${seed})`, { timeout: 60_000 }, async () => {
  const { collections, collected } = await race(seed, 8, 60)
  expect(collections).toBeGreaterThan(2)
  expect(collected).toBeGreaterThan(0)
})
