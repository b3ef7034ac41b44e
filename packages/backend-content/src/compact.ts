import type { BlockCall } from '@kit/content'
import { errorCode, throwIfAborted } from '@kit/core'
import type { Position } from '@kit/core/log'
import type { Packs } from './packs.ts'
import { stateRecords } from './records.ts'

/** Of the bytes of a segment that are worth keeping it for. */
const worthKeeping = 0.5
/** About what stands around a block in a segment: frame, kind, CID. */
const aroundBlock = 64
/** Bytes that are moved at a time. */
const stepBytes = 8 * 2 ** 20

/**
 * Moves the blocks out of segments of which less than half is in use, and removes those segments. A block is at both places until the new one
 * is on the disk. A segment with a damaged block in it stays, as whoever wants to look at it needs it. `true`: a snapshot was saved on the way.
 */
export async function compact(packs: Packs, call: BlockCall): Promise<boolean> {
  const worn = await wornSegments(packs)
  const emptied: number[] = []
  for (const segment of worn) if (await moveOut(packs, segment, call)) emptied.push(segment)
  if (emptied.length === 0) return false
  await packs.alone(async (log) => {
    // What the segments say of names and pins is said again, all of it, so that nothing that was taken back comes back.
    await log.append(stateRecords(packs.state.changes()), { durable: 'power' })
  })
  await packs.save()
  await packs.alone((log) => log.drop(emptied))
  return true
}

/** Segments to be emptied, none of which is written to. */
async function wornSegments(packs: Packs): Promise<number[]> {
  const { index } = packs
  const used = new Map<number, number>()
  for (let row = 0; row < index.rows; row++) {
    if (!index.holds(row)) continue
    const { segment, size } = index.placeOf(row)
    used.set(segment, (used.get(segment) ?? 0) + size + aroundBlock)
  }
  const isWorn = ({ id, bytes }: { readonly id: number; readonly bytes: number }): boolean =>
    (used.get(id) ?? 0) < bytes * worthKeeping
  const segments = packs.log.segments()
  const newest = segments.at(-1)
  const worn = segments.filter(isWorn).map(({ id }) => id)
  if (newest !== undefined && worn.includes(newest.id)) {
    if ((used.get(newest.id) ?? 0) === 0 && newest.bytes < 2 ** 16) return worn.slice(0, -1)
    await packs.alone((log) => log.rotate())
  }
  return worn
}

/** `false`: something in it is damaged, so that it has to stay. */
async function moveOut(packs: Packs, segment: number, { signal }: BlockCall): Promise<boolean> {
  const { index } = packs
  const rows: number[] = []
  for (let row = 0; row < index.rows; row++) {
    if (index.holds(row) && index.placeOf(row).segment === segment) rows.push(row)
  }
  rows.sort((one, other) => index.placeOf(one).at - index.placeOf(other).at)
  let whole = true
  for (let at = 0; at < rows.length;) {
    throwIfAborted(signal)
    const step: { readonly row: number; readonly from: Position; readonly record: Uint8Array<ArrayBuffer> }[] = []
    for (let bytes = 0; at < rows.length && bytes < stepBytes; at++) {
      const row = rows[at] ?? 0
      const place = index.placeOf(row)
      if (!index.holds(row) || place.segment !== segment) continue
      const from = { segment, offset: place.at }
      try {
        const record = await packs.log.read(from)
        step.push({ row, from, record })
        bytes += record.byteLength
      } catch (error) {
        if (errorCode(error) !== 'Corrupt') throw error
        whole = false
      }
    }
    await packs.move(step)
  }
  return whole
}
