export { blocksInStore, refsInStore, type StoredBlocks } from './in-store.ts'
export { paths } from './paths.ts'
export { type PathsStoreOptions, plugin as pathsStore } from './plugin.ts'
export type { Commit, Paths, PathsBlocks, PathsOptions, Refs, Retention, TreeChange } from './types.ts'
