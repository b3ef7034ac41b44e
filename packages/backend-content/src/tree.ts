import { parseCid, paths, type BlockCall, type Paths, type Profile, type Retention } from '@kit/content'
import type { Backend, ByteStream, Context, ReadResult } from '@kit/core'
import type { Durable } from '@kit/core/log'
import type { Lease, Leases } from './leases.ts'
import type { Packs } from './packs.ts'
import { headRef, refsOf } from './refs.ts'

export interface TreeOptions {
  readonly profile: Profile
  readonly keep: Retention
  readonly durable: Durable
}

/** How the store is reached: as it was opened, or with what another process has written since. */
export interface Reaching {
  opened(call: BlockCall): Promise<Packs>
  current(call: BlockCall): Promise<Packs>
}

/** The tree of files under names, over the blocks and the one name of this store. */
export function treeOf({ opened, current }: Reaching, leases: Leases, options: TreeOptions): Paths {
  return paths(
    {
      get: async (cid, call) => (await opened(call)).get(parseCid(cid), call),
      // The swap that makes them count comes after them in the log, and waits for the disk.
      put: async (cid, bytes, call) => (await opened(call)).put(parseCid(cid), bytes, 'process'),
      lease: () => leases.begin(undefined),
    },
    refsOf(current),
    { ref: headRef, conditionScope: 'store', ...options },
  )
}

/** The tree as it was at a commit, for looking at its history. */
export function frozenTree(packs: Packs, head: string, keep: Retention): Paths {
  const reader = { get: (cid: string, call: BlockCall) => packs.get(parseCid(cid), call), put: () => undefined }
  const refs = { get: async () => head, compareAndSwap: async () => false }
  return paths(reader, refs, { ref: headRef, keep })
}

const answering = ['stat', 'write', 'delete', 'batch', 'copy', 'move', 'append', 'update'] as const
const telling = ['list', 'deleteMany', 'versions', 'search'] as const
const groups = { directories: ['make', 'remove'], links: ['make'] } as const

type Hold = (call: BlockCall) => Promise<Lease>

/**
 * The same tree. During each call, and while a body is read, the kept history of what was then the newest commit stays, however much is written
 * and collected meanwhile.
 */
export function holdingHistory(tree: Paths, hold: Hold): Paths {
  const held: Record<string, unknown> = { ...holdingAll(tree, answering, hold) }
  for (const [group, names] of Object.entries(groups)) {
    const owner: unknown = Reflect.get(tree, group)
    if (typeof owner === 'object' && owner !== null) held[group] = holdingAll(owner, names, hold)
  }
  for (const name of telling) {
    const method: Method | undefined = tree[name]
    if (method === undefined) continue
    held[name] = async function* (context: Context, ...all: unknown[]): AsyncGenerator {
      using _ = await hold(context)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what these methods give
      yield* Reflect.apply(method, tree, [context, ...all]) as AsyncIterable<unknown>
    }
  }
  const read: Backend['read'] = async (context, key, options) => {
    const lease = await hold(context)
    let result: ReadResult | undefined
    try {
      result = await tree.read(context, key, options)
    } finally {
      if (result === undefined || result.body instanceof Uint8Array) lease[Symbol.dispose]()
    }
    return result.body instanceof Uint8Array ? result : { ...result, body: releasing(result.body, lease) }
  }
  const restore: Paths['restore'] = (path, commit, options, call) =>
    holding(hold, call, () => tree.restore(path, commit, options, call))
  return { ...tree, ...held, read, restore }
}

type Method = (...all: never[]) => unknown

function holdingAll(owner: object, names: readonly string[], hold: Hold): Record<string, unknown> {
  const held: Record<string, unknown> = {}
  for (const name of names) {
    const method: unknown = Reflect.get(owner, name)
    if (typeof method !== 'function') continue
    held[name] = (context: Context, ...all: unknown[]): Promise<unknown> =>
      holding(hold, context, async () => Reflect.apply(method, owner, [context, ...all]))
  }
  return held
}

async function holding<Result>(hold: Hold, call: BlockCall, work: () => Promise<Result>): Promise<Result> {
  const lease = await hold(call)
  try {
    return await work()
  } finally {
    // One that was given up may still be in a group that is being committed.
    if (call.signal.aborted) lease.endAfterOthers()
    else lease[Symbol.dispose]()
  }
}

/** The same stream; the lease ends with it. */
function releasing(stream: ByteStream, lease: Disposable): ByteStream {
  return {
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]()
      return {
        async next() {
          let more = false
          try {
            const step = await inner.next()
            more = step.done !== true
            return step
          } finally {
            if (!more) lease[Symbol.dispose]()
          }
        },
        async return() {
          lease[Symbol.dispose]()
          await inner.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
