import { storageError } from '@kit/core'
import type { Paths, PathsBlocks, PathsOptions, Refs } from './types.ts'

/**
 * A tree of files over a store of blocks and a name that can be compared and swapped. Makes no connection until it is used.
 *
 * Writers of one process commit in groups. Where another process has committed in between, the operations are applied again on its tree and each
 * condition is checked again at its path: only a clash on the same path fails. A reader sees one tree from the beginning of its call to its end.
 * Every block that is read is checked.
 */
export function paths(_blocks: PathsBlocks, _refs: Refs, _options: PathsOptions = {}): Paths {
  throw storageError('Unsupported', 'not made yet')
}
