import { errorCode, storageError } from '@kit/core'
import type { BlockReader } from '../verify/index.ts'

/** A block that the tree leads to and that is gone is no missing object: nobody may take the name for free. @throws */
export function lostBlock(error: unknown): never {
  if (errorCode(error) !== 'NotFound') throw error
  throw storageError('Corrupt', 'a block of the tree is missing', { cause: error })
}

/** The same reader, for blocks that must be there. */
export function withoutLoss(reader: BlockReader): BlockReader {
  return { get: (cid, call) => reader.get(cid, call).catch(lostBlock) }
}
