import { checkBlock } from '@kit/content'
import type { Bytes } from '@kit/core'

/** The last blocks that came, up to so many bytes. */
export interface RecentBlocks {
  add(cid: string, bytes: Bytes): void
  get(cid: string): Bytes | undefined
}

/** A block is checked again when it is given again: whoever had it first may have changed its bytes. */
export function recentBlocks(maxBytes: number): RecentBlocks {
  const blocks = new Map<string, Bytes>()
  let held = 0
  const drop = (cid: string): void => {
    held -= blocks.get(cid)?.byteLength ?? 0
    blocks.delete(cid)
  }
  return {
    add(cid, bytes) {
      drop(cid)
      blocks.set(cid, bytes)
      held += bytes.byteLength
      for (const [oldest] of blocks) {
        if (held <= maxBytes && blocks.size <= maxCount) break
        drop(oldest)
      }
    },
    get(cid) {
      const bytes = blocks.get(cid)
      if (bytes === undefined) return undefined
      try {
        checkBlock(cid, bytes)
        return bytes
      } catch {
        drop(cid)
        return undefined
      }
    },
  }
}

/** So that the smallest blocks do not cost more by their names than by their bytes. */
const maxCount = 10_000
