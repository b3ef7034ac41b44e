/** What a job does, over `@kit/core/transfer`. */
import { parseKey, storageError, throwIfAborted, type CallOptions, type Store } from '@kit/core'
import {
  compare,
  createFilter,
  plan,
  run,
  type Action,
  type End,
  type Filter,
  type PlanOptions,
  type Summary,
  type TransferProgress,
} from '@kit/core/transfer'
import { comparisonJson, plannedJson, resultJson } from './job-json.ts'
import type { JobRequest, JobSummary } from './job.ts'

/** What a job tells while it works. */
export interface Teller {
  item(data: object): void
  progress(progress: TransferProgress): void
}

/** The end of the work: its sums, and how many objects failed. */
export interface Outcome {
  readonly summary: JobSummary
  readonly failed: number
  /** Of the first that failed. */
  readonly failure?: unknown
}

export interface Work {
  (id: string, teller: Teller, call: CallOptions): Promise<Outcome>
}

/** Everything checked that can be before anything is done. @throws InvalidConfig, InvalidKey */
export function jobWork(request: JobRequest, from: Store, to: Store): Work {
  requireMeant(request)
  for (const { key } of [request.from, request.to]) parseKey(key)
  const filter = request.filter === undefined ? undefined : createFilter(request.filter)
  const source: End = { store: from, key: request.from.key }
  const target: End = { store: to, key: request.to.key }
  return (id, teller, call) => {
    if (request.kind === 'check') return check(id, request, source, target, filter, teller, call)
    const options = planOptions(request, request.kind, filter, call)
    const actions = plan(source, target, options)
    return request.dryRun === true
      ? tell(id, actions, teller, call)
      : carryOut(id, source, target, actions, teller, call)
  }
}

/** An option that means nothing for the kind of job is refused. */
function requireMeant(request: JobRequest): void {
  const wrong = (name: string, kinds: string): Error =>
    storageError('InvalidConfig', `\`${name}\` is of ${kinds}, not of ${request.kind}`)
  if (request.delete !== undefined && request.kind !== 'sync') throw wrong('delete', 'sync')
  if (request.kind !== 'check') return
  for (const name of ['dryRun', 'force', 'ifAbsent'] as const) {
    if (request[name] !== undefined) throw wrong(name, 'copy, move and sync')
  }
}

function planOptions(
  { checksum, delete: deletes, force, ifAbsent, links }: JobRequest,
  kind: PlanOptions['kind'],
  filter: Filter | undefined,
  call: CallOptions,
): PlanOptions {
  return { ...call, kind, filter, checksum, delete: deletes, force, ifAbsent, links }
}

async function tell(
  id: string,
  actions: AsyncIterable<Action>,
  teller: Teller,
  { signal }: CallOptions,
): Promise<Outcome> {
  const counts = new Map<string, number>()
  let bytes = 0
  let failure: unknown
  for await (const action of actions) {
    if (signal !== undefined) throwIfAborted(signal)
    counts.set(action.action, (counts.get(action.action) ?? 0) + 1)
    if (action.action === 'copy' || action.action === 'move') bytes += action.entry.size ?? 0
    if (action.action === 'fail') failure ??= action.error
    teller.item(plannedJson(id, action))
  }
  return { summary: { ...Object.fromEntries(counts), bytes }, failed: counts.get('fail') ?? 0, failure }
}

async function carryOut(
  id: string,
  from: End,
  to: End,
  actions: AsyncIterable<Action>,
  teller: Teller,
  call: CallOptions,
): Promise<Outcome> {
  const results = run(from, to, actions, { ...call, onProgress: (progress) => teller.progress(progress) })
  try {
    for (;;) {
      const next = await results.next()
      if (next.done === true) return summed(next.value)
      teller.item(resultJson(id, next.value))
    }
  } finally {
    // Where telling fails, what is on its way is ended; after the last result this does nothing.
    await results.return({ ...nothingDone })
  }
}

const nothingDone: Summary = {
  copied: 0,
  moved: 0,
  deleted: 0,
  skipped: 0,
  failed: 0,
  bytes: 0,
  seconds: 0,
  failures: [],
}

function summed({ failures, ...sums }: Summary): Outcome {
  return { summary: sums, failed: sums.failed, failure: failures[0]?.error }
}

const verdicts = {
  same: 'same',
  differs: 'differs',
  'only-left': 'onlyLeft',
  'only-right': 'onlyRight',
  failed: 'failed',
} as const

async function check(
  id: string,
  { checksum, links }: JobRequest,
  left: End,
  right: End,
  filter: Filter | undefined,
  teller: Teller,
  call: CallOptions,
): Promise<Outcome> {
  const summary = { same: 0, differs: 0, onlyLeft: 0, onlyRight: 0, failed: 0 }
  let failure: unknown
  for await (const comparison of compare(left, right, { ...call, filter, checksum, links })) {
    summary[verdicts[comparison.verdict]]++
    if (comparison.verdict === 'failed') failure ??= comparison.error
    if (comparison.verdict !== 'same') teller.item(comparisonJson(id, comparison))
  }
  return { summary, failed: summary.failed, failure }
}
