export { contentOverPaths } from './content-over-paths.ts'
export { type CasOptions, plugin as cas } from './plugin.ts'
