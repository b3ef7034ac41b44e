import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { memory } from '@kit/backend-memory'
import { openStore } from '@kit/core'
import { createServer } from '@kit/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ask } from './ask.ts'
import { objects, serve, withMethods, serveStore } from './serve.ts'
import { spawnServer } from './spawn-server.ts'

const token = 'correct-horse-battery'
const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` })

/** A GET that is answered when the test says so. */
function open(base: string, path: string): { asking: ClientRequest; answered: Promise<number> } {
  const { hostname, port } = new URL(base)
  const asking = request({ hostname, port, path, agent: false })
  const answered = once(asking, 'response').then(([response]) => {
    ;(response as IncomingMessage).resume()
    return (response as IncomingMessage).statusCode ?? 0
  })
  answered.catch(() => undefined)
  asking.on('error', () => undefined)
  asking.end()
  onTestFinished(() => void asking.destroy())
  return { asking, answered }
}

async function slowStore(): Promise<{ base: (limits: object) => Promise<string>; release: () => void }> {
  const { store } = await serve('memory')
  await store.write('x', 'x')
  const gate = Promise.withResolvers<void>()
  const slow = withMethods(store, {
    read: async (key, options) => {
      await gate.promise
      return store.read(key, options)
    },
  })
  return { base: async (limits) => (await serveStore(slow, { limits })).base, release: () => gate.resolve() }
}

test('more requests in progress than there may be are sent away with Retry-After, and health is still told', async () => {
  const slow = await slowStore()
  const base = await slow.base({ maxRequests: 3 })
  const waiting = Array.from({ length: 3 }, () => open(base, `${objects}/x`))
  await vi.waitFor(async () => {
    const refused = await ask(base, 'HEAD', `${objects}/x`)
    expect([refused.status, refused.code, refused.headers['retry-after']]).toEqual([503, 'Unavailable', '1'])
  })
  expect((await ask(base, 'GET', '/health')).status).toBe(200)
  slow.release()
  expect(await Promise.all(waiting.map(({ answered }) => answered))).toEqual([200, 200, 200])
  expect((await ask(base, 'GET', `${objects}/x`)).status).toBe(200)
})

test('one client has only so many requests in progress; those that it gives up make room', async () => {
  const slow = await slowStore()
  const base = await slow.base({ maxRequestsPerClient: 2 })
  const waiting = [open(base, `${objects}/x`), open(base, `${objects}/x`)]
  await vi.waitFor(async () => {
    const refused = await ask(base, 'HEAD', `${objects}/x`)
    expect([refused.status, refused.code, refused.headers['retry-after']]).toEqual([429, 'RateLimited', '1'])
  })
  for (const { asking } of waiting) asking.destroy()
  await vi.waitFor(async () => expect((await ask(base, 'HEAD', `${objects}/x`)).status).toBe(200))
  slow.release()
})

test('more requests a minute than one client may begin are refused, with the time to wait', async () => {
  const { base } = await serve('memory', { limits: { ratePerMinute: 5 } })
  const statuses: number[] = []
  for (let times = 0; times < 7; times++) statuses.push((await ask(base, 'GET', '/api/v1')).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
  const refused = await ask(base, 'GET', `${objects}/x`)
  expect(refused).toMatchObject({ status: 429, code: 'RateLimited' })
  expect(refused.json()).toMatchObject({ success: false, recoverable: true, error: { retry: 'safe' } })
  const seconds = Number(refused.headers['retry-after'])
  expect(seconds > 0 && seconds <= 60).toBe(true)
  expect((await ask(base, 'GET', '/health')).status).toBe(200)
})

test('whoever tries tokens is stopped, and a token that cannot be guessed is still let in', async () => {
  const { base } = await serve('memory', { token, limits: { authFailuresPerMinute: 3 } })
  const status = async (text: string): Promise<number> =>
    (await ask(base, 'GET', '/api/v1', { headers: bearer(text) })).status
  expect([await status('a'), await status(token), await status('b'), await status('c')]).toEqual([401, 200, 401, 401])
  const refused = await ask(base, 'GET', '/api/v1', { headers: bearer(token) })
  expect(refused).toMatchObject({ status: 429, code: 'RateLimited' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask(base, 'GET', '/health')).status).toBe(200)
})

/** A connection that has sent this and then stands still. */
async function stalled(base: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

test('300 clients that send and take nothing hold up nobody', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kit-slow-'))
  const { base, child, ended } = await spawnServer(folder, ['--port', '0'])
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  await ask(base, 'PUT', `${objects}/big`, { body: new Uint8Array(32 * 2 ** 20) })
  const halfHead = 'GET / HTTP/1.1\r\nHost: local'
  const upload = (name: string): string =>
    `PUT ${objects}/${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\nhalf`
  const download = `GET ${objects}/big HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const sockets = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      stalled(base, [halfHead, upload(`up${index}`), download][index % 3] ?? ''),
    ),
  )
  for (const socket of sockets) socket.pause()
  for (let times = 0; times < 20; times++) {
    expect((await ask(base, 'PUT', `${objects}/small`, { body: 'x'.repeat(times) })).status).toBeLessThan(300)
    expect((await ask(base, 'GET', `${objects}/small`)).text).toHaveLength(times)
  }
  expect((await ask(base, 'GET', `${objects}/big`)).body).toHaveLength(32 * 2 ** 20)
})

test('a client that takes nothing of the last bytes, either, is let go', async () => {
  const store = await openStore(memory({}), { name: 'files' })
  await store.write('whole', new Uint8Array(32 * 2 ** 20))
  const app = createServer({ stores: { names: () => ['files'], get: async () => store }, limits: { stallMs: 300 } })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const socket = await stalled(base, `GET ${objects}/whole HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  socket.pause()
  const connections = promisify(app.server.getConnections.bind(app.server))
  await vi.waitFor(async () => expect(await connections()).toBe(1))
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 10_000 })
})
