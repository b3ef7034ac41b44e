export { catalogue, errorCodes, type CodeFacts } from './catalogue.ts'
export { errnoCode, fromErrno } from './errno.ts'
export {
  abortError,
  errorCode,
  isStorageError,
  storageError,
  throwIfAborted,
  toStorageError,
  untilAborted,
  withDetails,
  type ErrorDetails,
} from './storage-error.ts'
