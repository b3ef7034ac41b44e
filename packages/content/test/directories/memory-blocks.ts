import { storageError, type Bytes } from '@kit/core'
import { checkBlock, type BlockReader, type BlockWriter } from '../../src/index.ts'

/** Blocks in memory, that counts what is asked of it. */
export interface MemoryBlocks extends BlockReader, BlockWriter {
  readonly blocks: Map<string, Bytes>
  readonly reads: string[]
  readonly writes: string[]
}

export function memoryBlocks(): MemoryBlocks {
  const blocks = new Map<string, Bytes>()
  const reads: string[] = []
  const writes: string[] = []
  return {
    blocks,
    reads,
    writes,
    async get(cid) {
      reads.push(cid)
      const bytes = blocks.get(cid)
      if (bytes === undefined) throw storageError('NotFound', `there is no block ${cid}`)
      return bytes
    },
    async put(cid, bytes) {
      checkBlock(cid, bytes)
      writes.push(cid)
      blocks.set(cid, bytes.slice())
    },
  }
}
