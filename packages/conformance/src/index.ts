export type { Case, Skipped } from './case.ts'
export { conformance, runConformance, skippedCases, type Failure, type Report, type RunOptions } from './conformance.ts'
export type { Need } from './needs.ts'
export type { Fault, SeedObject, Subject } from './subject.ts'
