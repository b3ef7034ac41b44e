/** JSON in: bodies, and what stands in the path and the query, each decoded once and checked against the schema of its route. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { storageError } from '@kit/core'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  FastifySchemaCompiler,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { requestBody, waitsToSend } from './bodies.ts'
import { paramsOf, queryOf } from './target.ts'

/** Most bytes of a JSON body. */
export const jsonMaxBytes = 1_048_576

/** A scope whose routes take JSON and are checked by their zod schemas. */
export type JsonScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** Makes the scope one of routes that take JSON; nothing of it is on the way of routes outside. */
export function jsonScope(scope: FastifyInstance, limits: Limits): JsonScope {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(['application/json', 'application/merge-patch+json'], async (request: FastifyRequest) => {
    const text = await jsonText(request, limits)
    if (text === '') return undefined
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    void parse(request, text, (error, value) => (error === null ? resolve(value) : reject(noJson())))
    return promise
  })
  scope.addContentTypeParser('*', (request, _payload, done) => {
    done(hasBody(request) ? notJson(request) : null)
  })
  scope.setValidatorCompiler(validatorCompiler)
  scope.setSerializerCompiler(() => JSON.stringify)
  scope.addHook('preParsing', (request, reply, payload, done) => {
    if (waitsToSend(request)) reply.raw.writeContinue()
    done(null, payload)
  })
  scope.addHook('preValidation', (request, _reply, done) => {
    const url = request.raw.url ?? ''
    if (request.body === undefined && hasBody(request) && request.headers['content-type'] === undefined) {
      throw notJson(request)
    }
    request.params = paramsOf(request.routeOptions.url ?? '', url)
    request.query = Object.fromEntries(queryOf(url))
    done()
  })
  return scope.withTypeProvider<ZodTypeProvider>()
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function notJson(request: FastifyRequest): Error {
  if (request.routeOptions.schema?.body === undefined) return noBody(request)
  const summary = `${request.method} takes application/json here, not ${request.headers['content-type'] ?? 'a body without Content-Type'}`
  return refusal('InvalidConfig', summary, { status: 415, headers: { accept: 'application/json' } })
}

function noBody(request: FastifyRequest): Error {
  return refusal('InvalidConfig', `${request.method} takes no body here`)
}

async function jsonText(request: FastifyRequest, limits: Limits): Promise<string> {
  const { headers, raw } = request
  if (headers['content-encoding'] !== undefined) {
    throw refusal('InvalidConfig', 'a JSON body comes without Content-Encoding', { status: 415 })
  }
  const charset = /;[\t ]*charset[\t ]*=[\t ]*"?([^";\t ]*)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw refusal('InvalidConfig', 'JSON is UTF-8', { status: 415 })
  }
  const tooLong = Number(headers['content-length'] ?? 0) > jsonMaxBytes
  if (tooLong) throw storageError('TooLarge', `a JSON body has at most ${jsonMaxBytes} bytes`)
  const pieces: Uint8Array[] = []
  for await (const piece of requestBody(raw, { ...limits, maxBodyBytes: jsonMaxBytes })) pieces.push(piece)
  const text = decoded(Buffer.concat(pieces))
  if (text !== '' && request.routeOptions.schema?.body === undefined) throw noBody(request)
  return text
}

function noJson(): Error {
  return refusal('InvalidConfig', 'the body is no JSON, or has a member that could be taken for a prototype')
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refusal('InvalidConfig', 'the JSON body is not UTF-8')
  }
}

const places: Readonly<Record<string, string>> = {
  body: 'the body',
  params: 'the path',
  querystring: 'the query',
  headers: 'the headers',
}

/** Checks what came against a route's schema, and names every field that is wrong. */
const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const place = places[httpPart] ?? httpPart
  return (data) => {
    const checked = schema.safeParse(data)
    if (checked.success) return { value: checked.data }
    return { error: refusal('InvalidConfig', `${place} is not as it should be: ${problems(checked.error)}`) }
  }
}

const problemsMax = 10

function problems({ issues }: z.ZodError): string {
  const told = issues.slice(0, problemsMax).map((issue) => {
    const field = issue.path.map(String).join('.').slice(0, 256)
    return `${field === '' ? '' : `${JSON.stringify(field)}: `}${issue.message.slice(0, 512)}`
  })
  if (issues.length > problemsMax) told.push(`and ${issues.length - problemsMax} more`)
  return told.join('; ')
}
