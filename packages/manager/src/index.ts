export { configSchema } from './config-schema.ts'
export { configText, type StoreEntryData } from './config/edit.ts'
export { configProblems, problemLine, type ConfigError, type ConfigProblem } from './config/problems.ts'
export { specOf, type SpecOptions } from './config/spec-of.ts'
export type { Variables } from './config/substitute.ts'
export type { StoreDescription } from './describe.ts'
export type { Kit, PluginDescription } from './kit.ts'
export { checkConfig, openKit, type ConfigCheck, type KitOptions } from './open-kit.ts'
export type { LazyPlugin } from './plugins.ts'
export {
  testStore,
  type StoreTest,
  type StoreTestOptions,
  type StoreTestStep,
  type StoreTestStepName,
} from './test-store.ts'
