import {
  type Change as BatchChange,
  type Context,
  type Entry,
  errorCode,
  type Etag,
  type Key,
  type Page,
  type Source,
  storageError,
} from '@kit/core'
import { nodeCache, nodesOf } from '../directories/nodes.ts'
import type { Child } from '../directories/index.ts'
import { type Imported, importFile, importSymlink } from '../unixfs/import-file.ts'
import type { BlockCall } from '../verify/index.ts'
import { pathsCapabilities } from './capabilities.ts'
import { copyFile, deleteFile, moveFile, putChild, removeDirectory, setAttributes } from './changes.ts'
import { commitsOf } from './commits.ts'
import { diffTrees } from './diff-trees.ts'
import { etagOf, factsOf } from './facts.ts'
import { withoutLoss } from './lost-block.ts'
import { type Change, groupCommit, type Published } from './group-commit.ts'
import type { Tree } from './tree.ts'
import type { Commit, Paths, PathsBlocks, PathsOptions, Refs } from './types.ts'
import { viewOf } from './view.ts'

/** Blocks of directories that are kept in memory, with their names taken apart. */
const directoryCacheBytes = 64 << 20
const versionsPage = 100

/**
 * A tree of files over a store of blocks and a name that can be compared and swapped. Makes no connection until it is used.
 *
 * Writers of one process commit in groups. Where another process has committed in between, the operations are applied again on its tree and each
 * condition is checked again at its path: only a clash on the same path fails. A reader sees one tree from the beginning of its call to its end.
 * Every block that is read is checked; one that is missing is Corrupt. A symbolic link on the way to a name is followed by `read` alone.
 */
export function paths(blocks: PathsBlocks, refs: Refs, options: PathsOptions = {}): Paths {
  const { ref = 'main', profile = 'unixfs-v1-2025', keep = {}, now = () => new Date() } = options
  const { durable = 'process', conditionScope = 'store' } = options
  const cache = nodeCache(directoryCacheBytes)
  const reader = withoutLoss(blocks)
  const nodes = nodesOf(reader, blocks, profile, cache)
  const facts = factsOf(reader, cache)
  const commits = commitsOf(blocks, refs, { ref, keep, now })
  const view = viewOf(reader, nodes, facts)
  const group = groupCommit({ blocks, refs, ref, commits, nodes, facts, profile, now })

  /** The tree that a call reads: the newest, or that of a version, which must be one of this very object. */
  async function rootFor(key: string, version: string | undefined, call: BlockCall): Promise<string | undefined> {
    if (version === undefined) return (await commits.head(call))?.root
    const commit = await commits.find(version, call)
    const [there, before] = await Promise.all([view.find(commit.root, key, call), childBefore(commit, key, call)])
    if (there === undefined || there.cid === before?.cid) {
      throw storageError('NotFound', `the version ${version} is none of this object`)
    }
    return commit.root
  }

  /** What a commit has replaced, where that is kept. */
  async function childBefore({ parent }: Commit, key: string, call: BlockCall): Promise<Child | undefined> {
    if (parent === undefined) return undefined
    try {
      return await view.find((await commits.find(parent, call)).root, key, call)
    } catch (error) {
      if (errorCode(error) === 'NotFound') return undefined
      throw error
    }
  }

  /** Submits a change that blocks are made for first. They stay until its commit is published, though the caller may have given up. */
  async function submitMade<Result>(make: () => Promise<Change<Result>>, call: BlockCall): Promise<Published<Result>> {
    const lease = blocks.lease?.()
    let ready: Change<Result>
    try {
      ready = await make()
    } catch (error) {
      lease?.[Symbol.dispose]()
      throw error
    }
    return await group.submit({ ...ready, lease }, call)
  }

  const made = async (key: string, child: Child, { commit }: Published<unknown>, call: BlockCall): Promise<Entry> => {
    const entry = await view.entry(key, child, call)
    return commit === undefined ? entry : { ...entry, version: commit.cid }
  }

  const change = (
    keys: readonly string[],
    apply: (tree: Tree) => Promise<void>,
    call: BlockCall,
  ): Promise<Published<void>> => group.submit({ keys, apply }, call)

  async function imported(context: Context, source: Source, attributes: Attributes): Promise<Child> {
    const { mode, modified } = attributes
    const file: Imported = await importFile(source, blocks, { profile, signal: context.signal, mode, modified })
    const { cid, size, dagSize } = file
    facts.remember(cid, {
      kind: 'file',
      cid,
      etag: etagOf(cid),
      size,
      ...(mode === undefined ? {} : { mode }),
      ...(modified === undefined ? {} : { modified }),
    })
    return { cid, size: dagSize }
  }

  /** Applies one change of a batch; gives the key and the child that came to be. */
  async function applyOne(
    tree: Tree,
    one: BatchChange,
    written: ReadonlyMap<BatchChange, Child>,
  ): Promise<readonly [string, Child] | undefined> {
    if ('write' in one) {
      const child = written.get(one)
      if (child === undefined) throw storageError('Unexpected', 'a body was not written')
      await putChild(tree, one.write, child, {})
      return [one.write, child]
    }
    if ('delete' in one) {
      await deleteFile(tree, one.delete, {})
      return undefined
    }
    const child =
      'copy' in one ? await copyFile(tree, one.copy, one.to, {}) : await moveFile(tree, one.move, one.to, {})
    return [one.to, child]
  }

  return {
    capabilities: pathsCapabilities({ durable, conditionScope }),

    async stat(context, key, { version }) {
      const child = await view.find(await rootFor(key, version, context), key, context)
      if (child === undefined) {
        if (key === '') return { kind: 'directory', key }
        throw storageError('NotFound', 'there is no such object')
      }
      const entry = await view.entry(key, child, context)
      return version === undefined ? entry : { ...entry, version }
    },
    async read(context, key, given) {
      const { version } = given
      const result = await view.read(await rootFor(key, version, context), key, given, context)
      return version === undefined ? result : { ...result, entry: { ...result.entry, version } }
    },
    async *list(context, directory, { recursive = false, limit = 1000, cursor }) {
      const start = cursor === undefined ? undefined : parseCursor(cursor)
      const commit = start === undefined ? await commits.head(context) : await commits.find(start.commit, context)
      const pages = view.list(commit?.root, directory, { recursive, limit, after: start?.after }, context)
      for await (const page of pages) {
        const next = page.cursor === undefined || commit === undefined ? undefined : `${commit.cid}/${page.cursor}`
        yield { entries: page.entries, cursor: next }
      }
    },
    async write(context, key, source, { ifAbsent, ifMatch, mode, modified }) {
      const published = await submitMade(async () => {
        const child = await imported(context, source, { mode, modified })
        const apply = async (tree: Tree): Promise<Child> => {
          await putChild(tree, key, child, { ifAbsent, ifMatch })
          return child
        }
        return { keys: [key], apply }
      }, context)
      return await made(key, published.result, published, context)
    },
    async delete(context, key, { ifMatch }) {
      await change([key], (tree) => deleteFile(tree, key, { ifMatch }), context)
    },
    async copy(context, from, to, given) {
      const published = await group.submit({ keys: [to], apply: (tree) => copyFile(tree, from, to, given) }, context)
      return await made(to, published.result, published, context)
    },
    async move(context, from, to, given) {
      const apply = (tree: Tree): Promise<Child> => moveFile(tree, from, to, given)
      const published = await group.submit({ keys: [from, to], apply }, context)
      return await made(to, published.result, published, context)
    },
    async batch(context, changes, { message, ifMatch }) {
      const published = await submitMade(async () => {
        const written = new Map<BatchChange, Child>()
        for (const one of changes) {
          if ('write' in one) written.set(one, await imported(context, one.source, one.attributes ?? {}))
        }
        const apply = async (tree: Tree, base: Commit | undefined): Promise<(readonly [string, Child])[]> => {
          requireBase(base, ifMatch)
          const results: (readonly [string, Child])[] = []
          for (const one of changes) {
            const result = await applyOne(tree, one, written)
            if (result !== undefined) results.push(result)
          }
          return results
        }
        return { keys: changes.flatMap(keysOf), apply, message }
      }, context)
      const entries: Entry[] = []
      for (const [key, child] of published.result) entries.push(await made(key, child, published, context))
      return entries
    },
    async update(context, key, attributes) {
      const { signal } = context
      // What it makes is made within the group, which has a lease of its own.
      const apply = (tree: Tree): Promise<Child | undefined> =>
        setAttributes(tree, key, attributes, { reader, writer: blocks, facts, profile, signal })
      const published = await group.submit({ keys: [key], apply }, context)
      if (published.result !== undefined) return await made(key, published.result, published, context)
    },
    async *versions(context, key) {
      let page: Entry[] = []
      let newer: { readonly commit: Commit; readonly child: Child | undefined } | undefined
      const entry = async (): Promise<Entry | undefined> => {
        if (newer?.child === undefined) return undefined
        const told = await view.entry(key, newer.child, context)
        return told.kind === 'directory'
          ? undefined
          : { modified: newer.commit.time, ...told, version: newer.commit.cid }
      }
      for await (const commit of commits.kept(await commits.head(context), context)) {
        const child = await view.find(commit.root, key, context)
        const told = newer?.child?.cid === child?.cid ? undefined : await entry()
        if (told !== undefined) page.push(told)
        newer = { commit, child }
        if (page.length < versionsPage) continue
        yield { entries: page } satisfies Page
        page = []
      }
      const told = await entry()
      if (told !== undefined) page.push(told)
      yield { entries: page }
    },
    directories: {
      async make(context, key) {
        await change([], (tree) => tree.makeDirectory(key), context)
      },
      async remove(context, key) {
        await change([key], (tree) => removeDirectory(tree, key), context)
      },
    },
    links: {
      async make(context, key, target) {
        await submitMade(async () => {
          const { cid, dagSize } = await importSymlink(target, blocks, { profile, signal: context.signal })
          return { keys: [key], apply: (tree) => putLink(tree, key, { cid, size: dagSize }) }
        }, context)
      },
    },

    head: commits.head,
    async *history(call) {
      yield* commits.kept(await commits.head(call), call)
    },
    async *diff(from, to, call) {
      const root = async (cid: string): Promise<string> => (await commits.find(cid, call)).root
      yield* diffTrees(nodes, facts, from === undefined ? undefined : await root(from), await root(to), call)
    },
    async restore(path, commit, { ifMatch, message }, call) {
      const { root } = await commits.find(commit, call)
      const child = await view.find(root, path, call)
      const apply = async (tree: Tree, base: Commit | undefined): Promise<Commit | undefined> => {
        requireBase(base, ifMatch)
        await restoreTo(tree, path, child)
        return base
      }
      const text = message ?? `restore ${JSON.stringify(path)} from ${commit}`
      const { result, commit: published } = await group.submit({ keys: [path], apply, message: text }, call)
      if (published !== undefined) return published
      if (result === undefined) throw storageError('NotFound', 'there is nothing to restore')
      return result
    },
    async *retained(call) {
      for await (const { cid, root } of commits.kept(await commits.head(call), call)) yield { commit: cid, root }
    },
    close: () => group.close(),
  }
}

/** @throws ConditionFailed where the newest commit is another than the one that was asked for */
function requireBase(base: Commit | undefined, ifMatch: Etag | undefined): void {
  if (ifMatch === undefined || (base !== undefined && etagOf(base.cid) === ifMatch)) return
  throw storageError('ConditionFailed', 'the tree has changed')
}

interface Attributes {
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

async function putLink(tree: Tree, key: string, child: Child): Promise<void> {
  if ((await tree.find(key)) !== undefined) throw storageError('AlreadyExists', 'there is something of that name')
  await tree.set(key, child)
}

async function restoreTo(tree: Tree, path: string, child: Child | undefined): Promise<void> {
  if (path === '') tree.reset(child)
  else if (child !== undefined) await tree.set(path, child)
  else if ((await tree.find(path)) !== undefined) await tree.remove(path)
}

function keysOf(change: BatchChange): Key[] {
  if ('write' in change) return [change.write]
  if ('delete' in change) return [change.delete]
  return 'copy' in change ? [change.to] : [change.move, change.to]
}

/** A cursor is the commit that is listed, and the last path that was told, below the directory. @throws InvalidConfig */
function parseCursor(cursor: string): { readonly commit: string; readonly after: string } {
  const slash = cursor.indexOf('/')
  if (slash < 1) throw storageError('InvalidConfig', 'the cursor is none of this store')
  return { commit: cursor.slice(0, slash), after: cursor.slice(slash + 1) }
}
