import { parseCid, type BlockCall, type Retention } from '@kit/content'
import { storageError, throwIfAborted, type Blocks } from '@kit/core'
import { collect } from './collect.ts'
import { checkedBlock, type Packs } from './packs.ts'

/** Blocks whose bytes wait for the disk together. */
const atOnce = 32

export function readingBlocks(opened: (call: BlockCall) => Promise<Packs>): Blocks {
  return {
    get: async (context, cid) => (await opened(context)).get(parseCid(cid), context),
    has: async (context, cid) => (await opened(context)).has(parseCid(cid)),
  }
}

export function blocksGroup(opened: (call: BlockCall) => Promise<Packs>, keep: Retention): Blocks {
  let collecting = false
  return {
    ...readingBlocks(opened),
    async put(context, text, bytes) {
      const cid = checkedBlock(text, bytes)
      const packs = await opened(context)
      throwIfAborted(context.signal)
      await packs.put(cid, bytes, packs.durable)
    },
    async putMany(context, blocks) {
      const packs = await opened(context)
      using _ = packs.leases.begin(undefined)
      const underWay = new Set<Promise<void>>()
      try {
        for await (const { cid, bytes } of blocks) {
          throwIfAborted(context.signal)
          const putting = packs.put(checkedBlock(cid, bytes), bytes, 'process').finally(() => underWay.delete(putting))
          underWay.add(putting)
          putting.catch(() => undefined)
          if (underWay.size >= atOnce) await Promise.race(underWay)
        }
        await Promise.all(underWay)
      } finally {
        await Promise.allSettled(underWay)
      }
      await packs.settle()
    },
    async *collect(context) {
      const packs = await opened(context)
      if (collecting) throw storageError('Conflict', 'a collection is under way; wait until it has ended')
      collecting = true
      try {
        yield* collect(packs, keep, context)
      } finally {
        collecting = false
      }
    },
  }
}
