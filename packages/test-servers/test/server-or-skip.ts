import { tryProvide, whyMissing } from '../src/index.ts'
import type { ServerName } from '../src/index.ts'

/** True when the tests of a server cannot run here; the reason is printed. */
export async function cannotRun(name: ServerName): Promise<boolean> {
  const missing = whyMissing(await tryProvide(name))
  if (missing !== undefined) process.stderr.write(`skipped: ${name}: ${missing}\n`)
  return missing !== undefined
}
