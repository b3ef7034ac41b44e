/** What the server answers in JSON, and how an error becomes an answer. */
import { Readable } from 'node:stream'
import {
  catalogue,
  isStorageError,
  storageError,
  type ErrorCode,
  type ErrorDetails,
  type StorageError,
} from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route does, as results and errors name it. */
    readonly operation?: string
  }
}

/** The head of every JSON body. */
export interface Outcome {
  readonly success: boolean
  readonly operation: string
  readonly timestamp: string
  readonly correlation_id: string
}

function outcome(request: FastifyRequest, success: boolean): Outcome {
  const operation = operationOf(request)
  return { success, operation, timestamp: new Date().toISOString(), correlation_id: request.id }
}

function operationOf(request: FastifyRequest): string {
  return request.routeOptions.config.operation ?? 'request'
}

/** A result object: the head and what the operation gave. */
export function result<Data extends object>(request: FastifyRequest, data: Data): Outcome & Data {
  return { ...outcome(request, true), ...data }
}

/** How this server answers an error, where that is not what the catalogue says. */
interface Answer {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}
const answers = new WeakMap<Error, Answer>()

/** An error of the server's own, with the status and headers of its answer. */
export function refusal(code: ErrorCode, summary: string, answer: Answer = {}): StorageError {
  return answeredWith(storageError(code, summary), answer)
}

export function answeredWith<Failure extends Error>(error: Failure, answer: Answer): Failure {
  answers.set(error, answer)
  return error
}

/** Names that older clients know, from our codes. */
const errorTypes: { readonly [Code in ErrorCode]?: string } = {
  NotFound: 'IPFSContentNotFoundError',
  InvalidKey: 'IPFSValidationError',
  InvalidRange: 'IPFSValidationError',
  InvalidConfig: 'IPFSConfigurationError',
  Unavailable: 'IPFSConnectionError',
  Timeout: 'IPFSTimeoutError',
}

/** An error as JSON has it, of a request or of one of its items. */
export type ErrorJson = ErrorDetails & { readonly code: ErrorCode; readonly message: string; readonly hint: string }

interface Failure extends Outcome {
  readonly error: ErrorJson
  readonly error_type: string
  readonly recoverable: boolean
}

/** An error as JSON: what the caller can use, never a stack. What nobody provided for is told only to the log. */
export function failure(request: FastifyRequest, error: StorageError): Failure {
  return {
    ...outcome(request, false),
    ...(error.operation === undefined ? {} : { operation: error.operation }),
    error: details(error, request.id),
    error_type: errorTypes[error.code] ?? 'IPFSError',
    recoverable: error.retry !== 'never',
  }
}

/** Any thrown value as the JSON of one item that failed, while the others did not. */
export function errorJson(request: FastifyRequest, thrown: unknown): ErrorJson {
  const error = asStorageError(thrown, request)
  if (error.code === 'Unexpected') request.log.error({ err: error }, error.code)
  return details(error, request.id)
}

/** What a caller can use of an error, never a stack; what nobody provided for is told only to the log. */
export function details(error: StorageError, requestId: string): ErrorJson {
  const { code, retry, applied, store, key, retryAfterMs } = error
  const message = code === 'Unexpected' ? 'Unexpected: the log has the details, under this request id' : error.message
  return { code, message, hint: catalogue[code].hint, retry, applied, store, key, retryAfterMs, requestId }
}

/** Any thrown value as a StorageError with a code. */
export function asStorageError(error: unknown, request: FastifyRequest): StorageError {
  if (isStorageError(error)) return error
  if (request.raw.errored !== null || request.raw.socket.destroyed) {
    return storageError('Aborted', 'the client went away', { cause: error })
  }
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    return refusal('InvalidConfig', error.message, { status })
  }
  return storageError('Unexpected', error instanceof Error ? error.message : String(error), { cause: error })
}

/** How an error is put where clients are to understand it. */
export interface FailureForm {
  body(request: FastifyRequest, error: StorageError): object
  status(error: StorageError): number
}

const ours: FailureForm = { body: failure, status: ({ code }) => catalogue[code].status }

/** Answers with an error: JSON, or its code in a header where there may be no body. The answer is sent at once, and ends with `rest`. */
export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
  { rest, form = ours }: { readonly rest?: Promise<void> | undefined; readonly form?: FailureForm | undefined } = {},
): FastifyReply {
  const error = asStorageError(thrown, request)
  const { status = form.status(error), headers = {} } = answers.get(error) ?? {}
  if (status >= 500 && error.code !== 'NotReady') request.log.error({ err: error }, error.code)
  // What a client has spelt wrong is quoted to it, and may be a secret in the wrong place.
  else request.log.info({ code: error.code }, error.code === 'InvalidConfig' ? 'refused' : error.message)
  reply.code(status).headers(headers).header('x-kit-error', error.code).header('cache-control', 'no-store')
  if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)))
  if (request.method === 'HEAD' || status === 304) return reply.send()
  const body = JSON.stringify(form.body(request, error))
  reply.type('application/json; charset=utf-8')
  if (rest === undefined) return reply.send(body)
  async function* pieces(): AsyncGenerator<string> {
    yield body
    await rest
  }
  reply.header('content-length', String(Buffer.byteLength(body)))
  return reply.send(Readable.from(pieces(), { objectMode: false }))
}
