import { type Bytes, type Source, throwIfAborted } from '@kit/core'
import { hashCodes } from '../cid/index.ts'
import { linksOf } from '../codecs/index.ts'
import { bufferPool } from '../unixfs/buffers.ts'
import { putWindow } from '../unixfs/put-window.ts'
import { type BlockWriter, checkBlock } from '../verify/index.ts'
import { piecesOf } from './pieces.ts'
import { type CarLimits, maxSectionBytes, openCar } from './read-car.ts'

export interface ImportCarOptions {
  readonly signal: AbortSignal
  readonly limits?: CarLimits | undefined
  /**
   * Told, behind the last block, of each root that is not in the CAR, and of each CID that a block of it links to that is not. Asking
   * for it costs memory: the CIDs of all blocks are remembered.
   */
  readonly onMissing?: ((cid: string) => void) | undefined
  /** Told of each block that has been checked, in bytes. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Blocks that may be on their way to the writer at once. */
const underWay = 8

/**
 * Gives the blocks of a CAR to the writer, each after it has been checked, and returns the roots that the CAR names. When it fails, the
 * blocks before stay. A block that its own CID holds (an identity CID) is not written.
 * @throws as `readCar` and its blocks do; what the source, or the writer, failed with.
 */
export async function importCar(source: Source, writer: BlockWriter, options: ImportCarOptions): Promise<string[]> {
  const { signal, limits, onMissing, onBytes } = options
  await using car = await openCar(await piecesOf(source, signal), limits)
  const window = putWindow(writer, { signal }, underWay)
  const census = onMissing && censusOf(car.roots)
  try {
    for await (const { cid, data, release } of car.sections(bufferPool(maxSectionBytes, underWay + 2))) {
      throwIfAborted(signal)
      checkBlock(cid, data)
      census?.add(cid.text, data)
      if (cid.hash === hashCodes.identity) release?.()
      else {
        const waiting = window.put(cid.text, data, release)
        if (waiting !== undefined) await waiting
      }
      onBytes?.(data.byteLength)
    }
    await window.done()
  } finally {
    await window.settle()
  }
  if (census !== undefined) for (const cid of census.missing()) onMissing?.(cid)
  return [...car.roots]
}

function censusOf(roots: readonly string[]): {
  add(cid: string, bytes: Bytes): void
  missing(): Iterable<string>
} {
  const present = new Set<string>()
  const wanted = new Set(roots)
  return {
    add(cid, bytes) {
      if (present.has(cid)) return
      present.add(cid)
      wanted.delete(cid)
      for (const link of linksOf(cid, bytes)) if (!present.has(link)) wanted.add(link)
    },
    missing: () => wanted,
  }
}
