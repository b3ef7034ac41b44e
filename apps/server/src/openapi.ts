/** The description of the API as OpenAPI 3.1, made from the schemas of the routes. */
import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { version } from './version.ts'

/** The page may use what this server serves and nothing else; objects keep a policy of their own. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/* oxlint-disable no-underscore-dangle -- where zod keeps what a schema is */
const zodToJsonConfig: NonNullable<Parameters<typeof createJsonSchemaTransform>[0]>['zodToJsonConfig'] = {
  override({ zodSchema, jsonSchema }) {
    // The format says it; and answers may get more fields, whereas requests with fields that are not known are refused.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    const { def } = zodSchema._zod
    if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties
    if (def.type === 'record' && def.keyType._zod.def.type === 'string') delete jsonSchema.propertyNames
  },
}
/* oxlint-enable no-underscore-dangle */
const jsonSchemaTransform = createJsonSchemaTransform({ zodToJsonConfig })
const jsonSchemaTransformObject = createJsonSchemaTransformObject({ zodToJsonConfig })

/** `app.swagger()` gives the document, `/docs` shows it. Before any route. */
export function describeApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Kit',
        version,
        description: 'Kit stores over HTTP: the same keys, etags and conditions as in a program.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'objects', description: 'Objects, their bytes and what is known of them.' },
        { name: 'directories', description: 'Directories and links, on stores that have them.' },
        { name: 'uploads', description: 'Uploads in parts.' },
        { name: 'content', description: 'Files, trees and blocks by CID, pins and names, on stores that have them.' },
        { name: 'ipfs', description: "The part of Kubo's RPC API that is served, for programs that speak it." },
        { name: 'jobs', description: 'Transfers that go on by themselves.' },
        { name: 'stores', description: 'What there is, and what it can do.' },
        { name: 'server', description: 'The server itself.' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'Where the server wants tokens: `Authorization: Bearer …`.',
          },
        },
      },
      security: [{ token: [] }, {}],
    },
    transform: (given) => {
      if (!('openapiObject' in given)) throw new TypeError('this describes OpenAPI only')
      const schema = given.route.config?.described ?? given.schema
      const url = given.url.replace(/\*$/, ':key')
      const made = jsonSchemaTransform({ ...given, schema: schema ?? { hide: true }, url })
      return { schema: withHeaders(made.schema, schema?.responseHeaders), url }
    },
    transformObject: (given) => {
      const document = jsonSchemaTransformObject(given)
      return 'components' in document ? onlyUsed(document) : document
    },
  })
  void app.register(swaggerUi, { routePrefix: '/docs', staticCSP: pagePolicy })
}

/** Headers that every answer has, and those that failures have. */
const always = { 'X-Request-Id': { type: 'string', description: 'The id of the request, its own or made up.' } }
const ofFailures = {
  ...always,
  'X-Kit-Error': { type: 'string', description: 'The code of the failure, as in Error.' },
  'Retry-After': { type: 'integer', description: 'Seconds, where it is known when to ask again.' },
}

/** Puts the headers of the answers where @fastify/swagger looks for them. */
function withHeaders(schema: FastifySchema, special: FastifySchema['responseHeaders'] = {}): FastifySchema {
  if (typeof schema.response !== 'object' || schema.response === null) return schema
  const response = Object.entries(schema.response).map(([status, described]: [string, unknown]) => {
    const succeeded = /^[23]/.test(status)
    const headers = { ...(succeeded ? always : ofFailures), ...special[status] }
    const description = succeeded ? {} : { description: STATUS_CODES[status] ?? 'It failed; the code says how.' }
    return [status, { ...description, ...Object(described), headers }] as const
  })
  return { ...schema, response: Object.fromEntries(response) }
}

type Document = Exclude<ReturnType<typeof jsonSchemaTransformObject>, { swagger?: unknown }>

/** Without the schemas that nothing refers to: those that are only for answers have a twin for requests, and the other way about. */
function onlyUsed(document: Document): Document {
  const { schemas = {} } = document.components ?? {}
  const used = new Set<string>()
  const look = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      look(Reflect.get(schemas, name) ?? null)
    }
  }
  look('paths' in document ? document.paths : null)
  const kept = Object.entries(schemas).filter(([name]) => used.has(name))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same document with fewer of its schemas
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(kept) } } as Document
}
