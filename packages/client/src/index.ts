export { isKitApiError, KitApiError } from './api-error.ts'
export { apiNumber, type ClientOptions, type ServerInfo } from './connection.ts'
export { readLines } from './ndjson.ts'
export { asProblem, readProblem, type Problem } from './problem.ts'
