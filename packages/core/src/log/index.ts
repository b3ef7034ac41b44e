export type { LogFiles } from './files.ts'
export {
  comparePositions,
  type Durable,
  type Log,
  type LogOptions,
  type LogReader,
  type LogRecord,
  type Payload,
  type Position,
  type Segment,
  type Snapshot,
} from './log.ts'
export { openLog, readLog } from './open-log.ts'
