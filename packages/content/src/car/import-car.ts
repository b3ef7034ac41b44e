import { type ByteStream, type Bytes, type Source, storageError } from '@kit/core'
import { hashCodes, parseCid } from '../cid/index.ts'
import { linksOf } from '../codecs/index.ts'
import { putWindow } from '../unixfs/put-window.ts'
import { type BlockWriter } from '../verify/index.ts'
import { type CarLimits, readCar } from './read-car.ts'

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
  await using car = await readCar(streamOf(source), { signal, limits })
  const window = putWindow(writer, { signal }, underWay)
  const census = onMissing && censusOf(car.roots)
  try {
    for await (const { cid, bytes } of car.blocks) {
      census?.add(cid, bytes)
      const waiting = parseCid(cid).hash === hashCodes.identity ? undefined : window.put(cid, bytes)
      if (waiting !== undefined) await waiting
      onBytes?.(bytes.byteLength)
    }
    await window.done()
  } finally {
    await window.settle()
  }
  if (census !== undefined) for (const cid of census.missing()) onMissing?.(cid)
  return [...car.roots]
}

function streamOf(source: Source): ByteStream {
  const stream = source.open(0)
  if (stream === null) throw storageError('Conflict', 'the source has been read already and gives its bytes only once')
  return stream
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
