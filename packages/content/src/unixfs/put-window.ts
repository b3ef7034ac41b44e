import type { Bytes } from '@kit/core'
import type { BlockCall, BlockWriter } from '../verify/blocks.ts'

/** Writes blocks, some of them at once. */
export interface PutWindow {
  /** Waits while as many are under way as may be. `settled` is told when the bytes are free again. @throws what an earlier one failed with */
  put(cid: string, bytes: Bytes, settled?: () => void): Promise<void> | void
  /** Waits for all. @throws what one of them failed with */
  done(): Promise<void>
  /** Waits for all, whatever becomes of them. */
  settle(): Promise<void>
}

export function putWindow(writer: BlockWriter, call: BlockCall, most: number): PutWindow {
  const underWay = new Set<Promise<void>>()
  let failed: { readonly error: unknown } | undefined
  const check = (): void => {
    if (failed !== undefined) throw failed.error
  }
  const room = async (): Promise<void> => {
    while (underWay.size >= most) await Promise.race(underWay)
    check()
  }
  return {
    put(cid, bytes, settled) {
      check()
      const putting = writer.put(cid, bytes, call)
      if (putting === undefined) {
        settled?.()
        return
      }
      const ended = putting
        .catch((error: unknown) => {
          failed ??= { error }
        })
        .then(() => {
          underWay.delete(ended)
          settled?.()
        })
      underWay.add(ended)
      if (underWay.size >= most) return room()
    },
    async done() {
      await Promise.all(underWay)
      check()
    },
    async settle() {
      await Promise.all(underWay)
    },
  }
}
