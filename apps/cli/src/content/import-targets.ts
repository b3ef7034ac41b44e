import { profiles, type Profile } from '@kit/content'
import { storageError } from '@kit/core'
import type { FilterFlags } from '../declare-options.ts'
import { failureOf, givenUp, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { streamProgressView } from '../progress.ts'
import { readFilter } from '../read-filter.ts'
import type { Session } from '../session.ts'
import { importTarget, type Importer } from './import-target.ts'

export interface ImportFlags extends FilterFlags {
  readonly profile?: string
  readonly recursive?: boolean
  readonly R?: boolean
}

export interface ImportTargetsOptions {
  /** Of the line of each target. */
  readonly type: 'added' | 'cid'
  readonly importer: (profile: Profile) => Importer
}

/** Makes content of each target and tells its CID, behind it the target's name where there are several; goes on where one fails. */
export async function importTargets(
  session: Session,
  targets: readonly string[],
  flags: ImportFlags,
  { type, importer }: ImportTargetsOptions,
): Promise<CommandResult> {
  const { output, signal } = session
  const profile = profileOf(flags.profile)
  const importing = importer(profile)
  const trees = flags.recursive === true || flags.R === true
  const filter = await readFilter(flags)
  const failures: unknown[] = []
  let done = 0
  let bytes = 0
  for (const target of targets) {
    const show = streamProgressView(session, target)
    let read = 0
    const onBytes = (count: number): void => show?.({ bytes: (read += count) })
    try {
      const { cid, size } = await importTarget(session, target, importing, { trees, filter, onBytes })
      done++
      bytes += size
      await output.lines([{ type, target, cid, size, profile }])
      if (!output.json) await output.write(targets.length === 1 ? `${cid}\n` : `${cid}  ${printable(target)}\n`)
    } catch (error) {
      if (signal.aborted) throw givenUp(signal, type === 'added')
      failures.push(error)
      await output.lines([{ type: 'failed', address: target, error: failureOf(error) }])
    } finally {
      output.status([])
    }
  }
  const sums = type === 'added' ? { added: done } : { objects: done }
  return { fields: { ...sums, bytes, failed: failures.length }, failures, partly: done > 0 && type === 'added' }
}

/** @throws InvalidConfig */
function profileOf(text: string = 'unixfs-v1-2025'): Profile {
  if (isProfile(text)) return text
  throw storageError('InvalidConfig', `--profile ${text} is none of ${Object.keys(profiles).join(', ')}`)
}

function isProfile(text: string): text is Profile {
  return Object.hasOwn(profiles, text)
}
