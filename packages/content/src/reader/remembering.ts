import type { BlockReader } from '../verify/index.ts'
import type { Block } from '../dag/index.ts'

/** Blocks that are remembered: those that one step looks at twice. */
const most = 4

/** The same reader for one path resolution: the last few blocks are not read again, and each is told once to `onBlock`. */
export function remembering(reader: BlockReader, onBlock?: (block: Block) => void): BlockReader {
  const last = new Map<string, Promise<Block>>()
  return {
    async get(cid, call) {
      let reading = last.get(cid)
      if (reading === undefined) {
        reading = reader.get(cid, call).then((bytes) => ({ cid, bytes }))
        last.set(cid, reading)
        for (const oldest of last.keys()) if (last.size > most) last.delete(oldest)
        const block = await reading
        onBlock?.(block)
      }
      return (await reading).bytes
    },
  }
}
