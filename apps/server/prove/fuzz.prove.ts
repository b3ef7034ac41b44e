// 10,000 requests of a fuzzer that knows the API: no 5xx, no hang, every answer as documented, and afterwards the server is as before.
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { fuzz } from '../test/peers/fuzz.ts'

const wanted = 10_000
const perRun = 120

test(`${wanted} requests made from the OpenAPI document`, async () => {
  let requests = 0
  // KIT_SEED repeats a run that failed.
  let seed = Number(process.env['KIT_SEED'] ?? randomInt(2 ** 31))
  for (; requests < wanted; seed++) {
    console.log(`schemathesis: seed ${seed}`)
    const report = await fuzz({ seed, examples: perRun })
    requests += report.requests
    const carriedOut = Object.values(report.accepted).reduce((sum, count) => sum + count, 0)
    const untouched = Object.entries(report.accepted).flatMap(([name, count]) => (count === 0 ? [name] : []))
    console.log(
      `schemathesis: ${report.requests} requests of ${report.operations} operations in ${report.seconds.toFixed(0)} s, ` +
        `${carriedOut} carried out; always refused: ${untouched.join(', ') || 'none'}`,
    )
  }
  console.log(`schemathesis: ${requests} requests in all`)
  expect(requests).toBeGreaterThanOrEqual(wanted)
})
