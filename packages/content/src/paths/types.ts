import type { Backend, Etag } from '@kit/core'
import type { Profile } from '../unixfs/index.ts'
import type { BlockCall, BlockReader, BlockWriter } from '../verify/index.ts'
import type { ConditionScope } from './capabilities.ts'

/** Where blocks are kept that a tree is made of. */
export interface PathsBlocks extends BlockReader, BlockWriter {
  /**
   * Until it is disposed, no collection takes away a block that was put since, or that was put again since. Held from a write's first block
   * until its commit is published. A store that never collects leaves it out.
   */
  lease?(): Disposable
}

/** Names that point at commits, and can be moved by compare-and-swap. */
export interface Refs {
  /** The CID that a name points at, or nothing. Never older than the last swap that resolved. */
  get(name: string, call: BlockCall): Promise<string | undefined>
  /**
   * Points the name at `to`, if it points at `from` (`undefined`: if there is no such name), in one step for every client. `false`: it does not,
   * and nothing was changed. Blocks that were put before are at least as durable as the swap. A swap whose outcome is not known rejects with
   * `applied: 'maybe'`.
   */
  compareAndSwap(name: string, from: string | undefined, to: string, call: BlockCall): Promise<boolean>
}

/** How much history is kept: a commit stays while either says so. The newest always stays. */
export interface Retention {
  /** The last so many commits. Default 100. */
  readonly last?: number | undefined
  /** Commits of the last so many days. Default: none for their age. */
  readonly days?: number | undefined
}

export interface PathsOptions {
  /** The name in `refs`. Default `main`. */
  readonly ref?: string | undefined
  /** How files and directories become blocks. Default `unixfs-v1-2025`. */
  readonly profile?: Profile | undefined
  readonly keep?: Retention | undefined
  /** What a resolved write survives: the weaker of what blocks and refs promise. Default `process`. */
  readonly durable?: 'process' | 'power' | undefined
  /** Whom conditions protect against: how far the compare-and-swap of `refs` reaches. Default `store`. */
  readonly conditionScope?: ConditionScope | undefined
  /** Of the commits. Default: the clock. */
  readonly now?: (() => Date) | undefined
}

/** One state of the whole tree. As a block: `docs/formats/paths-over-content.md`. */
export interface Commit {
  readonly cid: string
  /** The directory that is the tree's root. */
  readonly root: string
  /** The commit before, absent in the first. */
  readonly parent?: string | undefined
  readonly time: Date
  readonly message?: string | undefined
}

/** One path on which two trees differ. `from` and `to` are CIDs of what is there, absent where nothing is. */
export interface TreeChange {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly kind: 'file' | 'directory' | 'link'
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/**
 * A tree of files under names, over content: a backend with paths, conditions and versions, and the history beside it. Etags are CIDs.
 * An object's `version` is the CID of the commit that made it.
 */
export interface Paths extends Backend {
  /** The newest commit; `undefined` while nothing was ever written. */
  head(call: BlockCall): Promise<Commit | undefined>
  /** Kept commits, the newest first. What is not kept is never given, whether its blocks are still there or not. */
  history(call: BlockCall): AsyncIterable<Commit>
  /**
   * What differs between two kept commits (or roots), by their CIDs; subtrees that are equal are not read. `from` undefined is the empty tree.
   * A directory that is only in one of them is told with everything below it. In no order.
   */
  diff(from: string | undefined, to: string, call: BlockCall): AsyncIterable<TreeChange>
  /**
   * Makes a path, or with `''` the whole tree, what it was in a kept commit, as a new commit; a path that was not there is removed.
   * `ifMatch`: the newest commit that it may replace. @throws NotFound for a commit that is not kept
   */
  restore(
    path: string,
    commit: string,
    options: { readonly ifMatch?: Etag | undefined; readonly message?: string | undefined },
    call: BlockCall,
  ): Promise<Commit>
  /**
   * What collection must keep for this tree: of each kept commit its own block (the commit before it only while that is kept too) and everything
   * below its root. Blocks named here may be shared.
   */
  retained(call: BlockCall): AsyncIterable<{ readonly commit: string; readonly root: string }>
}
