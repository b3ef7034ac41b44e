import { type Source, storageError } from '@kit/core'
import { buildDirectory, type Child, type DirectoryBuilder } from '../directories/index.ts'
import { importFile, type Imported, importSymlink, type Profile } from '../unixfs/index.ts'
import { unixFsTime } from '../unixfs/time.ts'
import type { BlockReader, BlockWriter } from '../verify/index.ts'

/** What a tree is made of. */
export type TreeEntry = {
  /** `/`-joined names below the root; `''` for the root itself, as a directory. */
  readonly path: string
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
} & (
  | { readonly kind: 'file'; readonly source: Source }
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string }
)

export interface ImportTreeOptions {
  readonly profile: Profile
  readonly signal: AbortSignal
  /** Where directories too large for memory wait while they are made; the blocks there are of no use afterwards. */
  readonly spill?: (BlockReader & BlockWriter) | undefined
  /** Told of each chunk of a file that has become a block, in bytes. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Files that are imported at once. */
const filesAtOnce = 4

/** A directory that is being filled. */
interface Open {
  readonly name: string
  readonly builder: DirectoryBuilder
  /** Its directories that were told of, and have no entries yet. */
  readonly told: Map<string, TreeEntry>
  /** Ends when all that was begun has been added. */
  adding: Promise<void>
}

/**
 * Makes the DAG of a tree: files, links and directories, the root last. Entries come as a recursive listing in order of keys gives them,
 * or depth first: all entries below one directory together, a directory (where it is told of at all) before what is in it. Missing
 * parents are made. Sources are opened when their turn comes.
 * @throws AlreadyExists for a name that comes twice, and for a directory whose entries do not come together; InvalidKey for names that
 * no directory can hold; and as `importFile` does.
 */
export async function importTree(
  entries: AsyncIterable<TreeEntry> | Iterable<TreeEntry>,
  writer: BlockWriter,
  options: ImportTreeOptions,
): Promise<Imported> {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const { profile, spill, onBytes } = options
  const underWay = new Set<Promise<unknown>>()
  const way: Open[] = []
  let size = 0

  const builderOf = (entry: TreeEntry | undefined): DirectoryBuilder => {
    const modified = entry?.modified && unixFsTime(entry.modified)
    return buildDirectory(writer, { profile, signal, mode: entry?.mode, modified, spill })
  }
  const open = (name: string, entry: TreeEntry | undefined): void => {
    way.push({ name, builder: builderOf(entry), told: new Map(), adding: Promise.resolve() })
  }
  /** Adds to a directory what is still being made. */
  const add = (into: Open, name: string, making: Promise<Child>): void => {
    const before = into.adding
    const adding = Promise.all([making, before]).then(([child]) => into.builder.add(name, child))
    into.adding = adding
    const ending = adding.finally(() => underWay.delete(ending))
    underWay.add(ending)
    // Told when the directory is closed.
    ending.catch(() => undefined)
  }
  const close = async ({ builder, told, adding }: Open): Promise<Required<Child>> => {
    await adding
    for (const [name, entry] of told) await builder.add(name, await builderOf(entry).finish())
    return await builder.finish()
  }
  /** Closes directories until only `depth` are open. */
  const closeTo = async (depth: number): Promise<void> => {
    while (way.length > depth) {
      const last = way.pop()
      const into = way.at(-1)
      if (last === undefined || into === undefined) return
      add(into, last.name, close(last))
      await into.adding
    }
  }
  /** Opens the directories of a path, and closes those that are not on it. */
  const enter = async (names: readonly string[]): Promise<Open> => {
    let depth = 1
    while (depth < way.length && way[depth]?.name === names[depth - 1]) depth++
    await closeTo(depth)
    for (const name of names.slice(depth - 1)) {
      const told = way.at(-1)?.told
      open(name, told?.get(name))
      told?.delete(name)
    }
    const here = way.at(-1)
    if (here === undefined) throw new RangeError('the root is open until the end')
    return here
  }
  const make = async (entry: TreeEntry): Promise<Child> => {
    const { mode, modified } = entry
    const call = { profile, signal, mode, modified }
    if (entry.kind === 'link') {
      const { cid, dagSize } = await importSymlink(entry.target, writer, call)
      return { cid, size: dagSize }
    }
    if (entry.kind === 'directory') throw new RangeError('directories are made when their entries have come')
    const made = await importFile(entry.source, writer, { ...call, onBytes })
    size += made.size
    return { cid: made.cid, size: made.dagSize }
  }

  try {
    for await (const entry of entries) {
      if (entry.path === '') {
        if (entry.kind !== 'directory' || way.length > 0) {
          throw storageError('InvalidConfig', 'the root of a tree is a directory, and comes first')
        }
        open('', entry)
        continue
      }
      if (way.length === 0) open('', undefined)
      const names = entry.path.split('/')
      const name = names.pop() ?? ''
      const into = await enter(names)
      if (entry.kind === 'directory') into.told.set(name, entry)
      else add(into, name, make(entry))
      if (underWay.size >= filesAtOnce) await Promise.race(underWay)
    }
    if (way.length === 0) open('', undefined)
    await closeTo(1)
    const [top] = way
    if (top === undefined) throw new RangeError('the root is open until the end')
    const root = await close(top)
    return { cid: root.cid, size, dagSize: root.size ?? 0 }
  } catch (error) {
    ended.abort(error)
    throw error
  } finally {
    await Promise.allSettled(underWay)
  }
}
