import { storageError } from '@kit/core'
import { isDirectoryText } from '../address.ts'
import { carryOut, newTally } from '../carry-out.ts'
import type { CommandResult } from '../outcome.ts'
import { streamProgressView } from '../progress.ts'
import type { Place, Session } from '../session.ts'
import { isDirectory, sourceJobs, type MoveFlags } from '../sources.ts'
import { withStandardInput } from '../standard-input.ts'
import { pour } from './cat.ts'

export interface CopyOptions extends MoveFlags {
  readonly recursive?: boolean
  readonly R?: boolean
}

/** Copies the sources to the last path. Goes on with the next where one cannot be copied. */
export async function cp(session: Session, paths: readonly string[], options: CopyOptions): Promise<CommandResult> {
  const sources = paths.slice(0, -1)
  const target = paths.at(-1) ?? ''
  const trees = options.recursive === true || options.R === true
  checkUsage(sources, target, options, trees)
  if (target === '-') return toOutput(session, sources[0] ?? '')
  if (sources[0] === '-') return fromInput(session, await session.place(target), isDirectoryText(target), options)
  const tally = newTally()
  const jobs = sourceJobs(session, sources, target, options, { kind: 'copy', trees, force: true }, tally)
  return carryOut(session, jobs, options, tally)
}

function checkUsage(sources: readonly string[], target: string, options: CopyOptions, trees: boolean): void {
  const { ifAbsent, ifMatch } = options
  const wrong = (text: string): Error => storageError('InvalidConfig', text)
  if (sources.length === 0) throw wrong('cp takes a source and a destination')
  if (sources.length > 1 && sources.includes('-')) throw wrong('`-` is the only source')
  if (ifMatch !== undefined && ifAbsent === true) throw wrong('--if-absent and --if-match exclude each other')
  if (ifMatch !== undefined && (sources.length > 1 || trees)) throw wrong('--if-match is for a single object')
  if (
    target === '-' &&
    (sources.length > 1 || sources[0] === '-' || trees || ifAbsent === true || ifMatch !== undefined)
  )
    throw wrong('`cp SRC -` takes one object and no conditions')
  if (target !== '-' && sources[0] !== '-') return
  const refused = [
    'dryRun',
    'checksum',
    'force',
    'include',
    'exclude',
    'filter',
    'filterFrom',
    'minSize',
    'maxSize',
  ] as const
  const more = ['newerThan', 'olderThan', 'transfers', 'failIfNothing', 'sizeOnly'] as const
  const given = [...refused, ...more].find((name) => options[name] !== undefined)
  const asked = given ?? (options.verify === 'read' ? 'verify' : trees ? 'recursive' : undefined)
  if (asked === undefined) return
  throw wrong(`--${asked.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} means nothing with \`-\``)
}

async function toOutput(session: Session, source: string): Promise<CommandResult> {
  return { fields: { copied: 1, bytes: await pour(session, await session.place(source)) }, aside: true }
}

/** Standard input, as it comes; nothing is seen of it until it has ended. */
async function fromInput(session: Session, to: Place, into: boolean, options: CopyOptions): Promise<CommandResult> {
  const { call, output } = session
  const { store, key } = to
  if (into || (await isDirectory(session, to)))
    throw storageError('IsDirectory', 'standard input has no name; name the file', { store: store.name, key })
  const conditions = { ifAbsent: options.ifAbsent === true ? (true as const) : undefined, ifMatch: options.ifMatch }
  const onProgress = streamProgressView(session, to.addressOf(key))
  try {
    const entry = await withStandardInput(session, (stream) =>
      store.write(key, stream, { ...call, ...conditions, onProgress }),
    )
    await output.lines([{ type: 'copied', from: '-', to: to.addressOf(key), entry }])
    return { fields: { copied: 1, bytes: entry.size ?? 0, failed: 0 } }
  } finally {
    output.status([])
  }
}
