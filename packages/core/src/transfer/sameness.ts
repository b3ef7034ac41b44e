import type { HashName } from '../backend/index.ts'
import type { StoreEntry } from '../store/index.ts'
import type { Ground } from './types.ts'

/** From the strongest on. */
const hashNames = [
  'sha256',
  'blake3',
  'sha1',
  'md5',
  'crc64nvme',
  'crc32c',
  'crc32',
] as const satisfies readonly HashName[]

export interface Finding {
  readonly same: boolean
  readonly by: Ground
}

/**
 * What two entries tell of the content without reading: CID, hash, size; `undefined` where they tell nothing or, of equal sizes, no more
 * than that. Different CIDs of one content exist (other chunks), so they prove nothing by themselves.
 */
export function sameContent(left: StoreEntry, right: StoreEntry): Finding | undefined {
  if (left.cid !== undefined && left.cid === right.cid) return { same: true, by: 'cid' }
  if (left.hashes !== undefined && right.hashes !== undefined) {
    for (const by of hashNames) {
      const value = left.hashes[by]
      if (value !== undefined && right.hashes[by] !== undefined) return { same: value === right.hashes[by], by }
    }
  }
  if (left.size !== undefined && right.size !== undefined && left.size !== right.size)
    return { same: false, by: 'size' }
  return undefined
}

/**
 * Whether two times are one within what stores keep of it: many keep whole seconds, and a time that is a whole second on either side may
 * be one that was cut or rounded.
 */
export function sameTime(left: Date, right: Date): boolean {
  const a = left.getTime()
  const b = right.getTime()
  if (a === b) return true
  return (a % 1000 === 0 || b % 1000 === 0) && Math.abs(a - b) < 1000
}
