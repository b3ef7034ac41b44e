export { provide, tryProvide, whyMissing } from './provide.ts'
export type { Provided } from './provide.ts'
export type { ClientName, ProgramName, ServerName } from './recipes.ts'
