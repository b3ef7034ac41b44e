// Every route, with every scope, at every kind of place: what a token may not do gives no data and no names away.
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@kit/backend-memory'
import { content } from '@kit/backend-content'
import { fs } from '@kit/backend-fs'
import { cidOf } from '@kit/content'
import { openStore, type Store } from '@kit/core'
import { createServer, scopes, serverMetrics, type LoadedToken, type Scope } from '@kit/server'
import { beforeAll, afterAll, expect, test } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { parsePath } from '../src/access/paths.ts'
import { hashOf, makeToken } from '../src/access/token.ts'

/** Stands in every name and body that no limited token may see. */
const planted = 'zanzibar'

/** Of a block that holds just that word, and is in the content store. */
const cid = cidOf('raw', new TextEncoder().encode(planted))

interface Place {
  readonly store: string
  readonly key: string
}

interface Route {
  /** What the page of the API says it needs. `seen`: any path in the store. `any`: a token. `none`: not even that. */
  readonly needs: readonly Scope[] | 'seen' | 'any' | 'none'
  /** Asks for the scope anywhere in the store, and shows what the token may see. */
  readonly anywhere?: boolean
  /** About the whole store, not about one key of it. */
  readonly whole?: boolean
  /** About this store, whatever the place is. */
  readonly of?: string
  readonly ask: (place: Place) => readonly [method: string, path: string, body?: object | string]
}

const api = '/api/v1'
const json = (method: string, path: (place: Place) => string, body: (place: Place) => object): Route['ask'] => {
  return (place) => [method, path(place), body(place)]
}
const onKey = (method: string, what: string, query = ''): Route['ask'] => {
  return ({ store, key }) => [method, `${api}/stores/${store}/${what}/${key}${query}`]
}
const onStore = (method: string, what: string): Route['ask'] => {
  return ({ store }) => [method, `${api}/stores/${store}${what}`]
}
const inStore = (what: string) => (place: Place) => `${api}/stores/${place.store}/${what}`

/** By operation id. Ids of uploads and jobs are ones that no token here owns: they are not told from ones that are none. */
const routes: Readonly<Record<string, Route>> = {
  readObject: { needs: ['read'], ask: onKey('GET', 'objects') },
  headObject: { needs: ['read'], ask: onKey('HEAD', 'objects') },
  writeObject: { needs: ['write'], ask: ({ store, key }) => ['PUT', `${api}/stores/${store}/objects/${key}`, 'x'] },
  deleteObject: { needs: ['delete'], ask: onKey('DELETE', 'objects', '') },
  appendObject: { needs: ['write'], ask: ({ store, key }) => ['POST', `${api}/stores/${store}/append/${key}`, 'x'] },
  putPart: { needs: 'seen', ask: ({ store }) => ['PUT', `${api}/stores/${store}/uploads/none/parts/1`, 'x'] },
  getMetrics: { needs: ['metrics'], ask: () => ['GET', '/metrics'] },
  getHealth: { needs: 'none', ask: () => ['GET', '/health'] },
  getServer: { needs: 'any', ask: () => ['GET', api] },
  getOpenApi: { needs: 'any', ask: () => ['GET', '/openapi.json'] },
  listStores: { needs: 'any', ask: () => ['GET', `${api}/stores`] },
  getStore: { needs: 'seen', ask: onStore('GET', '') },
  getMatrix: { needs: 'any', ask: () => ['GET', `${api}/matrix`] },
  getUsage: { needs: ['read'], whole: true, ask: onStore('GET', '/usage') },
  pingStore: { needs: ['read'], whole: true, ask: onStore('POST', '/ping') },
  listObjects: {
    needs: ['list'],
    ask: ({ store, key }) => ['GET', `${api}/stores/${store}/objects?recursive=true&prefix=${key}`],
  },
  getEntry: { needs: ['read'], ask: onKey('GET', 'entries') },
  updateEntry: {
    needs: ['write'],
    ask: json(
      'PATCH',
      ({ store, key }) => `${api}/stores/${store}/entries/${key}`,
      () => ({ contentType: 'a/b' }),
    ),
  },
  listVersions: { needs: ['read'], ask: onKey('GET', 'versions') },
  copyObject: {
    needs: ['read', 'write'],
    ask: json('POST', inStore('copy'), ({ key }) => ({ from: key, to: `${key}.copy` })),
  },
  moveObject: {
    needs: ['read', 'write', 'delete'],
    ask: json('POST', inStore('move'), ({ key }) => ({ from: key, to: `${key}.moved` })),
  },
  deleteObjects: { needs: ['delete'], ask: json('POST', inStore('delete'), ({ key }) => ({ keys: [key] })) },
  makeDirectory: { needs: ['write'], ask: json('POST', inStore('directories'), ({ key }) => ({ key: `${key}.d` })) },
  removeDirectory: { needs: ['delete'], ask: onKey('DELETE', 'directories') },
  makeLink: { needs: ['write'], ask: json('POST', inStore('links'), ({ key }) => ({ key: `${key}.l`, target: 'a' })) },
  signUrl: { needs: ['read'], ask: json('POST', inStore('url'), ({ key }) => ({ key, expiresInSeconds: 60 })) },
  listUploads: { needs: ['write'], anywhere: true, ask: onStore('GET', '/uploads') },
  startUpload: { needs: ['write'], ask: json('POST', inStore('uploads'), ({ key }) => ({ key })) },
  getUpload: { needs: 'seen', ask: onStore('GET', '/uploads/none') },
  abortUpload: { needs: 'seen', ask: onStore('DELETE', '/uploads/none') },
  finishUpload: { needs: 'seen', ask: onStore('POST', '/uploads/none/finish') },
  startJob: {
    needs: ['list', 'read'],
    ask: (place) => ['POST', `${api}/jobs`, { kind: 'check', from: place, to: place }],
  },
  readContent: { needs: ['read'], whole: true, ask: onStore('GET', `/content/${cid}/a`) },
  headContent: { needs: ['read'], whole: true, ask: onStore('HEAD', `/content/${cid}`) },
  listContent: { needs: ['list'], whole: true, ask: onStore('GET', `/content?path=${cid}`) },
  addContent: { needs: ['write'], whole: true, ask: ({ store }) => ['POST', `${api}/stores/${store}/content`, 'x'] },
  readBlock: { needs: ['read'], whole: true, ask: onStore('GET', `/blocks/${cid}`) },
  headBlock: { needs: ['read'], whole: true, ask: onStore('HEAD', `/blocks/${cid}`) },
  writeBlock: {
    needs: ['write'],
    whole: true,
    ask: ({ store }) => ['PUT', `${api}/stores/${store}/blocks/${cid}`, planted],
  },
  diffContent: { needs: ['list'], whole: true, ask: onStore('GET', `/diff?to=${cid}`) },
  listPins: { needs: ['list'], whole: true, ask: onStore('GET', '/pins') },
  addPin: { needs: ['write'], whole: true, ask: json('POST', inStore('pins'), () => ({ cid })) },
  getPin: { needs: ['read'], whole: true, ask: onStore('GET', `/pins/${cid}`) },
  removePin: { needs: ['delete'], whole: true, ask: onStore('DELETE', `/pins/${cid}`) },
  collectBlocks: { needs: ['delete'], whole: true, ask: onStore('POST', '/collect') },
  publishName: {
    needs: ['write'],
    whole: true,
    ask: json('POST', inStore('ipns'), () => ({ key: 'self', path: cid })),
  },
  resolveName: { needs: ['read'], whole: true, ask: onStore('GET', '/ipns/self') },
  ipfsVersion: { needs: 'any', ask: () => ['GET', '/api/v0/version'] },
  ipfsVersionPost: { needs: 'any', ask: () => ['POST', '/api/v0/version'] },
  ipfsAdd: { needs: ['write'], whole: true, of: 'content', ask: () => ['POST', '/api/v0/add', 'x'] },
  ipfsCat: { needs: ['read'], whole: true, of: 'content', ask: () => ['GET', `/api/v0/cat?arg=${cid}`] },
  ipfsCatPost: { needs: ['read'], whole: true, of: 'content', ask: () => ['POST', '/api/v0/cat', { arg: cid }] },
  ipfsPinAdd: { needs: ['write'], whole: true, of: 'content', ask: () => ['POST', `/api/v0/pin/add?arg=${cid}`] },
  ipfsPinLs: { needs: ['list'], whole: true, of: 'content', ask: () => ['GET', '/api/v0/pin/ls?names=true'] },
  ipfsPinLsPost: { needs: ['list'], whole: true, of: 'content', ask: () => ['POST', '/api/v0/pin/ls'] },
  ipfsPinRm: { needs: ['delete'], whole: true, of: 'content', ask: () => ['POST', '/api/v0/pin/rm', { arg: [cid] }] },
  restoreObject: {
    needs: ['read', 'write'],
    ask: json('POST', inStore('restore'), ({ key }) => ({ key, version: 'none' })),
  },
  listJobs: { needs: 'any', ask: () => ['GET', `${api}/jobs`] },
  getJob: { needs: 'any', ask: () => ['GET', `${api}/jobs/none`] },
  getJobEvents: { needs: 'any', ask: () => ['GET', `${api}/jobs/none/events`] },
  cancelJob: { needs: 'any', ask: () => ['POST', `${api}/jobs/none/cancel`] },
}

const places: readonly Place[] = [
  { store: 'photos', key: '2026/a' },
  { store: 'photos', key: '2026/none' },
  { store: 'photos', key: `2026-${planted}/b` },
  { store: 'photos', key: '2026-none/b' },
  { store: 'photos', key: `other/${planted}` },
  { store: 'content', key: '2026/a' },
  { store: 'content', key: `other/${planted}` },
  { store: planted, key: 'x' },
  { store: 'none', key: 'x' },
]

const scopeSets: readonly (readonly Scope[])[] = [
  ...scopes.map((scope) => [scope]),
  ['list', 'read'],
  ['read', 'write'],
  ['list', 'read', 'write', 'delete'],
]
const pathSets: readonly (readonly string[])[] = [
  ['photos:2026/', 'content:2026/'],
  ['photos:'],
  ['content:'],
  ['none:'],
  ['*'],
]

interface Given {
  readonly status: number
  readonly code: string
  readonly text: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })
let tokens = new Map<string, LoadedToken>()
let base: URL
let folder: string
let stores: Record<string, Store>
let close: () => Promise<void>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-access-'))
  stores = {
    photos: await openStore(fs({ path: join(folder, 'photos') }), { name: 'photos' }),
    content: await openStore(content({ path: join(folder, 'content'), durable: 'process' }), { name: 'content' }),
    [planted]: await openStore(memory({}), { name: planted }),
  }
  for (const { store, key } of places) {
    if (!key.includes('none') && stores[store] !== undefined)
      await stores[store].write(key, key.includes(planted) || store === planted ? planted : 'x')
  }
  const app = createServer({
    stores: {
      names: () => Object.keys(stores),
      get: async (name) => stores[name] ?? Promise.reject(new Error(`no store ${name}`)),
    },
    tokens: { current: () => tokens },
    metrics: serverMetrics(),
    ipfsStore: 'content',
    limits: { authFailuresPerMinute: 0 },
  })
  base = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  close = async () => {
    agent.destroy()
    await app.close()
    for (const store of Object.values(stores)) await store.close()
    await rm(folder, { recursive: true, force: true })
  }
})
afterAll(() => close())

function tokenFor(granted: readonly Scope[], paths: readonly string[], expires?: number): string {
  const { id, secret, text } = makeToken()
  const access = accessOf({ id, scopes: granted, paths: paths.map(parsePath) })
  tokens.set(id, { id, hash: hashOf(secret), expires, access })
  return text
}

function ask(token: string | undefined, [method, path, body]: ReturnType<Route['ask']>): Promise<Given> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {}
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const asking = request(
      { agent, host: base.hostname, port: base.port, method, path, headers: { ...authorization, ...type, ...length } },
      (response) => {
        let received = ''
        response.on('data', (chunk: Buffer) => (received += chunk.toString()))
        response.on('end', () => {
          const { statusCode = 0, headers } = response
          const all = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\n`)
          resolve({ status: statusCode, code: String(headers['x-kit-error'] ?? ''), text: all.join('') + received })
        })
      },
    )
    asking.on('error', reject)
    asking.end(text)
  })
}

/** What an answer says beside what is new in each. */
function settled({ text }: Given): string {
  return text
    .replace(/^(?:date|x-request-id|content-length|keep-alive): .*\n/gm, '')
    .replace(/"(?:timestamp|correlation_id|requestId)":"[^"]*"/g, '')
}

function mayDo(route: Route, granted: readonly Scope[], paths: readonly string[], place: Place): boolean {
  const { needs } = route
  const { store, key } = { ...place, ...(route.of === undefined ? {} : { store: route.of }) }
  if (needs === 'none' || needs === 'any') return true
  const grants = paths.map(parsePath)
  if (needs === 'seen') return grants.some((path) => path === '*' || path.store === store)
  const has = needs.every((scope) => granted.includes('admin') || granted.includes(scope))
  if (needs.includes('metrics')) return has
  const covers = grants.some((path) => {
    if (path === '*') return true
    if (path.store !== store) return false
    return (
      path.directory === '' || route.anywhere === true || (route.whole !== true && key.startsWith(`${path.directory}/`))
    )
  })
  return has && covers
}

test('the table has every route of the description, and no other', async () => {
  const described = await ask(tokenFor(['read'], ['*']), ['GET', '/openapi.json'])
  const ids = [...described.text.matchAll(/"operationId":"(\w+)"/g)].map((match) => String(match[1]))
  expect(ids.toSorted()).toEqual(Object.keys(routes).toSorted())
})

// Those that see least come first: what the others delete, nobody may see any more.
const tried = pathSets.flatMap((paths) => scopeSets.map((granted) => ({ paths, granted })))

test.each(tried)(
  'a token with $granted at $paths does what it may, and sees nothing else',
  async ({ paths, granted }) => {
    const token = tokenFor(granted, paths)
    for (const [id, route] of Object.entries(routes)) {
      const refused = new Set<string>()
      const asked = new Set<string>()
      for (const place of places) {
        const question = route.ask(place)
        // What does not name the whole place is the same question at several.
        if (asked.has(JSON.stringify(question))) continue
        asked.add(JSON.stringify(question))
        const given = await ask(token, question)
        const allowed = mayDo(route, granted, paths, place)
        const what = [id, place.store, place.key]
        if (allowed) expect([...what, [401, 403].includes(given.status)]).toEqual([...what, false])
        else {
          expect([...what, given.status, given.code]).toEqual([...what, 403, 'PermissionDenied'])
          refused.add(settled(given))
        }
        // Those of all of `photos` may see what is planted there, in their listings and jobs.
        if (paths[0] === 'photos:2026/' || paths[0] === 'none:') expect(given.text).not.toContain(planted)
        if (paths[0] === 'photos:' || paths[0] === 'content:') expect(given.text).not.toContain(`"${planted}"`)
      }
      // There or not: one answer.
      expect([id, refused.size <= 1]).toEqual([id, true])
    }
  },
)

test('a listing above a path shows the way there and nothing beside it', async () => {
  await stores['photos']?.write('2026/deep/c', 'c')
  const token = tokenFor(['list'], ['photos:2026/deep/'])
  const list = async (query: string): Promise<unknown> => {
    const { text } = await ask(token, ['GET', `${api}/stores/photos/objects${query}`])
    return (JSON.parse(text.slice(text.indexOf('{'))) as { entries: unknown }).entries
  }
  expect(await list('')).toEqual([{ kind: 'directory', key: '2026' }])
  expect(await list('?prefix=2026')).toEqual([{ kind: 'directory', key: '2026/deep' }])
  expect(await list('?recursive=true')).toMatchObject([
    { kind: 'directory', key: '2026' },
    { kind: 'directory', key: '2026/deep' },
    { kind: 'file', key: '2026/deep/c', size: 1 },
  ])
})

test('without a token, with one that is none, and with one that has ended, every route but health answers 401', async () => {
  const known = makeToken()
  const wrong = [undefined, makeToken().text, 'x', `kit_${known.id}_${known.secret}`, tokenFor(['admin'], ['*'], 1)]
  for (const token of wrong) {
    const answers = new Set<string>()
    for (const [id, route] of Object.entries(routes)) {
      for (const place of places.slice(0, 3)) {
        const given = await ask(token, route.ask(place))
        expect([id, given.status]).toEqual([id, id === 'getHealth' ? 200 : 401])
        expect(given.text).not.toContain(planted)
        if (id !== 'getHealth') answers.add(given.code)
      }
    }
    expect([...answers]).toEqual(['Unauthenticated'])
  }
  expect((await ask(undefined, ['GET', '/health'])).text).not.toMatch(/uptime|version/)
})

test('a token that is taken away is refused at once, over connections that have proven it, too', async () => {
  const token = tokenFor(['read'], ['*'])
  const status = async (): Promise<number> => (await ask(token, ['GET', api])).status
  expect([await status(), await status()]).toEqual([200, 200])
  tokens = new Map([...tokens].filter(([id]) => !token.includes(id)))
  expect(await status()).toBe(401)
})
