import type { Bytes } from '@kit/core'
import type { BlockReader } from '../verify/index.ts'

/** Blocks that are remembered: those that one step looks at twice. */
const most = 4

/** The same reader for one path resolution: the last few blocks are not read again, and each is told to `onBlock`. */
export function remembering(reader: BlockReader, onBlock?: (cid: string) => void): BlockReader {
  const last = new Map<string, Promise<Bytes>>()
  return {
    async get(cid, call) {
      let reading = last.get(cid)
      if (reading === undefined) {
        reading = reader.get(cid, call)
        last.set(cid, reading)
        for (const oldest of last.keys()) if (last.size > most) last.delete(oldest)
        onBlock?.(cid)
      }
      return await reading
    },
  }
}
