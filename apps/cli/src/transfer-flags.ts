import { join } from 'node:path'
import { configFolder, resumeFolder } from '@kit/core/node'
import type { LinkRule, ResumeStore, RunOptions } from '@kit/core/transfer'
import type { TransferFlags } from './declare-options.ts'
import { parseCount } from './quantities.ts'
import type { Session } from './session.ts'

/** Tokens of uploads in parts that another run can go on with, and how many of them this run leaves behind. */
interface Resume {
  readonly store: ResumeStore
  left(): number
}

/** Options of a run, as the words of the command line say. @throws InvalidConfig */
export function runSettings(
  { call }: Session,
  flags: TransferFlags,
): { readonly options: RunOptions; readonly resume: Resume | undefined } {
  const resume = flags.resume === false ? undefined : countedResume(resumeFolder(join(configFolder(), 'uploads')))
  return {
    options: {
      ...call,
      concurrency: concurrencyOf(flags),
      retries: flags.retries === undefined ? undefined : parseCount('--retries', flags.retries, 0),
      verify: flags.verify === 'read' ? 'read' : 'told',
      resume: resume?.store,
    },
    resume,
  }
}

export function concurrencyOf({ transfers }: TransferFlags): number | undefined {
  return transfers === undefined ? undefined : parseCount('--transfers', transfers)
}

export function linkRule({ links }: Pick<TransferFlags, 'links'>): LinkRule {
  return links === 'follow' || links === 'skip' ? links : 'keep'
}

function countedResume(store: ResumeStore): Resume {
  const kept = new Set<string>()
  return {
    left: () => kept.size,
    store: {
      load: (name) => store.load(name),
      async save(name, text) {
        await store.save(name, text)
        kept.add(name)
      },
      async remove(name) {
        await store.remove(name)
        kept.delete(name)
      },
    },
  }
}
