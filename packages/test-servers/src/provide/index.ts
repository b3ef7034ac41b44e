export { provide, tryProvide, whyMissing } from './provide.ts'
export type { Provided } from './provide.ts'
export type { ServerName } from './recipes.ts'
