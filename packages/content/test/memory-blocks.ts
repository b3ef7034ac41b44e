import type { Bytes } from '@kit/core'
import { storageError } from '@kit/core'
import type { BlockReader, BlockWriter } from '../src/verify/index.ts'

/** Blocks in memory, which remembers what it was asked for. */
export interface MemoryBlocks extends BlockReader, BlockWriter {
  readonly blocks: Map<string, Bytes>
  /** CIDs in the order in which they were read. */
  readonly reads: string[]
}

export function memoryBlocks(from: Iterable<readonly [string, Bytes]> = []): MemoryBlocks {
  const blocks = new Map(from)
  const reads: string[] = []
  return {
    blocks,
    reads,
    async get(cid) {
      reads.push(cid)
      const bytes = blocks.get(cid)
      if (bytes === undefined) throw storageError('NotFound', `no block ${cid}`)
      return bytes.slice()
    },
    put(cid, bytes) {
      blocks.set(cid, bytes.slice())
    },
  }
}

export const never: AbortSignal = new AbortController().signal

/** Bytes that are the same in every run. */
export function patternBytes(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}
