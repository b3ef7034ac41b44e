import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addToken, removeToken } from '@kit/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ask, type Answer } from './ask.ts'
import { objects } from './serve.ts'
import { start } from './spawn-server.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-service-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
})

test('metrics count requests by route, method and status, calls of stores, and never by key (O1)', async () => {
  const folder = await temporaryFolder()
  const tokens = join(folder, 'tokens.json')
  const { token: admin } = await addToken(tokens, { name: 'all', scopes: ['admin'], paths: ['*'] })
  const { token: scraper } = await addToken(tokens, { name: 'scraper', scopes: ['metrics'], paths: ['*'] })
  const { base } = await start(folder, ['--tokens', tokens])
  const as = (token: string, method: string, path: string, body?: string): Promise<Answer> =>
    ask(base, method, path, { ...bearer(token), ...(body === undefined ? {} : { body }) })
  await as(admin, 'PUT', `${objects}/planted-key`, 'x'.repeat(1000))
  for (let times = 0; times < 3; times++) await as(admin, 'GET', `${objects}/planted-key`)
  await as(admin, 'GET', `${objects}/planted-none`)
  await as(admin, 'GET', '/planted-route?planted-query')
  expect((await as(scraper, 'GET', `${objects}/planted-key`)).status).toBe(403)
  const got = await as(scraper, 'GET', '/metrics')
  expect(got.headers['content-type']).toContain('text/plain')
  const route = 'route="/api/v1/stores/:store/objects/*"'
  for (const line of [
    `kit_http_requests_total{method="GET",${route},status="200"} 3`,
    `kit_http_requests_total{method="GET",${route},status="404"} 1`,
    `kit_http_requests_total{method="GET",${route},status="403"} 1`,
    `kit_http_requests_total{method="PUT",${route},status="201"} 1`,
    'kit_http_requests_total{method="GET",route="none",status="404"} 1',
    `kit_http_request_duration_seconds_count{method="GET",${route}} 5`,
    `kit_http_request_duration_seconds_bucket{method="GET",${route},le="+Inf"} 5`,
    'kit_http_requests_in_progress{} 1',
    'kit_store_operations_total{store="files",operation="read",code="ok"} 3',
    'kit_store_operations_total{store="files",operation="read",code="NotFound"} 1',
    'kit_store_read_bytes_total{store="files",operation="read"} 3000',
  ]) {
    expect(got.text.replace('in_progress 1', 'in_progress{} 1')).toContain(`\n${line}\n`)
  }
  expect(got.text).toContain('process_cpu_seconds_total')
  expect(Number(/kit_http_received_bytes_total\{method="PUT".*\} (\d+)/.exec(got.text)?.[1])).toBeGreaterThan(1000)
  expect(got.text).not.toContain('planted')
  expect((await ask(base, 'GET', '/metrics')).status).toBe(401)
})

test('a line for each request, by its id, from the answer to the stores; and no secret in any (O1)', async () => {
  const folder = await temporaryFolder()
  const tokens = join(folder, 'tokens.json')
  const { token, description } = await addToken(tokens, { name: 'all', scopes: ['admin'], paths: ['*'] })
  const single = 'planted-single-token'
  const environment = { KIT_TOKEN: single, PLANTED: 'planted-environment' }
  const { base, errors, output, child, ended } = await start(
    folder,
    ['--tokens', tokens, '--log-level', 'trace'],
    environment,
  )
  const secrets = [single, token.split('_')[2] ?? '', 'planted-environment', 'planted-query', 'planted-wrong']
  const headers = { ...bearer(token).headers, 'x-request-id': 'request-7', cookie: 'planted-query' }
  const answers = [
    await ask(base, 'GET', `${objects}/none`, { headers }),
    await ask(base, 'GET', `${objects}/none?planted-query=1`, { headers: bearer(single).headers }),
    await ask(base, 'GET', '/nowhere?token=planted-query', { headers }),
    await ask(base, 'GET', '/api/v1', { headers: { authorization: 'Bearer planted-wrong-token' } }),
    await ask(base, 'GET', '/api/v1', { headers: { authorization: `Basic ${token}` } }),
    await ask(base, 'PUT', `${objects}/a`, { headers, body: 'x' }),
    await ask(base, 'GET', '/metrics', { headers }),
  ]
  child.kill('SIGTERM')
  await ended
  const lines = errors()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const told = lines.filter(({ msg, requestId }) => msg === 'request' && requestId === 'request-7')
  expect(told[0]).toMatchObject({
    method: 'GET',
    route: '/api/v1/stores/:store/objects/*',
    status: '404',
    tokenId: description.id,
    ms: expect.any(Number),
    sent: expect.any(Number),
  })
  expect(told).toHaveLength(4)
  const call = lines.find(({ msg, requestId }) => msg === 'store call' && requestId === 'request-7')
  expect(call).toMatchObject({ store: 'files', operation: 'read' })
  const everything = [errors(), output(), ...answers.map(({ text, headers: got }) => JSON.stringify(got) + text)]
  // What a client says in a query comes back to it where the query is what is wrong, and to nobody else.
  const spoken = [errors(), output(), ...answers.slice(2).map(({ text }) => text)]
  for (const secret of secrets) {
    const where = secret === 'planted-query' ? spoken : everything
    expect([secret, where.filter((text) => text.includes(secret))]).toEqual([secret, []])
  }
})

test('tokens count as soon as the file is changed; a wrong file changes nothing', async () => {
  const folder = await temporaryFolder()
  const { base, errors, child } = await start(folder, ['--log-level', 'error'])
  const path = join(folder, '.kit/server/tokens.json')
  const status = async (token?: string): Promise<number> =>
    (await ask(base, 'GET', '/api/v1/stores', token === undefined ? {} : bearer(token))).status
  // Without any token the loopback needs none; the first one ends that.
  expect(await status()).toBe(200)
  const { token, description } = await addToken(path, { name: 'a', scopes: ['read'], paths: ['*'] })
  child.kill('SIGHUP')
  await vi.waitFor(async () => expect(await status()).toBe(401), { timeout: 10_000 })
  expect(await status(token)).toBe(200)
  const { token: second } = await addToken(path, { name: 'b', scopes: ['read'], paths: ['*'] })
  await vi.waitFor(async () => expect(await status(second)).toBe(200), { timeout: 10_000 })

  const good = await readFile(path, 'utf8')
  await writeFile(path, '{"version": 1, "tokens": [{}]}')
  child.kill('SIGHUP')
  await vi.waitFor(() => expect(errors()).toContain('the tokens before the change go on'), { timeout: 10_000 })
  expect([await status(), await status(token), await status(second)]).toEqual([401, 200, 200])
  await writeFile(path, good)
  await removeToken(path, description.id)
  await vi.waitFor(async () => expect(await status(token)).toBe(401), { timeout: 10_000 })
  expect(await status(second)).toBe(200)
  await rm(path)
  child.kill('SIGHUP')
  await vi.waitFor(() => expect(errors()).toContain('the token file is gone'), { timeout: 10_000 })
  expect([await status(), await status(second)]).toEqual([401, 200])
})

test('a server that is stopping says so over connections that are open, and gives transfers the grace time', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'kit.yaml'), 'stores:\n  files: { type: fs, path: .kit/files }\n')
  const { base, child, ended } = await start(folder, ['--grace', '2s'])
  const { hostname, port } = new URL(base)
  const kept = connect(Number(port), hostname)
  let received = ''
  kept.on('data', (chunk: Buffer) => (received += chunk.toString()))
  kept.on('error', () => undefined)
  const health = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const half = `PUT ${objects}/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab`
  kept.write(health)
  await vi.waitFor(() => expect(received).toContain('"status":"ok"'))
  received = ''
  kept.write(half)
  const never: ClientRequest = request({ hostname, port, path: `${objects}/y`, method: 'PUT', agent: false })
  never.on('error', () => undefined)
  never.write('never ends')
  await vi.waitFor(async () => expect(existsSync(join(folder, '.kit/files/.kit/tmp'))).toBe(true))
  child.kill('SIGTERM')
  await vi.waitFor(() => expect(ask(base, 'GET', '/health')).rejects.toThrow('ECONNREFUSED'))
  kept.write(`cd${health}`)
  await vi.waitFor(() => expect(received).toMatch(/^HTTP\/1.1 201 [^]*HTTP\/1.1 503 [^]*"code":"Unavailable"/))
  expect(await ended).toBe(0)
  expect(existsSync(join(folder, '.kit/files/x'))).toBe(true)
  expect(existsSync(join(folder, '.kit/files/y'))).toBe(false)
})

test('serves only what it is told to, and changes nothing where it may not', async () => {
  const folder = await temporaryFolder()
  await writeFile(
    join(folder, 'kit.yaml'),
    'stores: { a: { type: memory }, b: { type: memory }, c: { type: memory } }\n',
  )
  const { base } = await start(folder, ['--stores', 'a,c', '--read-only'])
  expect((await ask(base, 'GET', '/api/v1/stores')).json()).toMatchObject({ stores: [{ name: 'a' }, { name: 'c' }] })
  const root = '/api/v1/stores'
  expect((await ask(base, 'GET', `${root}/b`)).status).toBe(404)
  for (const [method, path] of [
    ['PUT', `${root}/a/objects/x`],
    ['DELETE', `${root}/a/objects/x`],
    ['POST', `${root}/a/append/x`],
    ['DELETE', `${root}/a/directories/x`],
  ] as const) {
    const refused = await ask(base, method, path, method === 'DELETE' ? {} : { body: 'x' })
    expect([method, path, refused.status, refused.code]).toEqual([method, path, 403, 'ReadOnly'])
  }
  expect((await ask(base, 'GET', `${root}/a/objects/x`)).status).toBe(404)
  const unknown = await start(folder, ['--stores', 'a,z'])
  expect([await unknown.ended, unknown.errors()]).toEqual([1, expect.stringContaining('no store z')])
})

test('keeps its own in a folder for its own eyes, and does not start with a secret that others may read', async () => {
  const folder = await temporaryFolder()
  const { child, ended } = await start(folder)
  const key = join(folder, '.kit/server/upload-key')
  expect([(await stat(key)).mode & 0o777, (await stat(key)).size]).toEqual([0o600, 32])
  expect((await stat(join(folder, '.kit/server'))).mode & 0o777).toBe(0o700)
  const before = await readFile(key)
  child.kill('SIGTERM')
  await ended
  const again = await start(folder)
  again.child.kill('SIGTERM')
  await again.ended
  expect(await readFile(key)).toEqual(before)
  await chmod(key, 0o644)
  const refused = await start(folder)
  expect([await refused.ended, refused.errors()]).toEqual([1, expect.stringContaining('chmod 600')])
  const elsewhere = await start(folder, ['--state-folder', join(folder, 'own')])
  expect(existsSync(join(folder, 'own/upload-key'))).toBe(true)
  expect(elsewhere.base).not.toBe('')
})

test('other machines come in with tokens only, and plain HTTP is warned of', async () => {
  const folder = await temporaryFolder()
  const refused = await start(folder, ['--host', '0.0.0.0'])
  expect([await refused.ended, refused.errors()]).toEqual([1, expect.stringContaining('must bring a token')])
  const open = await start(folder, ['--host', '0.0.0.0'], { KIT_TOKEN: 'correct-horse-battery' })
  expect(open.errors()).toMatch(/^warning: 0\.0\.0\.0 is reached over plain HTTP: .*tokens and data.*--tls-cert/)
})

test('pages of the origins that are allowed may use it, with a token, and read why not', async () => {
  const folder = await temporaryFolder()
  const origin = 'https://app.example.org'
  const { base } = await start(folder, ['--allow-origin', origin], { KIT_TOKEN: 'correct-horse-battery' })
  const preflight = await ask(base, 'OPTIONS', `${objects}/x`, {
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,if-match',
    },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-methods']).toContain('PUT')
  expect(preflight.headers['access-control-allow-headers']).toContain('authorization')
  const site = { origin, 'sec-fetch-site': 'cross-site' }
  const refused = await ask(base, 'GET', `${objects}/x`, { headers: site })
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin])
  const headers = { ...site, ...bearer('correct-horse-battery').headers }
  expect((await ask(base, 'PUT', `${objects}/x`, { headers, body: 'x' })).status).toBe(201)
  const got = await ask(base, 'GET', `${objects}/x`, { headers })
  expect([got.text, got.headers['access-control-allow-origin']]).toEqual(['x', origin])
  const exposed = String(got.headers['access-control-expose-headers']).toLowerCase().split(', ')
  expect(exposed).toEqual(expect.arrayContaining(['etag', 'x-kit-entry', 'x-kit-error']))
  const other = await ask(base, 'GET', `${objects}/x`, { headers: { ...headers, origin: 'https://evil.example' } })
  expect([other.status, other.headers['access-control-allow-origin']]).toEqual([403, undefined])
})

test('an answer that is on its way goes on over a signal to read everything again', async () => {
  const folder = await temporaryFolder()
  const { base, child } = await start(folder)
  await ask(base, 'PUT', `${objects}/big`, { body: Buffer.alloc(32 * 2 ** 20) })
  const { hostname, port } = new URL(base)
  const asking = request({ hostname, port, path: `${objects}/big`, agent: false })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  child.kill('SIGHUP')
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length
  expect(bytes).toBe(32 * 2 ** 20)
})
