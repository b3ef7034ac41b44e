import { it } from 'vitest'
import { checkCrashStates } from '../test/log/crash-check.ts'

const seconds = Number(process.env['SECONDS'] ?? 120)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

it(`lives of a log, cut short at many points, for ${seconds} s`, { timeout: (seconds + 60) * 1000 }, async () => {
  const end = performance.now() + seconds * 1000
  let lives = 0
  for (; performance.now() < end; lives++) {
    const durable = lives % 2 === 0 ? 'power' : 'process'
    await checkCrashStates({ durable, dropCovered: lives % 4 > 1, seed: seed + lives }, 60, 40)
  }
  console.log(
    `  seed ${seed}: ${lives} lives, ${lives * 40} power cuts, each followed by up to 4 more while it recovers`,
  )
})
