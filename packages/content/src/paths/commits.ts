import { errorCode, storageError } from '@kit/core'
import { type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import { decodeCommit } from './commit.ts'
import { lostBlock } from './lost-block.ts'
import { recent } from './recent.ts'
import type { Commit, Refs, Retention } from './types.ts'

const keptInMemory = 4096
const millisecondsOfDay = 86_400_000

/** The commits that a name leads to. */
export interface Commits {
  head(call: BlockCall): Promise<Commit | undefined>
  load(cid: string, call: BlockCall): Promise<Commit>
  /** A commit that was just made. */
  remember(commit: Commit): void
  /** Those that are kept, from one of them on. */
  kept(head: Commit | undefined, call: BlockCall): AsyncGenerator<Commit>
  /** @throws NotFound where the commit is not kept */
  find(cid: string, call: BlockCall): Promise<Commit>
}

export function commitsOf(
  reader: BlockReader,
  refs: Refs,
  { ref, keep, now }: { readonly ref: string; readonly keep: Retention; readonly now: () => Date },
): Commits {
  const blocks = verified(reader)
  const known = recent<Commit>(keptInMemory)
  const last = keep.last ?? 100

  /** @throws NotFound for one that is gone */
  async function look(cid: string, call: BlockCall): Promise<Commit> {
    const found = known.get(cid)
    if (found !== undefined) return found
    const commit = decodeCommit(cid, await blocks.get(cid, call))
    known.set(cid, commit)
    return commit
  }

  const load = (cid: string, call: BlockCall): Promise<Commit> => look(cid, call).catch(lostBlock)

  async function head(call: BlockCall): Promise<Commit | undefined> {
    const cid = await refs.get(ref, call)
    return cid === undefined ? undefined : load(cid, call)
  }

  async function* kept(from: Commit | undefined, call: BlockCall): AsyncGenerator<Commit> {
    const since = keep.days === undefined ? Infinity : now().getTime() - keep.days * millisecondsOfDay
    let commit = from
    for (let count = 0; commit !== undefined; count++) {
      if (count > 0 && count >= last && commit.time.getTime() < since) return
      yield commit
      commit = commit.parent === undefined ? undefined : await parentOf(commit, count + 1, call)
    }
  }

  /** Where only the age keeps a commit, its block may be gone: that it is too old is known only from itself. */
  async function parentOf({ parent }: Commit, count: number, call: BlockCall): Promise<Commit | undefined> {
    if (parent === undefined || (count >= last && keep.days === undefined)) return undefined
    return look(parent, call).catch((error: unknown) => {
      if (count >= last && errorCode(error) === 'NotFound') return undefined
      return lostBlock(error)
    })
  }

  return {
    head,
    load,
    kept,
    remember: (commit) => known.set(commit.cid, commit),
    async find(cid, call) {
      for await (const commit of kept(await head(call), call)) if (commit.cid === cid) return commit
      throw storageError(
        'NotFound',
        `there is no version ${JSON.stringify(cid.slice(0, 100))}, or it is no longer kept`,
      )
    },
  }
}
