import { type BlockCall, checkBlock, codecs, hashCodes, linksOf, parseCid } from '@kit/content'
import { errorCode, storageError } from '@kit/core'
import { nameOf } from './block-name.ts'
import type { Packs } from './packs.ts'

/** Which rows of the index have been reached, and of which the links have been followed: two bits a row. */
export interface Marks {
  has(row: number): boolean
  /** `true` where it was not marked so before. */
  add(row: number, how: 'reached' | 'followed'): boolean
}

export function noMarks(): Marks {
  let bits = new Uint8Array(1024)
  return {
    has: (row) => ((bits[row >>> 2] ?? 0) & (1 << ((row & 3) * 2))) !== 0,
    add(row, how) {
      const byte = row >>> 2
      if (byte >= bits.length) {
        const longer = new Uint8Array(Math.max(bits.length * 2, byte + 1))
        longer.set(bits)
        bits = longer
      }
      const bit = (how === 'reached' ? 1 : 2) << ((row & 3) * 2)
      const known = ((bits[byte] ?? 0) & bit) !== 0
      bits[byte] = (bits[byte] ?? 0) | bit
      return !known
    },
  }
}

/**
 * Marks a block and everything below it. Blocks of raw bytes are not read. `reached` is told of each row that was not marked before.
 * @throws NotFound for a block that is not there, Corrupt for one that is damaged: what is below them cannot be told.
 */
export async function walk(
  packs: Packs,
  root: string,
  marks: Marks,
  call: BlockCall,
  reached?: (row: number) => void,
): Promise<void> {
  const open = [root]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const cid = parseCid(text)
    if (cid.hash !== hashCodes.identity) {
      const row = packs.index.find(nameOf(cid))
      if (row < 0) throw storageError('NotFound', `the block ${text} is not in the store; it is below ${root}`)
      if (marks.add(row, 'reached')) reached?.(row)
      if (cid.codec === codecs.raw || !marks.add(row, 'followed')) continue
    } else if (cid.codec === codecs.raw) continue
    const bytes = await packs.get(cid, call)
    checkBlock(cid, bytes)
    // Backwards, so that they are reached in the order in which they stand.
    const links = linksOf(text, bytes)
    open.push(...links.toReversed())
  }
}

/** Marks one block. */
export function markOne(packs: Packs, text: string, marks: Marks): void {
  const row = packs.index.find(nameOf(parseCid(text)))
  if (row >= 0) marks.add(row, 'reached')
}

/** Damage that makes it impossible to tell what is still needed. */
export function cannotTell(error: unknown, what: string): unknown {
  const code = errorCode(error)
  if (code !== 'NotFound' && code !== 'Corrupt') return error
  const why = error instanceof Error ? error.message : String(error)
  return storageError(
    'Corrupt',
    `nothing was collected, because what ${what} needs cannot be told: ${why}. Put that block again, or remove ${what}`,
    { cause: error },
  )
}
