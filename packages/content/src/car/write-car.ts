import type { Bytes, ByteStream } from '@kit/core'
import { parseCid } from '../cid/index.ts'
import { varintLength, writeVarint } from '../cid/varint.ts'
import type { Block } from '../dag/index.ts'
import { encodeHeader } from './header.ts'

/** Small sections are put together up to this many bytes, so that no stream of tiny chunks is made. */
const chunkBytes = 64 << 10

/**
 * A CAR of version 1 of these blocks in this order. The blocks are the stream's from then on: their bytes go out as they are. Nothing is
 * checked; `walkDag` gives checked blocks.
 */
export async function* writeCar(car: {
  readonly roots: readonly string[]
  readonly blocks: AsyncIterable<Block> | Iterable<Block>
}): ByteStream {
  let held: Bytes[] = [encodeHeader(car.roots)]
  let heldBytes = held[0]?.byteLength ?? 0
  const joined = (): Bytes => {
    const target = new Uint8Array(heldBytes)
    let at = 0
    for (const part of held) {
      target.set(part, at)
      at += part.byteLength
    }
    held = []
    heldBytes = 0
    return target
  }
  for await (const { cid, bytes } of car.blocks) {
    const prefix = sectionPrefix(cid, bytes.byteLength)
    held.push(prefix)
    heldBytes += prefix.byteLength
    if (bytes.byteLength >= chunkBytes) {
      yield joined()
      yield bytes
      continue
    }
    held.push(bytes)
    heldBytes += bytes.byteLength
    if (heldBytes >= chunkBytes) yield joined()
  }
  if (heldBytes > 0) yield joined()
}

/** What stands before a block: the length of the section and the CID. */
function sectionPrefix(cid: string, length: number): Bytes {
  const name = parseCid(cid).bytes
  const section = name.byteLength + length
  const target = new Uint8Array(varintLength(section) + name.byteLength)
  target.set(name, writeVarint(target, 0, section))
  return target
}
