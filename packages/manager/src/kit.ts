import type { Manifest, Store } from '@kit/core'
import type { ConfigProblem } from './config/problems.ts'
import type { StoreEntryData } from './config/edit.ts'
import type { StoreDescription } from './describe.ts'

/** One configuration file and the stores it describes. */
export interface Kit extends AsyncDisposable {
  /** The configuration file; it need not exist yet. */
  readonly path: string
  /** In the order of the file. */
  readonly stores: readonly { readonly name: string; readonly type: string }[]
  /**
   * The store of this name, opened once and shared: closing the Kit closes it. Loads the plugins that it and what it wraps need, no
   * others, and opens no connection. @throws InvalidConfig with every problem of that store, NotFound for an unknown name
   */
  store(name: string): Promise<Store>
  /** The store of an inline address such as `s3://bucket/photos`, opened once. @throws InvalidConfig */
  address(text: string): Promise<Store>
  /** What the file and manifests tell about a store. @throws NotFound for an unknown name */
  describe(name: string): Promise<StoreDescription>
  /** Everything that is wrong with any store of the file. Loads all the plugins that the file needs. */
  check(): Promise<readonly ConfigProblem[]>
  /** Manifests of all plugins that can be used here. */
  manifests(): Promise<readonly Manifest[]>
  /**
   * Adds a store to the configuration; `save` writes it. Relative paths start at the file's folder.
   * @throws AlreadyExists; InvalidConfig where the file would be wrong with it, and then nothing is added
   */
  add(name: string, entry: StoreEntryData): Promise<void>
  /**
   * Takes a store out of the configuration and closes it where it is open. Its objects stay where they are.
   * @throws NotFound; InvalidConfig where another store wraps it
   */
  remove(name: string): Promise<void>
  /** Writes what has changed: all or nothing, mode 0600. @throws Conflict where the file changed since it was read */
  save(): Promise<void>
  /** Closes every store that it opened. Closing twice is no error. */
  close(): Promise<void>
}
