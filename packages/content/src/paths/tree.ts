import { storageError } from '@kit/core'
import type { Child, DirectoryEntry, SizedChild } from '../directories/index.ts'
import { editedDirectory } from '../directories/edit-directory.ts'
import type { Nodes } from '../directories/nodes.ts'
import { childOfName, entriesOf } from '../directories/read-directory.ts'
import type { Profile } from '../unixfs/index.ts'
import type { BlockCall } from '../verify/index.ts'
import type { DirectoryAttributes } from '../directories/directory-node.ts'
import type { FactsOf } from './facts.ts'

/** A directory that is being changed. */
export interface Draft {
  /** What it is made from; nothing for a new one. */
  readonly base: Child | undefined
  /** Names that are something else now, `null` where nothing is. */
  readonly edits: Map<string, Child | Draft | null>
  attributes?: DirectoryAttributes
}

/**
 * A tree under change: what it was made from, and on top what was set and removed. Nothing is written before `flush`. One change at a time.
 */
export interface Tree {
  /** What is there; nothing too where something on the way is no directory. */
  find(key: string): Promise<Child | Draft | undefined>
  isDirectory(there: Child | Draft): Promise<boolean>
  /** Makes the directories above. @throws NotDirectory where one of them is a file */
  set(key: string, child: Child): Promise<void>
  /** Of something that is there. */
  remove(key: string): Promise<void>
  /** Makes directories down to this one, which may be there. @throws AlreadyExists, NotDirectory */
  makeDirectory(key: string): Promise<void>
  setAttributes(key: string, attributes: DirectoryAttributes): Promise<void>
  isEmpty(directory: Child | Draft): Promise<boolean>
  /** Makes the whole tree another one. */
  reset(root: Child | undefined): void
  /** All of the work, or nothing of it where it fails. */
  whole<Result>(work: () => Promise<Result>): Promise<Result>
  /** The root with all changes; its blocks are on their way. Nothing where nothing has changed. */
  flush(): Promise<string | undefined>
}

export function isDraft(there: Child | Draft): there is Draft {
  return 'edits' in there
}

export function treeOf(
  nodes: Nodes,
  facts: FactsOf,
  root: string | undefined,
  options: BlockCall & { readonly profile: Profile },
): Tree {
  let top: Draft = { base: root === undefined ? undefined : { cid: root }, edits: new Map() }
  let undo: (() => void)[] = []

  async function get(draft: Draft, name: string): Promise<Child | Draft | undefined> {
    const edited = draft.edits.get(name)
    if (edited !== undefined) return edited ?? undefined
    return draft.base === undefined ? undefined : childOfName(nodes, draft.base.cid, name, options)
  }

  function put(draft: Draft, name: string, value: Child | Draft | null): void {
    const { edits } = draft
    const old = edits.get(name)
    undo.push(() => (old === undefined ? edits.delete(name) : edits.set(name, old)))
    edits.set(name, value)
  }

  async function isDirectory(there: Child | Draft): Promise<boolean> {
    return isDraft(there) || (await facts.of(there, options)).kind === 'directory'
  }

  async function find(key: string): Promise<Child | Draft | undefined> {
    let here: Child | Draft = top
    if (key === '') return here
    for (const name of key.split('/')) {
      if (!(await isDirectory(here))) return undefined
      const next: Child | Draft | undefined = isDraft(here)
        ? await get(here, name)
        : await childOfName(nodes, here.cid, name, options)
      if (next === undefined) return undefined
      here = next
    }
    return here
  }

  /** The directory, to be changed; it and those above are made where they are missing. */
  async function open(key: string): Promise<Draft> {
    let here = top
    if (key === '') return here
    for (const name of key.split('/')) {
      const there = await get(here, name)
      let next: Draft
      if (there !== undefined && isDraft(there)) next = there
      else {
        if (there !== undefined && !(await isDirectory(there))) {
          throw storageError('NotDirectory', `${JSON.stringify(name)}, on the way, is no directory`)
        }
        next = { base: there, edits: new Map() }
        put(here, name, next)
      }
      here = next
    }
    return here
  }

  async function flush(draft: Draft): Promise<SizedChild> {
    const edits = new Map<string, Child | null>()
    for (const [name, value] of draft.edits) {
      edits.set(name, value !== null && isDraft(value) ? await flush(value) : value)
    }
    return await editedDirectory(nodes, draft.base?.cid, edits, { ...options, ...draft.attributes })
  }

  const parts = (key: string): readonly [string, string] => {
    const slash = key.lastIndexOf('/')
    return [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)]
  }

  return {
    find,
    isDirectory,
    async set(key, child) {
      const [directory, name] = parts(key)
      put(await open(directory), name, child)
    },
    async remove(key) {
      const [directory, name] = parts(key)
      put(await open(directory), name, null)
    },
    async makeDirectory(key) {
      const there = await find(key)
      if (there === undefined) await open(key)
      else if (!(await isDirectory(there))) throw storageError('AlreadyExists', 'there is something else of that name')
    },
    async setAttributes(key, attributes) {
      const draft = await open(key)
      const old = draft.attributes
      undo.push(() => {
        if (old === undefined) delete draft.attributes
        else draft.attributes = old
      })
      draft.attributes = { ...old, ...attributes }
    },
    async isEmpty(directory) {
      if (!isDraft(directory)) return (await nodes.load(directory.cid, options)).names.length === 0
      for (const value of directory.edits.values()) if (value !== null) return false
      if (directory.base === undefined) return true
      const left: AsyncIterable<DirectoryEntry> = entriesOf(nodes, directory.base.cid, options)
      for await (const { name } of left) if (directory.edits.get(name) !== null) return false
      return true
    },
    reset(to) {
      const old = top
      undo.push(() => (top = old))
      top = { base: to, edits: new Map() }
    },
    async whole(work) {
      const outer = undo
      undo = []
      try {
        return await work()
      } catch (error) {
        for (const step of undo.toReversed()) step()
        throw error
      } finally {
        undo = outer
      }
    },
    async flush() {
      if (top.edits.size === 0 && top.attributes === undefined && top.base?.cid === root) return undefined
      const { cid } = await flush(top)
      return cid === root ? undefined : cid
    },
  }
}
