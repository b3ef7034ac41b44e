export { fetchError, responseError, statusCode, type StatusCodes } from './errors.ts'
export { request, type HttpRequest } from './request.ts'
export { entryFromHeaders, rangeHeader, readResponse, retryAfterMs } from './response.ts'
