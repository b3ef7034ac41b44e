export { contentOf, type ContentReader } from './content-of.ts'
export type { Resolved } from './resolve.ts'
