import { tryProvide, whyMissing } from '../src/index.ts'
import type { ProgramName } from '../src/index.ts'

/** True when the tests of a program cannot run here; the reason is printed. */
export async function cannotRun(name: ProgramName): Promise<boolean> {
  const missing = whyMissing(await tryProvide(name))
  if (missing !== undefined) process.stderr.write(`skipped: ${name}: ${missing}\n`)
  return missing !== undefined
}
