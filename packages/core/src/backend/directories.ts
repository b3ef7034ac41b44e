import type { Context } from './context.ts'
import type { Key } from './values.ts'

/** Directories that exist by themselves, where the store has them. */
export interface Directories {
  /** Makes missing parents too. An existing directory is success, a file there AlreadyExists. */
  make(context: Context, directory: Key): Promise<void>
  /** Refuses one that is not empty with NotEmpty, a file with NotDirectory, a missing one with NotFound. */
  remove(context: Context, directory: Key): Promise<void>
}
