import { errorCode } from '@kit/core'
import { run, type Action, type ItemResult, type TransferProgress } from '@kit/core/transfer'
import type { TransferFlags } from './declare-options.ts'
import { exitCodes } from './exit-codes.ts'
import { failureOf, failureTexts, givenUp, type CommandResult } from './outcome.ts'
import { printable } from './printable.ts'
import { progressView } from './progress.ts'
import { bytesText, countText, secondsText } from './quantities.ts'
import type { Place, Session } from './session.ts'
import { runSettings } from './transfer-flags.ts'

/** Steps between two stores. Their keys are whole keys of these. */
export interface Job {
  readonly from: Pick<Place, 'store' | 'addressOf'>
  readonly to: Pick<Place, 'store' | 'addressOf'>
  readonly steps: AsyncIterable<Action>
}

/** What the whole command did. */
export interface Tally {
  copied: number
  moved: number
  linked: number
  made: number
  removed: number
  skipped: number
  /** Would have been removed, had nothing failed. */
  kept: number
  bytes: number
  failed: number
  /** The first of them. */
  readonly failures: unknown[]
}

const maxFailures = 100

export function newTally(): Tally {
  return { copied: 0, moved: 0, linked: 0, made: 0, removed: 0, skipped: 0, kept: 0, bytes: 0, failed: 0, failures: [] }
}

/** Counts a failure; the first hundred are told again at the end. */
export function addFailure(tally: Tally, error: unknown): void {
  tally.failed++
  if (tally.failures.length < maxFailures) tally.failures.push(error)
}

/** Does the steps of all jobs, or with `dryRun` tells them, and says what became of each. What was done before a cancel is told, too. */
export async function carryOut(
  session: Session,
  jobs: AsyncIterable<Job>,
  flags: TransferFlags,
  tally: Tally = newTally(),
): Promise<CommandResult> {
  const { output, signal } = session
  const started = performance.now()
  const { options, resume } = runSettings(session, flags)
  const show = progressView(session)
  const before = { done: 0, failed: 0, skipped: 0, total: 0, bytesDone: 0, bytesTotal: 0 }
  let latest: TransferProgress | undefined
  const onProgress = show && ((progress: TransferProgress): void => show((latest = sumOf(before, progress))))
  try {
    for await (const { from, to, steps } of jobs) {
      const about = (result: ItemResult): Promise<void> => tellResult(session, from, to, result, tally)
      if (flags.dryRun === true) {
        for await (const step of steps) await tellPlanned(session, from, to, step, tally)
        continue
      }
      const results = run({ store: from.store }, { store: to.store }, steps, { ...options, onProgress })
      for await (const result of results) await about(result)
      if (latest !== undefined) addTo(before, latest)
    }
  } catch (error) {
    if (!signal.aborted) addFailure(tally, error)
  } finally {
    output.status([])
    const left = resume?.left() ?? 0
    if (left > 0) output.note(`${countText(left, 'upload')} can be gone on with: run the same command again\n`)
  }
  const seconds = (performance.now() - started) / 1000
  const { failures, failed, ...counts } = tally
  const did = counts.copied + counts.moved + counts.linked + counts.made + counts.removed
  const dryRun = flags.dryRun === true
  tellSums(session, tally, seconds, dryRun)
  const cut = signal.aborted ? [givenUp(signal, !dryRun)] : []
  return {
    fields: {
      ...counts,
      failed,
      ...(dryRun && { dryRun }),
      ...(failed > 1 && { failures: failures.map((error) => failureOf(error)) }),
    },
    failures: [...cut, ...failures],
    failed: failed + cut.length,
    partly: did > 0 && !dryRun,
    exit: did === 0 && flags.failIfNothing === true ? exitCodes.nothingDone.code : undefined,
  }
}

/** What a step is called when it was done, or would be. */
const deeds = {
  copy: 'copied',
  move: 'moved',
  link: 'linked',
  'make-directory': 'made',
  delete: 'removed',
} as const satisfies Partial<Record<Action['action'], keyof Tally>>

async function tellPlanned(
  session: Session,
  from: Job['from'],
  to: Job['to'],
  step: Action,
  tally: Tally,
): Promise<void> {
  const { output } = session
  if (step.action === 'fail') return tellFailed(session, from, step, step.error, tally)
  if (step.action === 'skip') return tellSkipped(session, from, step, tally)
  const deed = deeds[step.action]
  tally[deed]++
  if ((step.action === 'copy' || step.action === 'move') && step.entry.size !== undefined)
    tally.bytes += step.entry.size
  const names = namesOf(from, to, step)
  const reason = 'reason' in step ? { reason: step.reason } : {}
  await output.lines([{ type: deed, dryRun: true, ...names, ...reason }])
  if (!output.json) await output.write(`(dry-run) ${sentence(step.action, names)}\n`)
}

async function tellResult(
  session: Session,
  from: Job['from'],
  to: Job['to'],
  { action, status, entry, verified, dropped, error }: ItemResult,
  tally: Tally,
): Promise<void> {
  const { output } = session
  if (status === 'aborted') return
  if (status === 'failed' || action.action === 'fail') {
    return tellFailed(session, from, action, error ?? (action.action === 'fail' ? action.error : undefined), tally)
  }
  if (action.action === 'skip') return tellSkipped(session, from, action, tally)
  if (status === 'skipped') {
    // A deletion, which waits for everything else to succeed.
    tally.kept++
    const { address } = namesOf(from, to, action)
    return output.lines([{ type: 'skipped', address, reason: 'failures' }])
  }
  const deed = deeds[action.action]
  tally[deed]++
  if (action.action === 'copy' || action.action === 'move') tally.bytes += entry?.size ?? action.entry.size ?? 0
  if (!output.json && !session.verbose) return
  const names = namesOf(from, to, action)
  await output.lines([{ type: deed, ...names, entry, verified, dropped }])
  if (session.verbose) output.tell(`${sentence(action.action, names)}\n`)
}

async function tellSkipped(
  session: Session,
  from: Job['from'],
  { key, entry, reason, by }: Extract<Action, { action: 'skip' }>,
  tally: Tally,
): Promise<void> {
  const { output, verbose } = session
  tally.skipped++
  const address = from.addressOf(key)
  if (reason === 'link') output.note(`kit: ${address} is a ${entry.kind} that the destination cannot hold; left out\n`)
  // What is the same is most of a large tree.
  if (reason === 'same' && !verbose) return
  await output.lines([{ type: 'skipped', address, reason, by }])
  if (verbose && reason !== 'link') output.tell(`${address} skipped: ${reason}${by === undefined ? '' : ` by ${by}`}\n`)
}

async function tellFailed(
  session: Session,
  from: Job['from'],
  action: Action,
  error: unknown,
  tally: Tally,
): Promise<void> {
  if (session.signal.aborted && errorCode(error) === 'Aborted') return
  const { output, verbose } = session
  const key = 'from' in action ? action.from : 'key' in action ? action.key : action.to
  addFailure(tally, error)
  // Whoever looks on sees it now, and at the end again; of very many, only the first are told at the end.
  const { copied, moved, removed, skipped, failed } = tally
  const lookedOn = process.stderr.isTTY && copied + moved + removed + skipped + failed > 1
  if (!output.json && (lookedOn || failed > maxFailures)) {
    for (const text of failureTexts([error], verbose)) output.tell(text, 'kit:')
  }
  await output.lines([{ type: 'failed', address: from.addressOf(key), error: failureOf(error) }])
}

interface Names {
  readonly from?: string
  readonly to?: string
  readonly address?: string
}

function namesOf(from: Job['from'], to: Job['to'], action: Exclude<Action, { action: 'skip' | 'fail' }>): Names {
  switch (action.action) {
    case 'make-directory':
      return { address: to.addressOf(action.to) }
    case 'delete':
      return { address: (action.side === 'from' ? from : to).addressOf(action.key) }
    default:
      return { from: from.addressOf(action.from), to: to.addressOf(action.to) }
  }
}

function sentence(action: string, { from, to, address }: Names): string {
  const what = action === 'make-directory' ? 'make' : action === 'delete' ? 'remove' : action
  if (address !== undefined) return `${what} ${printable(address)}`
  return `${what} ${printable(from ?? '')} -> ${printable(to ?? '')}`
}

const planned = { copied: 'to copy', moved: 'to move', removed: 'to remove' } as const

/** The sums for people: where they look on, where something went wrong, and of a dry run. */
function tellSums({ output, verbose, progress }: Session, tally: Tally, seconds: number, dryRun: boolean): void {
  const { copied, moved, linked, made, removed, skipped, kept, bytes, failed } = tally
  const word = (deed: 'copied' | 'moved' | 'removed'): string => (dryRun ? planned[deed] : deed)
  const did = [
    ...(copied > 0 ? [`${word('copied')} ${copied}`] : []),
    ...(moved > 0 ? [`${word('moved')} ${moved}`] : []),
    ...(linked > 0 ? [countText(linked, 'link')] : []),
    ...(made > 0 ? [countText(made, 'directory', 'directories')] : []),
    ...(removed > 0 ? [`${word('removed')} ${removed}`] : []),
    ...(skipped > 0 ? [`${skipped} left alone`] : []),
    ...(kept > 0 ? [`${kept} not removed because of failures`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  const sums = did.length === 0 ? 'nothing to do' : did.join(', ')
  const amount = copied + moved > 0 ? `, ${bytesText(bytes)}` : ''
  if (dryRun) {
    if (!output.json) output.note(`(dry-run) ${sums}${amount}\n`)
    return
  }
  const total = copied + moved + linked + made + removed + skipped + failed
  const shown = verbose || progress || process.stderr.isTTY || (failed > 0 && total > 1)
  if (shown) output.note(`${sums}${amount} in ${secondsText(seconds)}\n`)
}

type Before = Record<'done' | 'failed' | 'skipped' | 'total' | 'bytesDone' | 'bytesTotal', number>

function sumOf(before: Before, { items, bytes, ...rest }: TransferProgress): TransferProgress {
  return {
    ...rest,
    items: {
      done: before.done + items.done,
      failed: before.failed + items.failed,
      skipped: before.skipped + items.skipped,
      total: before.total + items.total,
    },
    bytes: { done: before.bytesDone + bytes.done, total: before.bytesTotal + bytes.total },
  }
}

function addTo(before: Before, { items, bytes }: TransferProgress): void {
  Object.assign(before, items, { bytesDone: bytes.done, bytesTotal: bytes.total })
}
