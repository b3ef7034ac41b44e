import { storageError } from '@kit/core'
import { carryOut, newTally } from '../carry-out.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'
import { sourceJobs, type MoveFlags } from '../sources.ts'

export type MoveOptions = MoveFlags

/** Moves the sources to the last path: nothing is removed that has not arrived. Goes on with the next where one cannot be moved. */
export async function mv(session: Session, paths: readonly string[], options: MoveOptions): Promise<CommandResult> {
  const sources = paths.slice(0, -1)
  const target = paths.at(-1) ?? ''
  const { ifAbsent, ifMatch } = options
  const wrong = (text: string): Error => storageError('InvalidConfig', text)
  if (sources.length === 0) throw wrong('mv takes a source and a destination')
  if (paths.includes('-')) throw wrong('`-` is for cp: `kit cp - DST`, `kit cp SRC -`')
  if (ifMatch !== undefined && ifAbsent === true) throw wrong('--if-absent and --if-match exclude each other')
  if (ifMatch !== undefined && sources.length > 1) throw wrong('--if-match is for a single object')
  const tally = newTally()
  const jobs = sourceJobs(session, sources, target, options, { kind: 'move', trees: true, force: false }, tally)
  return carryOut(session, jobs, options, tally)
}
