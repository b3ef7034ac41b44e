// A13: /openapi.json and /docs.
import { openApiDocument } from '@kit/server'
import { expect, onTestFinished, test } from 'vitest'
import type { FastifyInstance } from 'fastify'
import { accessOf, noAccess, type Access } from '../src/access/access.ts'
import { createServer } from '../src/app.ts'
import { serverMetrics } from '../src/service/metrics.ts'
import { ask, askJson } from './ask.ts'
import { objects, serveStore, withMethods } from './serve.ts'
import { memory } from '@kit/backend-memory'
import { compareKeys, openStore, storageError } from '@kit/core'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly headers?: Readonly<Record<string, object>> }>
  >
  readonly security?: readonly object[]
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
  readonly security: readonly object[]
}

interface Route {
  readonly method: string
  readonly url: string
}

/** A server of one store in memory, with the routes that it has. */
async function serverWithRoutes(): Promise<{ app: FastifyInstance; routes: readonly Route[] }> {
  const store = await openStore(memory({}), { name: 'files' })
  const app = createServer({ stores: { names: () => ['files'], get: async () => store }, metrics: serverMetrics() })
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) routes.push({ method: name, url })
  })
  onTestFinished(async () => {
    await app.close()
    await store.close()
  })
  await app.ready()
  return { app, routes }
}

const ofTheApi = ({ url }: Route): boolean => url.startsWith('/') && !url.startsWith('/docs')

test('every route is in the document, and nothing else', async () => {
  const { paths, openapi } = (await openApiDocument()) as Document
  expect(openapi).toMatch(/^3\.1\./)
  const { routes } = await serverWithRoutes()
  const there = routes
    .filter(
      (route) =>
        ofTheApi(route) && (route.method !== 'HEAD' || /\/(?:objects|content)\/\*$|\/blocks\/:cid$/.test(route.url)),
    )
    .map(({ method, url }) => `${method} ${url.replace(/\*$/, ':key').replaceAll(/:(\w+)/g, '{$1}')}`)
  const told = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(told.toSorted(compareKeys)).toEqual(there.toSorted(compareKeys))
})

test('the document holds together: ids are unique, parameters are those of the path, references lead somewhere', async () => {
  const document = (await openApiDocument()) as Document
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { path, method, operation } of operations) {
    const where = `${method} ${path}`
    expect([where, operation.operationId]).toEqual([where, expect.stringMatching(/^[a-z][A-Za-z]+$/)])
    expect([where, operation.summary, operation.tags]).toEqual([where, expect.any(String), [expect.any(String)]])
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
    expect([where, inPath.map(({ name }) => name).toSorted(compareKeys)]).toEqual([
      where,
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).toSorted(compareKeys),
    ])
    expect(inPath.every(({ required }) => required === true)).toBe(true)
    const names = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`)
    expect(new Set(names).size).toBe(names.length)
    const statuses = Object.keys(operation.responses)
    expect([where, statuses.some((status) => /^2\d\d$/.test(status)), statuses.includes('default')]).toEqual([
      where,
      true,
      true,
    ])
    for (const [status, { description }] of Object.entries(operation.responses)) {
      expect([where, status, description]).toEqual([where, status, expect.stringMatching(/[a-z]/)])
      expect([where, description]).not.toEqual([where, 'Default Response'])
    }
    const hasBody = operation.requestBody !== undefined
    expect([where, hasBody && ['get', 'head', 'delete'].includes(method)]).toEqual([where, false])
  }
  const text = JSON.stringify(document)
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference = '']) => reference)
  expect(references.length).toBeGreaterThan(50)
  for (const reference of references) {
    expect(reference).toMatch(/^#\/components\/schemas\/\w+$/)
    expect(document.components.schemas).toHaveProperty(reference.split('/').at(-1) ?? '')
  }
  expect(document.security).toEqual([{ token: [] }, {}])
  expect(document.paths['/health']?.['get']?.security).toEqual([])
})

test('the server gives the document, and a page that shows it with nothing from elsewhere', async () => {
  const { app } = await serverWithRoutes()
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const got = await ask(base, 'GET', '/openapi.json')
  expect(got.status).toBe(200)
  expect(got.json()).toEqual(await openApiDocument())
  const page = await ask(base, 'GET', '/docs/')
  expect(page.headers['content-type']).toMatch(/^text\/html/)
  const policy = String(page.headers['content-security-policy'])
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/https?:|unsafe-eval|\*/)
  expect(page.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  const linked = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
  expect(linked.length).toBeGreaterThan(3)
  for (const path of linked) {
    const part = await ask(base, 'GET', new URL(path, 'http://x/docs/').pathname)
    expect([path, part.status]).toEqual([path, 200])
  }
  const object = await ask(base, 'GET', '/api/v1/stores/files/objects/none')
  expect(object.headers['content-security-policy']).toBe("default-src 'none'")
})

const sampleCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** Of requests that need a body to come as far as the question who asks. */
const bodies: Readonly<Record<string, object>> = {
  '/copy': { from: 'a', to: 'b' },
  '/move': { from: 'a', to: 'b' },
  '/delete': { keys: ['a'] },
  '/directories': { key: 'a' },
  '/links': { key: 'a', target: 'b' },
  '/url': { key: 'a', expiresInSeconds: 1 },
  '/uploads': { key: 'a' },
  '/pins': { cid: sampleCid },
  '/ipns': { key: 'self', path: sampleCid },
  '/restore': { key: 'a', version: 'v' },
  '/cat': { arg: sampleCid },
  '/jobs': { kind: 'copy', from: { store: 'files', key: '' }, to: { store: 'files', key: 'a' } },
}

/** What any token may ask; it tells of nothing that the token does not see. */
const open = new Set(['/health', '/api/v1', '/openapi.json', '/api/v1/stores', '/api/v1/matrix', '/api/v1/jobs']).add(
  '/api/v0/version',
)

/** A server that asks of every request whether this may do it, and has no store to do it with. */
async function serverFor(access: Access): Promise<string> {
  const stores = { names: () => ['files'], get: async () => Promise.reject(storageError('Unavailable', 'asked')) }
  const app = createServer({ stores, metrics: serverMetrics(), ipfsStore: 'files' })
  app.addHook('preHandler', (request, _reply, done) => {
    request.access = access
    done()
  })
  onTestFinished(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

async function askRoute(base: string, { method, url }: Route): ReturnType<typeof ask> {
  const path = url
    .replace(':store', 'files')
    .replace(':number', '1')
    .replace(':cid', sampleCid)
    .replace(/\/diff$/, `/diff?to=${sampleCid}`)
    .replace(/\/cat$/, method === 'GET' ? `/cat?arg=${sampleCid}` : '/cat')
    .replace(/:\w+/, 'x')
    .replace('*', url.endsWith('/content/*') ? sampleCid : 'a/b')
    .replace(/\/content$/, method === 'POST' ? '/content' : `/content?path=${sampleCid}`)
  const json = method === 'POST' ? Object.entries(bodies).find(([end]) => url.endsWith(end))?.[1] : undefined
  const body = method === 'PATCH' ? {} : json
  if (body === undefined) return ask(base, method, path)
  return askJson(base, method, path, body)
}

test('no route does anything for who may do nothing', async () => {
  const { routes } = await serverWithRoutes()
  const base = await serverFor(noAccess())
  for (const route of routes.filter(ofTheApi)) {
    const { method, url } = route
    const { status, text } = await askRoute(base, route)
    if (open.has(url) && !(method === 'POST' && url === '/api/v1/jobs')) {
      expect([method, url, status]).toEqual([method, url, 200])
      if (url !== '/openapi.json') expect(text).not.toContain('files')
    } else if (url.startsWith('/api/v1/jobs/')) expect([method, url, status]).toEqual([method, url, 404])
    else expect([method, url, status]).toEqual([method, url, 403])
  }
  // The same whether there is such a store or not.
  const [here, nowhere] = await Promise.all(
    ['files', 'none'].map((store) => ask(base, 'GET', `/api/v1/stores/${store}`)),
  )
  expect(here?.json()['error']).toMatchObject({ ...Object(nowhere?.json()['error']), requestId: expect.any(String) })
})

test('who may only list and read changes nothing', async () => {
  const { routes } = await serverWithRoutes()
  const base = await serverFor(accessOf({ id: 'reader', scopes: ['list', 'read'], paths: ['*'] }))
  const harmless = [
    '/api/v1/stores/:store/ping',
    '/api/v1/stores/:store/url',
    '/api/v0/version',
    '/api/v0/pin/ls',
    '/api/v0/cat',
  ]
  for (const route of routes.filter(ofTheApi)) {
    const { method, url } = route
    const reads = method === 'GET' || method === 'HEAD' || harmless.includes(url)
    if (url === '/metrics' || url.includes('/jobs/') || url.includes('/uploads')) continue
    const { status } = await askRoute(base, route)
    if (reads) expect([method, url, [200, 503].includes(status)]).toEqual([method, url, true])
    else expect([method, url, status]).toEqual([method, url, 403])
  }
})

/** Of HTTP and of its connections, and what keeps browsers from doing anything with what is served: the same on every answer. */
const ofEveryAnswer = [
  'connection',
  'keep-alive',
  'date',
  'x-content-type-options',
  'cross-origin-resource-policy',
  'content-security-policy',
]

test('the headers that are described for bytes of objects are those that are sent, no more and no fewer', async () => {
  const store = await openStore(memory({}), { name: 'files' })
  const attributes = {
    contentType: 'text/plain',
    contentEncoding: 'br',
    contentDisposition: 'inline',
    cacheControl: 'no-cache',
    metadata: { name: 'x' },
    modified: new Date(0),
    mode: 0o644,
  }
  await store.write('a', '0123456789')
  const hashes = { sha256: '00'.repeat(32) }
  const told = withMethods(store, {
    stat: async (key, options) => ({ ...(await store.stat(key, options)), ...attributes, hashes }),
    read: async (key, options) => {
      const reading = await store.read(key, options)
      return new Proxy(reading, {
        get(target, name) {
          if (name === 'entry') return { ...target.entry, ...attributes, hashes }
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  })
  const { base } = await serveStore(told)
  const { paths } = (await openApiDocument()) as Document
  const item = paths['/api/v1/stores/{store}/objects/{key}']
  const etag = String((await ask(base, 'HEAD', `${objects}/a`)).headers.etag)
  const stored = { accept: 'application/vnd.kit.object' }
  const range = { range: 'bytes=0-1' }
  for (const [method, status, ...requests] of [
    ['GET', '200', {}, stored],
    ['GET', '206', range, { ...range, ...stored }],
    ['GET', '304', { 'if-none-match': etag }],
    ['HEAD', '200', {}],
    ['HEAD', '304', { 'if-none-match': etag }],
  ] as const) {
    const described = item?.[method.toLowerCase()]?.responses[status]?.headers ?? {}
    const sent = new Set<string>()
    for (const headers of requests) {
      const answer = await ask(base, method, `${objects}/a`, { headers })
      expect([method, headers, String(answer.status)]).toEqual([method, headers, status])
      for (const name of Object.keys(answer.headers)) sent.add(name.replace(/^(x-kit-meta-).*/, '$1name'))
    }
    const got = [...sent].filter((name) => !ofEveryAnswer.includes(name)).toSorted(compareKeys)
    const expected = Object.keys(described).map((name) => name.toLowerCase())
    expect([method, status, got]).toEqual([method, status, expected.toSorted(compareKeys)])
  }
})
