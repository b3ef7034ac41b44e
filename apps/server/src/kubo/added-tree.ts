import { buildDirectory, type BlockWriter, type Profile } from '@kit/content'
import { storageError } from '@kit/core'

/** One line of what `add` tells. */
export interface Added {
  readonly name: string
  readonly cid: string
  /** Of the whole DAG, in bytes. */
  readonly size: number
}

interface Directory {
  readonly names: Map<string, Directory | Omit<Added, 'name'>>
}

/** Names that are held until their directories are made. */
const namesMax = 100_000

/** Files that were added under paths, and the directories that they make up. */
export interface AddedTree {
  /** @throws AlreadyExists, InvalidKey, TooLarge */
  add(path: string, file: Omit<Added, 'name'>): void
  makeDirectory(path: string): void
  /** Makes the directories, each after what is in it; the one that wraps all has the name ''. */
  directories(writer: BlockWriter, wrap: boolean, signal: AbortSignal): AsyncGenerator<Added>
  /** What was added at the top. */
  roots(): readonly Added[]
}

export function addedTree(profile: Profile): AddedTree {
  const top: Directory = { names: new Map() }
  const made: Added[] = []
  let count = 0

  function directoryOf(names: readonly string[]): Directory {
    let here = top
    for (const name of names) {
      const found = here.names.get(name)
      if (found !== undefined && 'cid' in found)
        throw storageError('AlreadyExists', `${name} is a file, and a directory`)
      const next = found ?? { names: new Map() }
      if (found === undefined) {
        if (++count > namesMax) throw storageError('TooLarge', `at most ${namesMax} names are added at once`)
        here.names.set(name, next)
      }
      here = next
    }
    return here
  }

  async function* make(
    directory: Directory,
    path: string,
    options: { writer: BlockWriter; signal: AbortSignal },
  ): AsyncGenerator<Added, Added> {
    const { writer, signal } = options
    const builder = buildDirectory(writer, { profile, signal })
    for (const [name, child] of directory.names) {
      const below = path === '' ? name : `${path}/${name}`
      const { cid, size } = 'cid' in child ? child : yield* make(child, below, options)
      await builder.add(name, { cid, size })
    }
    const { cid, size } = await builder.finish()
    const added = { name: path, cid, size }
    yield added
    return added
  }

  return {
    add(path, file) {
      const names = path.split('/')
      const name = names.pop() ?? ''
      const into = directoryOf(names)
      const there = into.names.get(name)
      // The same once more is nothing new, as of two parts without names and with the same bytes.
      if (there !== undefined && 'cid' in there && there.cid === file.cid) return
      if (there !== undefined) throw storageError('AlreadyExists', `${path} comes twice`)
      if (++count > namesMax) throw storageError('TooLarge', `at most ${namesMax} names are added at once`)
      into.names.set(name, file)
      if (names.length === 0) made.push({ name, ...file })
    },
    makeDirectory(path) {
      directoryOf(path === '' ? [] : path.split('/'))
    },
    async *directories(writer, wrap, signal) {
      if (wrap) {
        made.length = 0
        made.push(yield* make(top, '', { writer, signal }))
        return
      }
      for (const [name, child] of top.names) {
        if (!('cid' in child)) made.push(yield* make(child, name, { writer, signal }))
      }
    },
    roots: () => made,
  }
}
