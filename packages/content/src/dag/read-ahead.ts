import { type Bytes, untilAborted } from '@kit/core'
import type { BlockCall, BlockReader } from '../verify/blocks.ts'

/** What is still to be read. */
export interface Pending {
  readonly cid: string
  /** Not read before its turn, unless it is the very next: it leads to more, and must not take the room of what comes before. */
  readonly branch?: boolean | undefined
}

/** A stack of blocks of which the next few are already on their way. */
export interface ReadAhead<Item extends Pending> {
  readonly size: number
  /** Puts items on top, the first of them uppermost. */
  push(items: readonly Item[]): void
  /** Takes the top item off, without its block. */
  drop(): void
  top(): Item | undefined
  /** Takes the top item off with its block. */
  take(): Promise<{ readonly item: Item; readonly bytes: Bytes }>
  /** Gives up everything that is on its way. */
  [Symbol.dispose](): void
}

/** Blocks that are on their way at once, unless the caller says otherwise: at 2 MiB a block 16 MiB. */
const readAheadBlocks = 8

/**
 * Depth-first order of a DAG whose blocks take time to come: memory is bounded by `most` blocks. `skip`: an item that need not be read
 * before its turn.
 */
export function readAhead<Item extends Pending>(
  reader: BlockReader,
  { signal }: BlockCall,
  most: number = readAheadBlocks,
  skip: (item: Item) => boolean = () => false,
): ReadAhead<Item> {
  // The top is at the end.
  const stack: { readonly item: Item; coming?: Promise<Bytes> }[] = []
  const ended = new AbortController()
  const call = { signal: AbortSignal.any([signal, ended.signal]) }
  let onTheirWay = 0

  const begin = (place: { readonly item: Item; coming?: Promise<Bytes> }): Promise<Bytes> => {
    onTheirWay++
    const coming = untilAborted(call.signal, reader.get(place.item.cid, call))
    // Told when its turn comes, or to nobody where the reading ended before.
    coming.catch(() => undefined)
    place.coming = coming
    return coming
  }
  const beginNext = (): void => {
    // The top is on its way already.
    for (let depth = 2; depth <= most; depth++) {
      const place = stack.at(-depth)
      if (place === undefined || onTheirWay >= most) return
      if (place.coming === undefined && place.item.branch !== true && !skip(place.item)) void begin(place)
    }
  }
  const drop = (): void => {
    if (stack.pop()?.coming !== undefined) onTheirWay--
  }
  return {
    get size() {
      return stack.length
    },
    push(items) {
      for (let at = items.length - 1; at >= 0; at--) {
        const item = items[at]
        if (item !== undefined) stack.push({ item })
      }
    },
    drop,
    top: () => stack.at(-1)?.item,
    async take() {
      const place = stack.at(-1)
      if (place === undefined) throw new RangeError('nothing is left to read')
      const coming = place.coming ?? begin(place)
      beginNext()
      const bytes = await coming
      drop()
      return { item: place.item, bytes }
    },
    [Symbol.dispose]() {
      ended.abort()
    },
  }
}
