import { storageError } from '@kit/core'
import { parseAddress } from '../address.ts'
import { carryOut, newTally } from '../carry-out.ts'
import { contentPlace } from '../content/content-place.ts'
import type { FilterFlags, TransferFlags } from '../declare-options.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'
import { sourceJobs } from '../sources.ts'
import { pour } from './cat.ts'

export interface GetOptions extends FilterFlags, TransferFlags {
  readonly store?: string
}

/** Copies content, a file or a whole tree, to a local path or into any store. */
export async function get(
  session: Session,
  source: string,
  target: string | undefined,
  options: GetOptions,
): Promise<CommandResult> {
  const content = await contentPlace(session, source, { store: options.store, needs: ['content'] })
  // An object goes under its own name, not under its CID.
  const address = parseAddress(source).kind === 'store' ? source : content.address
  if (target === '-') {
    if (options.dryRun === true) throw storageError('InvalidConfig', '--dry-run means nothing with `-`')
    return { fields: { copied: 1, bytes: await pour(session, await session.place(address)) }, aside: true }
  }
  const tally = newTally()
  const jobs = sourceJobs(
    session,
    [address],
    target ?? './',
    options,
    { kind: 'copy', trees: true, force: true },
    tally,
  )
  return carryOut(session, jobs, options, tally)
}
