import { errorCode, joinKey, keyBelow, keyName, parseKey, storageError } from '@kit/core'
import { plan, type Action, type PlanOptions } from '@kit/core/transfer'
import { isDirectoryText } from './address.ts'
import { addFailure, type Job, type Tally } from './carry-out.ts'
import type { FilterFlags, TransferFlags } from './declare-options.ts'
import { failureOf, withHint } from './outcome.ts'
import { readFilter } from './read-filter.ts'
import { covers, type Place, type Session } from './session.ts'
import { concurrencyOf, linkRule } from './transfer-flags.ts'

export interface MoveFlags extends FilterFlags, TransferFlags {
  readonly ifAbsent?: boolean
  readonly ifMatch?: string
}

export interface SourceOptions {
  readonly kind: 'copy' | 'move'
  /** Trees may be sources. */
  readonly trees: boolean
  /** A named file is written whatever is at the target. */
  readonly force: boolean
}

/** What the sources are to become at the target, joined to one job as long as they lie in one store. */
export async function* sourceJobs(
  session: Session,
  sources: readonly string[],
  target: string,
  flags: MoveFlags,
  options: SourceOptions,
  tally: Tally,
): AsyncGenerator<Job> {
  const to = await session.place(target)
  const into = sources.length > 1 || isDirectoryText(target) || (await isDirectory(session, to))
  const under = sources.length > 1 || isDirectoryText(target)
  const planned = await planOptions(session, flags, options)
  const waiting = sources.values()
  const goals = new Set<string>()
  const itself = options.kind === 'move'

  const next = async (): Promise<Place | undefined> => {
    for (const source of waiting) {
      try {
        return await session.place(source, { itself })
      } catch (error) {
        if (session.signal.aborted) throw error
        addFailure(tally, error)
        await session.output.lines([{ type: 'failed', address: source, error: failureOf(error) }])
      }
    }
    return undefined
  }
  const stepsOf = async function* (from: Place): AsyncGenerator<Action> {
    try {
      yield* steps(session, from, to, { into, under, goals }, planned, options, flags)
    } catch (error) {
      if (session.signal.aborted) throw error
      yield { action: 'fail', key: from.key, error }
    }
  }
  for (let from = await next(); from !== undefined;) {
    const first: Place = from
    const joined = async function* (): AsyncGenerator<Action> {
      while (from?.store === first.store) {
        yield* stepsOf(from)
        from = await next()
      }
    }
    yield { from: first, to, steps: joined() }
    // A run that was given up did not ask for the rest.
    if (from === first) from = await next()
  }
}

async function planOptions(session: Session, flags: MoveFlags, { kind }: SourceOptions): Promise<PlanOptions> {
  return {
    ...session.call,
    kind,
    filter: await readFilter(flags),
    checksum: flags.checksum,
    concurrency: concurrencyOf(flags),
    links: linkRule(flags),
    force: flags.force,
    ifAbsent: flags.ifAbsent,
    ifMatch: flags.ifMatch,
  }
}

async function* steps(
  session: Session,
  from: Place,
  to: Place,
  where: { readonly into: boolean; readonly under: boolean; readonly goals: Set<string> },
  planned: PlanOptions,
  { kind, trees, force }: SourceOptions,
  flags: MoveFlags,
): AsyncGenerator<Action> {
  const tree = await isDirectory(session, from)
  if (tree && !trees) throw directoryError(kind, from)
  const name = from.key === '' ? from.rootName : keyName(from.key)
  const goal = (tree ? where.under : where.into) ? { ...to, key: joinKey(to.key, parseKey(name)) } : to
  requireApart(from, goal, tree)
  // Which of the two would be there in the end is nobody's wish.
  if (where.goals.has(goal.key)) {
    throw storageError('InvalidConfig', `another source goes to ${goal.addressOf(goal.key)} already`, {
      store: from.store.name,
      key: from.key,
    })
  }
  where.goals.add(goal.key)
  const actions = plan(
    { store: from.store, key: from.key },
    { store: goal.store, key: goal.key },
    {
      ...planned,
      force: planned.force === true || (!tree && force),
    },
  )
  for await (const step of provenSame(actions, from, goal, flags)) {
    const named = tree ? step : asked(step, goal)
    yield kind === 'move' ? await unlessItself(session, named, from, goal) : named
  }
}

/** A file that was named and may not be written is a failure, not something to leave out. */
function asked(step: Action, to: Place): Action {
  if (step.action !== 'skip' || step.reason !== 'exists') return step
  const error = storageError('AlreadyExists', 'something is there already', { store: to.store.name, key: to.key })
  return { action: 'fail', key: step.key, error }
}

/** Copies what is alike by its size alone, unless the command line takes that for proof. */
export async function* provenSame(
  steps: AsyncIterable<Action>,
  from: Place,
  to: Place,
  { sizeOnly }: TransferFlags,
): AsyncGenerator<Action> {
  for await (const step of steps) {
    const unproven = step.action === 'skip' && step.reason === 'same' && step.by === 'size' && step.entry.size !== 0
    if (!unproven || sizeOnly === true) {
      yield step
      continue
    }
    const { key, entry } = step
    const name = keyBelow(from.key, parseKey(key)) ?? parseKey('')
    const how = from.store === to.store && from.store.can('copy') ? 'store' : 'stream'
    yield { action: 'copy', from: key, to: joinKey(to.key, name), entry, reason: 'asked', how }
  }
}

/** One folder can be known under two names. What would be moved onto itself would be lost. */
async function unlessItself({ call }: Session, step: Action, from: Place, to: Place): Promise<Action> {
  if (from.store === to.store || from.store.type !== 'fs' || to.store.type !== 'fs') return step
  const source = step.action === 'move' || step.action === 'delete' ? step.entry : undefined
  if (source?.kind !== 'file' || source.etag === undefined) return step
  const name = keyBelow(from.key, source.key) ?? parseKey('')
  const found = await etagAt(to, joinKey(to.key, name), call)
  if (found !== source.etag) return step
  const error = storageError('InvalidConfig', 'the source and the destination are one and the same file', {
    operation: 'mv',
    store: from.store.name,
    key: source.key,
  })
  return { action: 'fail', key: source.key, error }
}

async function etagAt({ store }: Place, key: Place['key'], call: Session['call']): Promise<string | undefined> {
  try {
    return (await store.stat(key, call)).etag
  } catch (error) {
    if (errorCode(error) === 'NotFound' || errorCode(error) === 'NotDirectory') return undefined
    throw error
  }
}

/** @throws InvalidConfig for what would go onto itself or into itself */
function requireApart(from: Place, to: Place, tree: boolean): void {
  if (covers(from, to) && covers(to, from)) {
    throw storageError('InvalidConfig', `${from.addressOf(from.key)} is the source and the destination`)
  }
  if (tree && covers(from, to)) {
    throw storageError('InvalidConfig', `${to.addressOf(to.key)} lies in ${from.addressOf(from.key)}, the source`)
  }
}

function directoryError(kind: string, { store, key }: Place): Error {
  const error = storageError('IsDirectory', 'the source is a directory', { operation: kind, store: store.name, key })
  return withHint(error, 'Say -r to copy it with all that is in it.')
}

export async function isDirectory({ call }: Session, { store, key }: Place): Promise<boolean> {
  if (key === '') return true
  try {
    return (await store.stat(key, { ...call, implied: true })).kind === 'directory'
  } catch (error) {
    if (errorCode(error) === 'NotFound' || errorCode(error) === 'NotDirectory') return false
    throw error
  }
}
