export { createServer, type ServerOptions } from './app.ts'
export { defaultLimits, type Limits } from './limits.ts'
export type { StoreSource } from './stores.ts'
