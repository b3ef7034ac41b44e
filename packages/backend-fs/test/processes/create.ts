// Tries to create each of the keys, and prints how often it was the one.
import { codeOf, openStore } from '../support.ts'

const [, , root = '', rounds = '0', writers = '0'] = process.argv
await using store = openStore({ path: root })
let won = 0
for (let round = 0; round < Number(rounds); round++) {
  const codes = await Promise.all(
    Array.from({ length: Number(writers) }, () =>
      codeOf(store.put(`round-${round}`, String(process.pid), { ifAbsent: true })),
    ),
  )
  const unexpected = codes.filter((code) => code !== 'success' && code !== 'AlreadyExists')
  if (unexpected.length > 0) throw new Error(unexpected.join())
  won += codes.filter((code) => code === 'success').length
}
process.stdout.write(`${won}\n`)
