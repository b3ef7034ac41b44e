import { exitCodes } from '../exit-codes.ts'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import type { Globals, Session } from '../session.ts'
import { examine } from '../setup/examine.ts'
import type { Finding } from '../setup/finding.ts'

export interface DoctorOptions {
  readonly timeout: string
  readonly port?: string
}

/** Looks at everything that a Kit on this machine needs, and says what to do about what is wrong. Changes nothing. */
export async function doctor(session: Session, globals: Globals, options: DoctorOptions): Promise<CommandResult> {
  const { output } = session
  const findings: Finding[] = []
  for await (const finding of examine(session, globals, options)) {
    findings.push(finding)
    if (!output.json) await output.write(lineOf(finding))
  }
  const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length
  const [failed, warnings] = [count('fail'), count('warn')]
  if (!output.json) await output.write(`${findings.length} checks: ${failed} failed, ${warnings} to look at\n`)
  return {
    fields: { ok: failed === 0, failed, warnings, findings },
    ...(failed === 0 ? {} : { exit: exitCodes.other.code }),
  }
}

function lineOf({ state, check, message, advice }: Finding): string {
  const line = `${state.padEnd(4)}  ${check.padEnd(12)}  ${printable(message)}\n`
  return advice === undefined ? line : `${line}${' '.repeat(20)}${printable(advice)}\n`
}
