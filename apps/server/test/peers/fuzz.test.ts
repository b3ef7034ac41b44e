import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { cannotRun } from './peer.ts'

describe.skipIf(process.platform !== 'linux' || (await cannotRun('schemathesis')))(
  'a fuzzer that knows the API',
  () => {
    test('finds no answer that the document does not describe', { timeout: 5 * 60_000 }, async () => {
      const seed = randomInt(2 ** 31)
      console.log(`schemathesis: seed ${seed}`)
      const { requests, operations } = await fuzz({ seed, examples: 8, phases: ['examples', 'fuzzing'] })
      console.log(`schemathesis: ${requests} requests of ${operations} operations`)
      expect(requests).toBeGreaterThan(200)
    })
  },
)
