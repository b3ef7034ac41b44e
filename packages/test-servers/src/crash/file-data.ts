import type { DataOperation } from './log.ts'
import type { Random } from './random.ts'

const sectorBytes = 512

/** What becomes of data that was not synced: nothing of it, all of it, or any mixture that a disk may leave. */
export type DataFate = 'lost' | 'kept' | 'random'

export interface Survivor {
  readonly content: Buffer
  /** What was lost in words; undefined when nothing was. */
  readonly loss: string | undefined
}

export function applyData(content: Buffer, operations: readonly DataOperation[]): Buffer {
  let size = content.length
  let room = content.length
  for (const operation of operations) room = Math.max(room, endOf(operation))
  const result = Buffer.alloc(room)
  content.copy(result)
  for (const operation of operations) {
    if (operation.type === 'write') {
      operation.bytes.copy(result, operation.position)
      size = Math.max(size, endOf(operation))
    } else {
      // What grows again later shows zeroes.
      if (operation.size < size) result.fill(0, operation.size, size)
      size = operation.size
    }
  }
  return result.subarray(0, size)
}

function endOf(operation: DataOperation): number {
  return operation.type === 'write' ? operation.position + operation.bytes.length : operation.size
}

/** A content that the file may have after the power came back, given what was synced and what was done since. */
export function survivor(synced: Buffer, unsynced: readonly DataOperation[], fate: DataFate, random: Random): Survivor {
  const whole = applyData(synced, unsynced)
  const candidate = choose(synced, unsynced, whole, fate, random)
  return candidate.content.equals(whole) ? { content: whole, loss: undefined } : candidate
}

function choose(
  synced: Buffer,
  unsynced: readonly DataOperation[],
  whole: Buffer,
  fate: DataFate,
  random: Random,
): Survivor {
  if (fate === 'kept') return { content: whole, loss: undefined }
  if (fate === 'lost') return { content: synced, loss: `${unsynced.length} unsynced changes lost` }
  return random.below(2) === 0 ? prefix(synced, unsynced, random) : sectors(synced, unsynced, whole, random)
}

/** The first changes took place, the next one in part, the rest not. */
function prefix(synced: Buffer, unsynced: readonly DataOperation[], random: Random): Survivor {
  const complete = random.below(unsynced.length)
  const operations = unsynced.slice(0, complete)
  const torn = unsynced[complete]
  let loss = `${complete} of ${unsynced.length} unsynced changes kept`
  if (torn?.type === 'write') {
    const length = random.below(torn.bytes.length + 1)
    operations.push({ ...torn, bytes: torn.bytes.subarray(0, length) })
    loss += `, ${length} of ${torn.bytes.length} bytes of the next`
  }
  return { content: applyData(synced, operations), loss }
}

/** The size change took place or not; each sector is the new one, or the old one, or zeroes where there was none. */
function sectors(synced: Buffer, unsynced: readonly DataOperation[], whole: Buffer, random: Random): Survivor {
  // What was cut off does not come back under the new size.
  let lowest = synced.length
  for (const operation of unsynced) if (operation.type === 'truncate') lowest = Math.min(lowest, operation.size)
  const size = random.pick([whole.length, Math.min(lowest, whole.length)])
  const content = Buffer.alloc(size)
  synced.copy(content, 0, 0, Math.min(lowest, size))
  const share = random.pick([0, 0.1, 0.5, 0.9])
  for (let start = 0; start < size; start += sectorBytes) {
    const end = Math.min(start + sectorBytes, size)
    if (random.next() < share) whole.copy(content, start, start, end)
  }
  return { content, loss: `size ${size} of ${whole.length}, about ${share * 100} % of the changed sectors kept` }
}
