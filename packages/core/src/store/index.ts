export { cleanupContext, isAborted, withSignal } from './context.ts'
export { effectiveCapabilities } from './effective.ts'
export { openStore, type OpenOptions } from './open-store.ts'
export { checkRange, resolveRange } from './ranges.ts'
export { bytesSource, collect, ownBytes, toSource, toStream } from './source.ts'
export type { Run, Spill } from './spill.ts'
export type {
  Body,
  Bound,
  CallOptions,
  ListCall,
  Listing,
  Progress,
  ReadCall,
  Reading,
  StatCall,
  Store,
  StoreEntry,
  StoreHandle,
  WriteCall,
} from './store.ts'
