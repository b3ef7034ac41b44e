import type { Block, BlockWriter } from '@kit/content'
import type { Bytes, CallOptions, Store } from '@kit/core'

/** Bytes of blocks that wait for the store at once. */
const waitingMaxBytes = 8 << 20

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
  const putting = store.blocks.putMany(queue.blocks, call).catch((error: unknown) => {
    failure = { error }
    queue.fail(error)
  })
  let result: Result
  try {
    result = await work(queue)
    queue.end()
  } catch (error) {
    queue.fail(error)
    await putting
    throw failure?.error ?? error
  }
  await putting
  if (failure !== undefined) throw failure.error
  return result
}

interface BlockQueue extends BlockWriter {
  readonly blocks: AsyncIterable<Block>
  end(): void
  /** Both sides fail from now on. */
  fail(error: unknown): void
}

/** What one side writes and the other pulls. */
function blockQueue(): BlockQueue {
  const waiting: Block[] = []
  const state: { bytes: number; ended: boolean; failure: { readonly error: unknown } | undefined } = {
    bytes: 0,
    ended: false,
    failure: undefined,
  }
  let changed = Promise.withResolvers<void>()
  const tell = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  async function* blocks(): AsyncGenerator<Block> {
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
    blocks: blocks(),
    async put(cid: string, block: Bytes) {
      while (state.bytes > waitingMaxBytes && state.failure === undefined) await changed.promise
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
