// Adds one to a number in an object, so many times, each on condition that nobody changed it meanwhile.
import { codeOf, openStore } from '../support.ts'

const [, , root = '', name = '', times = '0', inFlight = '1'] = process.argv
await using store = openStore({ path: root })

async function increment(): Promise<void> {
  for (;;) {
    const { etag } = await store.stat(name)
    const value = Number(await store.get(name))
    const code = await codeOf(store.put(name, String(value + 1), { ifMatch: etag }))
    if (code === 'success') return
    if (code !== 'ConditionFailed') throw new Error(code)
  }
}

const each = Math.ceil(Number(times) / Number(inFlight))
await Promise.all(
  Array.from({ length: Number(inFlight) }, async () => {
    for (let time = 0; time < each; time++) await increment()
  }),
)
