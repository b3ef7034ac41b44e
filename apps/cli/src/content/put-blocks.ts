import type { Block, BlockWriter } from '@kit/content'
import { errorCode, type Bytes, type CallOptions, type Store } from '@kit/core'

/** Bytes of blocks that wait for the store at once, and how many. */
const waitingMaxBytes = 8 << 20
const waitingMost = 256
/** Blocks that are put at once, where a store takes them one by one. */
const atOnce = 8

/**
 * Gives the blocks that some work makes to a store in one call, so that none of them is collected before the last has come. The blocks of work
 * that failed stay in the store, under no pin.
 */
export async function putBlocks<Result>(
  store: Store,
  call: CallOptions,
  work: (writer: BlockWriter) => Promise<Result>,
): Promise<Result> {
  const queue = blockQueue()
  let failure: { readonly error: unknown } | undefined
  const putting = putAll(store, call, queue).catch((error: unknown) => {
    failure = { error }
    queue.fail(error)
  })
  let result: Result
  try {
    result = await work(queue)
    queue.end()
  } catch (error) {
    // Where the store failed first, the work failed by that; else what the store says now is an echo of it.
    const first = failure ?? { error }
    queue.fail(error)
    await putting
    throw first.error
  }
  await putting
  if (failure !== undefined) throw failure.error
  return result
}

async function putAll(store: Store, call: CallOptions, queue: BlockQueue): Promise<void> {
  try {
    await store.blocks.putMany(queue.blocks(), call)
  } catch (error) {
    // A store that takes them one by one has asked for none yet.
    if (errorCode(error) !== 'Unsupported' || queue.pulled) throw error
    const turn = async (): Promise<void> => {
      for await (const { cid, bytes } of queue.blocks()) await store.blocks.put(cid, bytes, call)
    }
    await Promise.all(Array.from({ length: atOnce }, turn))
  }
}

interface BlockQueue extends BlockWriter {
  /** Several that go through it share the blocks. */
  blocks(): AsyncIterable<Block>
  /** Whether any was asked for. */
  readonly pulled: boolean
  end(): void
  /** Both sides fail from now on. */
  fail(error: unknown): void
}

/** What one side writes and the other pulls. */
function blockQueue(): BlockQueue {
  const waiting: Block[] = []
  const state: { bytes: number; pulled: boolean; ended: boolean; failure: { readonly error: unknown } | undefined } = {
    bytes: 0,
    pulled: false,
    ended: false,
    failure: undefined,
  }
  let changed = Promise.withResolvers<void>()
  const tell = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  async function* blocks(): AsyncGenerator<Block> {
    state.pulled = true
    for (;;) {
      if (state.failure !== undefined) throw state.failure.error
      const block = waiting.shift()
      if (block === undefined) {
        if (state.ended) return
        await changed.promise
        continue
      }
      state.bytes -= block.bytes.byteLength
      tell()
      yield block
    }
  }
  return {
    blocks,
    get pulled() {
      return state.pulled
    },
    async put(cid: string, block: Bytes) {
      const full = (): boolean => state.bytes > waitingMaxBytes || waiting.length >= waitingMost
      while (full() && state.failure === undefined) await changed.promise
      if (state.failure !== undefined) throw state.failure.error
      // The caller has its buffer back as soon as this resolves.
      waiting.push({ cid, bytes: block.slice() })
      state.bytes += block.byteLength
      tell()
    },
    end() {
      state.ended = true
      tell()
    },
    fail(error) {
      state.failure ??= { error }
      tell()
    },
  }
}
