import type { Context } from './context.ts'
import type { Key } from './values.ts'

/** Symbolic links. A link is read through only while its target stays under the store's root. */
export interface Links {
  /** `target` is kept as it is spelt and need not exist. Something there already is AlreadyExists. */
  make(context: Context, key: Key, target: string): Promise<void>
}
