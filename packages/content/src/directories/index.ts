export type { Child, DirectoryEntry, SizedChild } from './child.ts'
export { buildDirectory, type DirectoryBuilder } from './build-directory.ts'
export { type DirectoryOptions, editDirectory } from './edit-directory.ts'
export { lookUp, readDirectory } from './read-directory.ts'
