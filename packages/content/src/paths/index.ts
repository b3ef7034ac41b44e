export { paths } from './paths.ts'
export type { Commit, Paths, PathsBlocks, PathsOptions, Refs, Retention, TreeChange } from './types.ts'
