export * from './provide/index.ts'
export * from './servers/index.ts'
export * from './proxy/index.ts'
export * from './crash/index.ts'
