import { mkdir, mkdtemp, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readResponse, request } from '../src/http/index.ts'
import {
  definePlugin,
  errorCodes,
  fromErrno,
  isStorageError,
  openStore,
  type Backend,
  type Capabilities,
  type ErrorCode,
  type LayerSettings,
  type Plugin,
  type Store,
} from '../src/index.ts'

const capabilities: Capabilities = {
  ops: { write: 'native', usage: 'native' },
  etag: 'strong',
  read: { range: 'native', ifNoneMatch: 'native' },
  write: {
    durable: 'process',
    atomic: 'native',
    ifAbsent: 'native',
    ifMatch: 'native',
    unknownSize: 'native',
    attributes: [],
  },
  keys: { maxBytes: 100, caseSensitive: true, unicode: 'exact', forbidden: ':' },
  directories: 'implied',
  consistent: { read: true, list: true },
}

/** A backend that does what any author of one would: one request, the answer as it is. */
const wire: Plugin<{ base: string }> = definePlugin<{ base: string }>({
  contract: 0,
  type: 'wire',
  options: { base: { type: 'string', description: 'Where.', required: true } },
  capabilities,
  open: ({ base }): Backend => ({
    capabilities,
    async stat(context, key) {
      const response = await request(context, { method: 'HEAD', url: `${base}/${key}` })
      return { kind: 'file', key, size: Number(response.headers.get('content-length')), etag: '"e"' }
    },
    async read(context, key, { ifNoneMatch }) {
      const response = await request(context, {
        method: 'GET',
        url: `${base}/${key}`,
        headers: { 'if-none-match': ifNoneMatch },
      })
      const result = await readResponse(context, response, key)
      const sha256 = response.headers.get('x-sha256')
      return sha256 === null ? result : { ...result, entry: { ...result.entry, hashes: { sha256 } } }
    },
    async write(context, key, source, { ifAbsent }) {
      const codes = ifAbsent === true ? ({ 412: 'AlreadyExists' } as const) : {}
      await request(context, { method: 'PUT', url: `${base}/${key}`, source, codes })
      return { kind: 'file', key, size: source.size ?? 0, etag: '"e"' }
    },
    usage: () => Promise.resolve({}),
  }),
})

let server: Server
let resetting: TcpServer
let silent: TcpServer
let folder = ''
const baseOf = (listening: { address(): unknown }): string =>
  `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
const listen = (one: Server | TcpServer): Promise<void> => new Promise((resolve) => one.listen(0, '127.0.0.1', resolve))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-codes-'))
  server = createServer((incoming, response) => {
    incoming.resume()
    const status = Number(/\d+/.exec(incoming.url ?? '')?.[0] ?? 200)
    const headers = { 'retry-after': '0', etag: '"e"' }
    if (status === 304) response.writeHead(304, headers).end()
    else
      response
        .writeHead(status, {
          ...headers,
          ...(incoming.url?.endsWith('hashed') === true ? { 'x-sha256': '00' } : {}),
          'content-length': 1,
        })
        .end('x')
  })
  resetting = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  silent = createTcpServer((socket) => socket.on('error', () => undefined))
  await Promise.all([listen(server), listen(resetting), listen(silent)])
})
afterAll(async () => {
  server.closeAllConnections()
  for (const one of [server, resetting, silent]) one.close()
  await rm(folder, { recursive: true, force: true })
})

async function opened(base: string, layers: LayerSettings = {}): Promise<Store> {
  return openStore(wire({ base, layers: { retry: { base: 0 }, ...layers } }), { name: 'wired' })
}

/** Does something to real files and gives the error as a backend would. */
const onFiles = (work: () => Promise<unknown>) => async (): Promise<unknown> => {
  try {
    return await work()
  } catch (error) {
    throw fromErrno(error, { operation: 'stat', store: 'wired', key: '1' })
  }
}

const status = (code: number, call: (store: Store, key: string) => Promise<unknown>) => async (): Promise<unknown> =>
  call(await opened(baseOf(server)), `${code}`)
const stat = (store: Store, key: string): Promise<unknown> => store.stat(key)
const read = (store: Store, key: string): Promise<unknown> => store.read(key)
const write = (store: Store, key: string): Promise<unknown> => store.write(key, 'x')

/** For each code what brings it about, below the backend wherever it comes from there. */
const causes: { readonly [Code in ErrorCode]: readonly (() => Promise<unknown>)[] } = {
  NotFound: [status(404, stat), status(410, read), onFiles(() => readFile(join(folder, 'nothing')))],
  AlreadyExists: [
    status(412, (store, key) => store.write(key, 'x', { ifAbsent: true })),
    onFiles(async () => {
      await writeFile(join(folder, 'there'), '')
      await (await open(join(folder, 'there'), 'wx')).close()
    }),
  ],
  ConditionFailed: [status(412, (store, key) => store.write(key, 'x', { ifMatch: '"1"' }))],
  NotModified: [status(304, (store, key) => store.read(key, { ifNoneMatch: '"e"' }))],
  NotEmpty: [
    onFiles(async () => {
      await mkdir(join(folder, 'full', 'inner'), { recursive: true })
      await rmdir(join(folder, 'full'))
    }),
  ],
  IsDirectory: [onFiles(() => readFile(folder))],
  NotDirectory: [
    onFiles(async () => {
      await writeFile(join(folder, 'file'), '')
      await readFile(join(folder, 'file', 'below'))
    }),
  ],
  InvalidKey: [
    status(200, (store) => store.stat('../etc')),
    status(414, stat),
    onFiles(() => readFile(join(folder, 'x'.repeat(300)))),
    status(200, (store) => store.stat('k'.repeat(101))),
  ],
  InvalidRange: [status(200, (store, key) => store.read(key, { range: { from: 5 } })), status(416, read)],
  InvalidConfig: [
    () => openStore({ plugin: wire, options: { bass: 'x' } }),
    status(200, (store, key) => store.write(key, 'x', { ifAbsent: true, ifMatch: '"1"' })),
  ],
  Unauthenticated: [status(401, stat)],
  PermissionDenied: [status(403, stat)],
  ReadOnly: [
    onFiles(() => {
      throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    }),
  ],
  Unsupported: [status(405, write), status(501, write), status(200, (store, key) => store.append(key, 'x'))],
  TooLarge: [status(413, write), status(200, async (store, key) => (await store.read(key)).bytes({ maxBytes: 0 }))],
  QuotaExceeded: [status(507, write), onFiles(() => writeFile('/dev/full', 'x'))],
  RateLimited: [status(429, stat)],
  Conflict: [status(409, write), status(423, write)],
  NotReady: [status(425, read)],
  Unavailable: [
    status(503, stat),
    status(500, write),
    async () => (await opened(baseOf(resetting))).stat('1'),
    async () => {
      const gone = createTcpServer()
      await listen(gone)
      const base = baseOf(gone)
      await new Promise((resolve) => gone.close(resolve))
      return (await opened(base)).stat('1')
    },
  ],
  Timeout: [
    status(504, stat),
    status(408, stat),
    async () => (await opened(baseOf(silent), { stall: '20 ms' })).stat('1'),
    async () => (await opened(baseOf(silent), { deadline: '20 ms' })).stat('1'),
  ],
  Aborted: [
    async () => (await opened(baseOf(silent))).stat('1', { signal: AbortSignal.timeout(20) }),
    status(200, (store, key) => store.stat(key, { signal: AbortSignal.abort() })),
  ],
  Corrupt: [
    status(206, read),
    status(200, (store) => store.read('200-hashed')),
    status(200, (store, key) => store.write(key, 'x', { hashes: { sha256: '00' } })),
  ],
  Unexpected: [
    status(418, stat),
    status(302, stat),
    onFiles(() => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
    }),
  ],
}

describe('every code (E3)', () => {
  for (const code of errorCodes) {
    it(`${code} comes from what really causes it, with all that is known about it`, async () => {
      for (const cause of causes[code]) {
        const failure = await cause().then(
          () => 'resolved',
          (error: unknown) => error,
        )
        if (!isStorageError(failure)) throw new Error(`no StorageError but ${String(failure)}`)
        expect(failure.code, failure.message).toBe(code)
        if (code === 'InvalidConfig') continue
        expect(failure.store).toBe('wired')
        expect(failure.operation).toBeDefined()
        expect(failure.key).toBeDefined()
      }
    })
  }
})
