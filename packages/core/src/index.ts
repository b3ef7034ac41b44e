export type * from './backend/index.ts'
