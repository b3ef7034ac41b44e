import { abortError, isStorageError, storageError, toStorageError, untilAborted } from '@kit/core'
import type { Nodes } from '../directories/nodes.ts'
import type { Profile } from '../unixfs/index.ts'
import type { BlockCall } from '../verify/index.ts'
import { encodeCommit } from './commit.ts'
import type { Commits } from './commits.ts'
import type { FactsOf } from './facts.ts'
import { type Tree, treeOf } from './tree.ts'
import type { Commit, PathsBlocks, Refs } from './types.ts'

/** Operations in one commit at most. */
const groupMax = 1024
/** Commits of others that one group gives way to before it gives up. */
const lostMax = 100
const longestPauseMs = 50

/** A change of the tree. It may be applied more than once, on different trees, until one of them is published. */
export interface Change<Result> {
  /** Paths that it sets or removes: no two changes of one commit have one in common, so that each is a version. */
  readonly keys: readonly string[]
  /** Checks its conditions, then changes the tree. `base` is the commit that the tree is of. */
  apply(tree: Tree, base: Commit | undefined): Promise<Result>
  /** With a message it gets a commit of its own. */
  readonly message?: string | undefined
  /** Of the blocks that were made for it: disposed when it is known what became of it. */
  readonly lease?: Disposable | undefined
}

export interface Published<Result> {
  readonly result: Result
  /** Absent where nothing changed. */
  readonly commit: Commit | undefined
}

export interface GroupCommit {
  submit<Result>(change: Change<Result>, call: BlockCall): Promise<Published<Result>>
  close(): Promise<void>
}

interface Waiting {
  readonly change: Change<unknown>
  readonly settle: (outcome: Outcome) => void
  state: 'waiting' | 'taken' | 'left'
}

type Outcome = { readonly published: Published<unknown> } | { readonly error: unknown }
type Tried = { readonly result: unknown } | { readonly error: unknown }

export interface GroupCommitOptions {
  readonly blocks: PathsBlocks
  readonly refs: Refs
  readonly ref: string
  readonly commits: Commits
  readonly nodes: Nodes
  readonly facts: FactsOf
  readonly profile: Profile
  readonly now: () => Date
}

/**
 * Makes commits of changes: all that wait become one. Where another process was faster they are applied again on its tree. A failed
 * condition is told only when it is known that the tree it failed on was the newest.
 */
export function groupCommit(options: GroupCommitOptions): GroupCommit {
  const { blocks, refs, ref, commits, nodes, facts, profile, now } = options
  const closing = new AbortController()
  const call: BlockCall = { signal: closing.signal }
  let queue: Waiting[] = []
  let running: Promise<void> | undefined
  /** The newest commit that this process knows of, while it is likely to be the newest of all. */
  let known: { readonly head: Commit | undefined } | undefined

  function takeGroup(): Waiting[] {
    const keys = new Set<string>()
    const group: Waiting[] = []
    queue = queue.filter((waiting) => waiting.state === 'waiting')
    for (const waiting of queue) {
      const { change } = waiting
      const alone = change.message !== undefined
      if (group.length >= groupMax || (alone && group.length > 0) || change.keys.some((key) => keys.has(key))) break
      for (const key of change.keys) keys.add(key)
      group.push(waiting)
      if (alone) break
    }
    queue = queue.slice(group.length)
    for (const waiting of group) waiting.state = 'taken'
    return group
  }

  async function run(): Promise<void> {
    // Whoever submits in the same turn of the event loop belongs to the same group.
    await Promise.resolve()
    while (queue.length > 0) {
      const group = takeGroup()
      if (group.length === 0) continue
      try {
        const outcomes = await commitGroup(group.map(({ change }) => change))
        for (const [index, outcome] of outcomes.entries()) group[index]?.settle(outcome)
      } catch (error) {
        known = undefined
        await nodes.settled().catch(() => undefined)
        for (const { settle } of group) settle({ error })
      }
    }
    running = undefined
  }

  async function commitGroup(changes: readonly Change<unknown>[]): Promise<Outcome[]> {
    using _ = blocks.lease?.()
    let fresh = known === undefined
    let head = known === undefined ? await commits.head(call) : known.head
    for (let lost = 0; lost < lostMax; lost++) {
      const { tried, made } = await apply(changes, head)
      if (made === undefined) {
        if (fresh || (await refs.get(ref, call)) === head?.cid) {
          known = { head }
          return tried.map((each) => outcomeOf(each, undefined))
        }
      } else if (await swap(head, made)) {
        known = { head: made }
        return tried.map((each) => outcomeOf(each, made))
      }
      if (lost > 2) await pause(Math.random() * Math.min(longestPauseMs, 2 ** (lost - 2)))
      known = undefined
      head = await commits.head(call)
      fresh = true
    }
    throw storageError('Conflict', `others have committed ${lostMax} times since; nothing was changed`, {
      retry: 'safe',
    })
  }

  /** The changes on top of a commit; `made` is what is to become the newest, where anything changes. */
  async function apply(
    changes: readonly Change<unknown>[],
    head: Commit | undefined,
  ): Promise<{ readonly tried: readonly Tried[]; readonly made: Commit | undefined }> {
    const tree = treeOf(nodes, facts, head?.root, { ...call, profile })
    const tried: Tried[] = []
    for (const change of changes) {
      tried.push(
        await tree
          .whole(() => change.apply(tree, head))
          .then(
            (result) => ({ result }),
            (error: unknown) => ({ error }),
          ),
      )
    }
    const root = await tree.flush()
    if (root === undefined) return { tried, made: undefined }
    // One with a message is alone in its group.
    const [first] = changes
    const { commit, bytes } = encodeCommit({ root, parent: head?.cid, time: now(), message: first?.message })
    await Promise.all([blocks.put(commit.cid, bytes, call), nodes.settled()])
    commits.remember(commit)
    return { tried, made: commit }
  }

  /** Whether the commit is the newest now, or has been. */
  async function swap(head: Commit | undefined, made: Commit): Promise<boolean> {
    try {
      return await refs.compareAndSwap(ref, head?.cid, made.cid, call)
    } catch (error) {
      if (!isStorageError(error) || error.applied === 'no') throw error
      let newest = await commits.head(call).catch(() => undefined)
      if (newest === undefined || newest.cid === head?.cid) throw error
      // The answer was lost. Every commit since has the one that was replaced below it, so the way down tells.
      while (newest !== undefined && newest.cid !== head?.cid) {
        if (newest.cid === made.cid) return true
        newest = newest.parent === undefined ? undefined : await commits.load(newest.parent, call)
      }
      return false
    }
  }

  return {
    submit<Result>(change: Change<Result>, { signal }: BlockCall): Promise<Published<Result>> {
      const letGo = (): void => change.lease?.[Symbol.dispose]()
      for (const each of [signal, closing.signal]) {
        if (!each.aborted) continue
        letGo()
        return Promise.reject(abortError(each))
      }
      let entry: Waiting | undefined
      const settled = new Promise<Published<Result>>((resolve, reject) => {
        entry = {
          change,
          state: 'waiting',
          settle(outcome) {
            letGo()
            if ('error' in outcome) reject(toStorageError(outcome.error))
            // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the result of this very change
            else resolve(outcome.published as Published<Result>)
          },
        }
        queue.push(entry)
      })
      running ??= run()
      return untilAborted(signal, settled).catch((error: unknown) => {
        if (!signal.aborted || entry === undefined) throw error
        if (entry.state === 'waiting') {
          entry.state = 'left'
          letGo()
        } else if (isStorageError(error) && error.applied === 'no') {
          throw storageError('Aborted', 'cancelled while the change was being committed', {
            cause: error,
            applied: 'maybe',
          })
        }
        throw error
      })
    },
    async close() {
      closing.abort(storageError('Aborted', 'the store was closed'))
      for (const { settle, state } of queue) if (state === 'waiting') settle({ error: abortError(closing.signal) })
      queue = []
      await running
    },
  }
}

function outcomeOf(tried: Tried, commit: Commit | undefined): Outcome {
  return 'error' in tried ? tried : { published: { result: tried.result, commit } }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
