export { importTree, type ImportTreeOptions, type TreeEntry } from './import-tree.ts'
