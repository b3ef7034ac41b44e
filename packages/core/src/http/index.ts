export { fetchError, responseError, retryAfterMs, statusCode, type StatusCodes } from './errors.ts'
export { request, type HttpRequest } from './request.ts'
export { entryFromHeaders, rangeHeader, readResponse } from './response.ts'
