import type { AnyPlugin, Manifest, Store } from '@kit/core'
import type { ConfigProblem } from './config/problems.ts'
import type { StoreEntryData } from './config/edit.ts'
import type { StoreDescription } from './describe.ts'
import type { StoreTest, StoreTestOptions } from './test-store.ts'

/** A plugin that can be used here, known by its manifest: none of its code need have run. */
export interface PluginDescription {
  readonly manifest: Manifest
  /** `passed` by the program, `installed` as a package, or `built in`: there for types that nothing else provides. */
  readonly origin: 'passed' | 'installed' | 'built in'
  /** The package, its version and its folder, where it is installed. */
  readonly package?: string | undefined
  readonly version?: string | undefined
  readonly folder?: string | undefined
}

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
  /** All plugins that can be used here, the preferred first; two of one type may both be there. Runs no code of installed ones. */
  plugins(): Promise<readonly PluginDescription[]>
  /** The plugin of a type, its code loaded. @throws InvalidConfig where none, or more than one that is not pinned, provides it */
  plugin(type: string): Promise<AnyPlugin>
  /**
   * Tries a store on the live server, step by step; see `testStore`. Works for one that was added and not saved yet.
   * @throws NotFound for an unknown name, Aborted
   */
  test(name: string, options?: StoreTestOptions): Promise<StoreTest>
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
  /**
   * Sets options of a store, `type` and `over` among them; undefined takes one out. The store is closed where it is open: the next
   * `store(name)` opens it anew. @throws NotFound; InvalidConfig where the file would be wrong with it, and then nothing changes
   */
  update(name: string, options: Readonly<Record<string, unknown>>): Promise<void>
  /** Puts the comment into the file by which editors find its JSON Schema, such as `./kit.schema.json`; `save` writes it. */
  nameSchema(path: string): void
  /**
   * Writes what has changed: all or nothing, mode 0600. Of several programs that save at once one wins.
   * @throws Conflict where the file changed since it was read; open it again and repeat the change
   */
  save(): Promise<void>
  /** Closes every store that it opened. Closing twice is no error. */
  close(): Promise<void>
}
