// Reads a counter that another process moves on, until it has moved a hundred times or ends: never a part of a body, never an older one.
import { context, opened } from '../support.ts'

await using reader = opened({ path: process.argv[2] ?? '', readOnly: true })
const seen = { states: 0, wrong: 0, backwards: 0, missing: 0 }
let last = 0
while (seen.states < 100) {
  // The version that is read may be collected between its name and its blocks: what is read anew then is a later one.
  const text = await reader.get('counter').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'NotFound') return undefined
    throw error
  })
  if (text === undefined) {
    seen.missing++
    continue
  }
  if (text === 'end') break
  const [number = '', rest] = text.split(' ')
  if (rest !== undefined && rest !== 'x'.repeat(5000)) seen.wrong++
  if (Number(number) < last) seen.backwards++
  if (Number(number) > last) seen.states++
  last = Number(number)
  context().signal.throwIfAborted()
}
process.stdout.write(JSON.stringify(seen))
