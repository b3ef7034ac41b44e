export { contentOverPaths } from './content-over-paths.ts'
export { type AddressableOptions, plugin as addressable } from './plugin.ts'
