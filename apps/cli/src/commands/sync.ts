import { errorCode, storageError } from '@kit/core'
import { plan } from '@kit/core/transfer'
import { carryOut, type Job } from '../carry-out.ts'
import type { FilterFlags, TransferFlags } from '../declare-options.ts'
import { withHint, type CommandResult } from '../outcome.ts'
import { readFilter } from '../read-filter.ts'
import { covers, requireDirectory, type Place, type Session } from '../session.ts'
import { provenSame } from '../sources.ts'
import { concurrencyOf, linkRule } from '../transfer-flags.ts'

export interface SyncOptions extends FilterFlags, TransferFlags {
  readonly delete?: boolean
}

/** Makes the destination hold what the source holds. */
export async function sync(
  session: Session,
  source: string,
  destination: string,
  options: SyncOptions,
): Promise<CommandResult> {
  if (options.force === true && options.delete !== true) {
    throw storageError('InvalidConfig', '-f says that --delete may empty the destination: it goes with --delete only')
  }
  const from = await session.place(source)
  const to = await session.place(destination)
  await requireDirectory(session, from)
  if (covers(from, to) || covers(to, from)) {
    const text = `${from.addressOf(from.key)} and ${to.addressOf(to.key)} lie in each other`
    throw storageError('InvalidConfig', text)
  }
  const deletes = options.delete === true
  if (deletes && options.force !== true) await requireSomething(session, from)
  const filter = await readFilter(options)
  const steps = plan(
    { store: from.store, key: from.key },
    { store: to.store, key: to.key },
    {
      ...session.call,
      kind: 'sync',
      delete: deletes,
      filter,
      checksum: options.checksum,
      concurrency: concurrencyOf(options),
      links: linkRule(options),
    },
  )
  const jobs = async function* (): AsyncGenerator<Job> {
    yield { from, to, steps: provenSame(steps, from, to, options) }
  }
  return carryOut(session, jobs(), options)
}

/** A disk that is not mounted looks like an empty folder: nothing is emptied for its sake unless that is said. */
async function requireSomething({ call }: Session, { store, key, addressOf }: Place): Promise<void> {
  try {
    for await (const page of store.list(key, { ...call, limit: 1 }).pages()) if (page.entries.length > 0) return
  } catch (error) {
    if (errorCode(error) !== 'NotFound') throw error
  }
  const error = storageError('InvalidConfig', `${addressOf(key)} is empty, and --delete would empty the destination`)
  throw withHint(error, 'Say -f as well where that is what is meant.')
}
