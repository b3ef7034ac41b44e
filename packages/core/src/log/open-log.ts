import { storageError } from '../errors/index.ts'
import type { Log, LogOptions, LogReader } from './log.ts'

/**
 * Opens a log for writing, or makes it. A torn tail, as a crash leaves it, is cut off: it holds nothing that was acknowledged.
 * @throws Unavailable while another process writes to it, naming that process; a lock of one that is dead is removed.
 * @throws Corrupt where more than a tail is damaged or missing; the files are left as they are.
 */
export function openLog(_options: LogOptions): Promise<Log> {
  return Promise.reject(storageError('Unsupported', 'not finished'))
}

/**
 * Opens a log for reading, at any time, also while another process writes. Changes nothing on disk.
 * @throws NotFound where there is no log.
 */
export function readLog(_options: LogOptions): Promise<LogReader> {
  return Promise.reject(storageError('Unsupported', 'not finished'))
}
