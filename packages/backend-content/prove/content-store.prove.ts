import { expect, it } from 'vitest'
import { checkCrashStates } from '../test/crash-check.ts'
import { race } from '../test/race-check.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

it(`collections race 8 writers, from seed ${seed} on`, { timeout: 1_200_000 }, async () => {
  const steps = 300
  const sum = { operations: 0, collections: 0, collected: 0 }
  for (let round = 0; round < 6; round++) {
    const told = await race(seed + round, 8, steps)
    sum.operations += 8 * steps
    expect(told.collections).toBeGreaterThan(0)
    sum.collections += told.collections
    sum.collected += told.collected
  }
  console.log(
    `${sum.operations} operations, ${sum.collections} collections, ${sum.collected} blocks collected: nothing lost`,
  )
})

it(`power is cut at many points, from seed ${seed} on`, { timeout: 1_200_000 }, async () => {
  let states = 0
  for (let round = 0; round < 5; round++) {
    states += await checkCrashStates('power', seed + round, 200)
    states += await checkCrashStates('process', seed + 100 + round, 100)
  }
  expect(states).toBe(1500)
  console.log(`${states} crash states: everything acknowledged was there, no byte was wrong`)
})
