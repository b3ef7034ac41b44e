import { storageError } from '@kit/core'
import type { Profile, UnixFsTime } from '../unixfs/index.ts'
import type { BlockReader, BlockWriter } from '../verify/index.ts'
import type { Child } from './child.ts'

export interface DirectoryOptions {
  readonly profile: Profile
  readonly signal: AbortSignal
  /** POSIX permission bits of the directory. Absent: as they are. */
  readonly mode?: number | undefined
  /** Absent: as it is. */
  readonly modified?: UnixFsTime | undefined
}

/**
 * The directory with some names set (a child) or removed (`null`; one that is not there is no error), as Kubo would have made it from
 * nothing: shards are joined, and a directory that fits in one block again becomes one. `undefined` is the empty directory.
 * Reads and writes only the shards that change, and those that decide whether one block would do.
 * @throws InvalidKey for a name that no directory can hold.
 */
export async function editDirectory(
  _reader: BlockReader,
  _writer: BlockWriter,
  _cid: string | undefined,
  _edits: ReadonlyMap<string, Child | null>,
  _options: DirectoryOptions,
): Promise<Required<Child>> {
  throw storageError('Unsupported', 'not made yet')
}
