// Tries to write to a store that another process has open, and tells how that ended.
import { opened } from '../support.ts'

const store = opened({ path: process.argv[2] ?? '' })
try {
  await store.put('b', 'two')
  process.stdout.write(JSON.stringify({ code: 'success' }))
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  process.stdout.write(JSON.stringify({ code, message: String(error) }))
}
await store.store.close()
