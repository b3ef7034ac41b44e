export type { DagLimits } from './limits.ts'
export { type Block, walkDag } from './walk-dag.ts'
