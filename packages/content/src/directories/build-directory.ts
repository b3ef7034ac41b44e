import { storageError } from '@kit/core'
import type { BlockReader, BlockWriter } from '../verify/index.ts'
import type { Child } from './child.ts'
import type { DirectoryOptions } from './edit-directory.ts'

/** Makes one directory of names that come in any order. */
export interface DirectoryBuilder {
  /** Wait for it before adding the next. @throws InvalidKey for a name that no directory can hold. */
  add(name: string, child: Child): Promise<void>
  /** Writes the directory. @throws AlreadyExists for a name that was added twice. */
  finish(): Promise<Required<Child>>
}

/**
 * Blocks of the directory alone go to `writer`, each once. Entries wait in memory, some hundred bytes each; with `spill` they wait there
 * as raw blocks beyond 16 MiB, which are of no use afterwards.
 */
export function buildDirectory(
  _writer: BlockWriter,
  _options: DirectoryOptions & { readonly spill?: (BlockReader & BlockWriter) | undefined },
): DirectoryBuilder {
  throw storageError('Unsupported', 'not made yet')
}
