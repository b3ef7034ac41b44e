import { applyData, survivor } from './file-data.ts'
import type { DataFate } from './file-data.ts'
import { applyName, directoriesOf, isDataOperation, isNameOperation } from './log.ts'
import type { DataOperation, LogEntry, NameOperation, Place } from './log.ts'
import { materialise } from './materialise.ts'
import type { Surviving } from './materialise.ts'
import { seededRandom } from './random.ts'
import type { Random } from './random.ts'
import type { Directories, Inode, InodeId, Tree } from './tree.ts'
import { rootId } from './tree.ts'

export interface StatesOptions {
  /** The same log and seed give the same states. */
  readonly seed: number
  /**
   * How many states. The first ones crash at the end of the log and just after each sync and rename, in random order
   * when there are more of these than states; the others half at such points again, half anywhere.
   */
  readonly count: number
}

export interface CrashState extends AsyncDisposable {
  /** A new folder with what the disk holds. Removed when the state is disposed of. */
  readonly folder: string
  /** How many entries of the log took place before the power was cut. */
  readonly at: number
  /** The labels of the marks that were passed by then, in their order. */
  readonly passed: readonly string[]
  /** The last operation and what of the unsynced ones was lost. */
  readonly description: string
}

export interface Recording {
  readonly start: Tree
  readonly inodes: ReadonlyMap<InodeId, Inode>
  readonly log: readonly LogEntry[]
}

export async function* crashStates(recording: Recording, options: StatesOptions): AsyncGenerator<CrashState> {
  const random = seededRandom(options.seed)
  for (const at of crashPoints(recording.log, options.count, random)) {
    const { surviving, losses } = cutPower(recording, at, random)
    const folder = await materialise(surviving)
    const before = recording.log.slice(0, at)
    const after = before.findLast((entry) => entry.type !== 'mark')
    const point = after === undefined ? 'before all' : `after ${describe(after, recording)}`
    yield {
      folder: folder.path,
      at,
      passed: before.flatMap((entry) => (entry.type === 'mark' ? [entry.label] : [])),
      description: `${at} of ${recording.log.length}, ${point}: ${losses.join('; ') || 'nothing lost'}`,
      [Symbol.asyncDispose]: () => folder.remove(),
    }
  }
}

function crashPoints(log: readonly LogEntry[], count: number, random: Random): number[] {
  const ends = log.flatMap((entry, index) => (entry.type === 'sync' || entry.type === 'rename' ? [index + 1] : []))
  const telling = [log.length, ...random.shuffled(ends.filter((at) => at !== log.length))]
  const chosen = telling.slice(0, count)
  while (chosen.length < count) {
    const again = telling[random.below(telling.length * 2)]
    chosen.push(again ?? random.below(log.length + 1))
  }
  return chosen
}

/** One of the states that POSIX permits after the first `at` entries. */
function cutPower(recording: Recording, at: number, random: Random): { surviving: Surviving; losses: string[] } {
  const entries = recording.log.slice(0, at)
  const losses: string[] = []
  const nameFate = random.pick<DataFate>(['kept', 'kept', 'lost', 'random', 'random'])
  const dataFate = random.pick<DataFate>(['lost', 'lost', 'kept', 'random', 'random', 'random'])
  const directories = survivingNames(recording, entries, nameFate, random, losses)
  const contents = new Map<InodeId, Buffer>()
  for (const id of reachable(directories)) {
    if (recording.inodes.get(id)?.kind !== 'file') continue
    const { synced, unsynced } = dataOf(id, entries, recording.start.contents.get(id))
    const { content, loss } = survivor(synced, unsynced, dataFate, random)
    contents.set(id, content)
    if (loss !== undefined) losses.push(`#${id} ${loss}`)
  }
  return { surviving: { inodes: recording.inodes, directories, contents }, losses }
}

/**
 * An operation on names is durable once one of its directories was synced later, and with it all that was done to these
 * directories before. Of the others, those of one directory survive in their order: up to some point all, then none.
 */
function survivingNames(
  recording: Recording,
  entries: readonly LogEntry[],
  fate: DataFate,
  random: Random,
  losses: string[],
): Directories {
  const durable = durableNames(entries)
  const directories = structuredClone(recording.start.directories)
  const stopped = new Set<InodeId>()
  // In some states nearly everything survives, in others nearly nothing.
  const risk = fate === 'random' ? random.pick([0.05, 0.3, 0.7]) : fate === 'lost' ? 1 : 0
  for (const entry of entries) {
    if (!isNameOperation(entry)) continue
    const touched = directoriesOf(entry)
    const undone = !durable.has(entry) && (touched.some((id) => stopped.has(id)) || random.next() < risk)
    if (undone) {
      for (const id of touched) stopped.add(id)
      losses.push(`${describe(entry, recording)} undone`)
    } else applyName(directories, entry)
  }
  return directories
}

function durableNames(entries: readonly LogEntry[]): Set<NameOperation> {
  const durable = new Set<NameOperation>()
  const synced = new Set<InodeId>()
  for (const entry of entries.toReversed()) {
    if (entry.type === 'sync') synced.add(entry.inode)
    else if (isNameOperation(entry) && directoriesOf(entry).some((id) => synced.has(id))) {
      durable.add(entry)
      for (const id of directoriesOf(entry)) synced.add(id)
    }
  }
  return durable
}

function reachable(directories: Directories): Set<InodeId> {
  const found = new Set<InodeId>([rootId])
  // A set that grows while it is walked is walked to its end.
  for (const id of found) for (const child of directories.get(id)?.values() ?? []) found.add(child)
  return found
}

function dataOf(
  id: InodeId,
  entries: readonly LogEntry[],
  start: Buffer = Buffer.alloc(0),
): { synced: Buffer; unsynced: DataOperation[] } {
  const durable: DataOperation[] = []
  let unsynced: DataOperation[] = []
  for (const entry of entries) {
    if (isDataOperation(entry) && entry.inode === id) unsynced.push(entry)
    else if (entry.type === 'sync' && entry.inode === id) {
      durable.push(...unsynced)
      unsynced = []
    }
  }
  return { synced: applyData(start, durable), unsynced }
}

function describe(entry: LogEntry, recording: Recording): string {
  switch (entry.type) {
    case 'add': {
      const kind = recording.inodes.get(entry.inode)?.kind ?? 'file'
      return `${entry.what} ${kind} #${entry.inode} as ${show(entry.at)}`
    }
    case 'remove':
      return `remove ${show(entry.at)}`
    case 'rename':
      return `rename ${show(entry.from)} to ${show(entry.to)}`
    case 'write':
      return `write ${entry.bytes.length} bytes to #${entry.inode} at ${entry.position}`
    case 'truncate':
      return `truncate #${entry.inode} to ${entry.size}`
    case 'sync':
      return `sync #${entry.inode}`
    case 'mark':
      return `mark ${entry.label}`
  }
}

function show({ directory, name }: Place): string {
  return `#${directory}/${Buffer.from(name, 'latin1').toString()}`
}
