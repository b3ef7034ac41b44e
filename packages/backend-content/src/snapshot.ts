import { storageError, type Bytes } from '@kit/core'
import type { Snapshot } from '@kit/core/log'
import { rowBytes, type BlockIndex } from './block-index.ts'
import { changeLines, readLines } from './records.ts'
import type { State } from './state.ts'

/** `KCS`, version 1, then bytes of the state and rows of the index as two numbers of 64 bits. */
const headerBytes = 20
const magic = 0x4b435301
const changesInPiece = 10_000

/** The state and the index as they are now. Rows may be newer where they are pulled late: what came after is dropped again when it is read. */
export function saveState(index: BlockIndex, state: State): Iterable<Bytes> {
  const changes = state.changes()
  const lines: Bytes[] = []
  for (let at = 0; at < changes.length; at += changesInPiece) {
    lines.push(changeLines(changes.slice(at, at + changesInPiece)))
  }
  const { rows } = index
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setUint32(0, magic)
  view.setBigUint64(4, BigInt(lines.reduce((sum, { byteLength }) => sum + byteLength, 0)), true)
  view.setBigUint64(12, BigInt(rows), true)
  return (function* () {
    yield header
    yield* lines
    yield* index.dump(rows)
  })()
}

/**
 * Takes in a snapshot. Rows of segments that are gone are those of blocks that were collected; rows after what it covers may tell of records that
 * a power cut took.
 */
export async function loadState(
  { covers, read }: Snapshot,
  segments: ReadonlySet<number>,
  index: BlockIndex,
  state: State,
): Promise<void> {
  const last = covers ?? { segment: 0, offset: 0 }
  const keeps = (segment: number, offset: number): boolean =>
    (segment < last.segment || (segment === last.segment && offset <= last.offset)) && segments.has(segment)
  const source = exactly(read())
  const header = await source.take(headerBytes)
  const view = new DataView(header.buffer, header.byteOffset)
  if (view.getUint32(0) !== magic)
    throw storageError('Corrupt', 'the snapshot of the content store begins with something else')
  const lines = await source.take(Number(view.getBigUint64(4, true)))
  for (const change of readLines(lines)) state.apply(change)
  const rows = Number(view.getBigUint64(12, true))
  const perStep = 1 << 14
  for (let from = 0; from < rows; from += perStep) {
    index.load(await source.take(Math.min(perStep, rows - from) * rowBytes), keeps)
  }
  index.loaded()
}

/** A stream as pieces of the lengths that are asked for. */
function exactly(stream: AsyncIterable<Bytes>): { take(bytes: number): Promise<Bytes> } {
  const iterator = stream[Symbol.asyncIterator]()
  let rest: Bytes = new Uint8Array()
  return {
    async take(bytes) {
      const parts: Bytes[] = []
      let have = 0
      for (;;) {
        const part = rest.subarray(0, bytes - have)
        rest = rest.subarray(part.byteLength)
        if (part.byteLength > 0) parts.push(part)
        have += part.byteLength
        if (have === bytes) break
        const next = await iterator.next()
        if (next.done === true) throw storageError('Corrupt', 'the snapshot of the content store is cut off')
        rest = next.value
      }
      const [only] = parts
      return only !== undefined && parts.length === 1 ? only : new Uint8Array(Buffer.concat(parts))
    },
  }
}
