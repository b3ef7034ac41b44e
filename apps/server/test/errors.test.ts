import { catalogue, errorCodes, storageError } from '@kit/core'
import { expect, test } from 'vitest'
import { ask, sendRaw } from './ask.ts'
import { objects, serve, serveStore, withMethods } from './serve.ts'

test('an error is a result object with the code, what to do, and the request id', async () => {
  const { base } = await serve('memory')
  const { status, code, headers, text, json } = await ask(base, 'GET', `${objects}/none`, {
    headers: { 'x-request-id': 'job-7.a_B~c' },
  })
  expect([status, code, headers['x-request-id']]).toEqual([404, 'NotFound', 'job-7.a_B~c'])
  expect(json()).toMatchObject({
    success: false,
    operation: 'read',
    correlation_id: 'job-7.a_B~c',
    error: { code: 'NotFound', retry: 'never', applied: 'no', store: 'files', key: 'none', requestId: 'job-7.a_B~c' },
    error_type: 'IPFSContentNotFoundError',
    recoverable: false,
  })
  expect(Date.parse(String(json()['timestamp']))).toBeGreaterThan(Date.now() - 60_000)
  expect(text).not.toMatch(/\.ts:|stack/)
})

test('ids that are not harmless are replaced', async () => {
  const { base } = await serve('memory')
  for (const id of ['a b', 'x'.repeat(129), '<script>', '']) {
    const { headers } = await ask(base, 'GET', '/health', { headers: { 'x-request-id': id } })
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  }
})

test('every code of a store becomes its status, and the request id reaches the store', async () => {
  const { store } = await serve('memory')
  const ids: unknown[] = []
  let thrown: Error = new Error('not set')
  const failing = withMethods(store, {
    read: (_key, options) => {
      ids.push(options?.requestId)
      return Promise.reject(thrown)
    },
  })
  const { base } = await serveStore(failing)
  for (const code of errorCodes) {
    thrown = storageError(code, 'for a test', { retryAfterMs: 1500 })
    const got = await ask(base, 'GET', `${objects}/x`, { headers: { 'x-request-id': 'id' } })
    expect([code, got.status, got.code]).toEqual([code, catalogue[code].status, code])
    expect(got.headers['retry-after']).toBe('2')
  }
  expect(new Set(ids)).toEqual(new Set(['id']))
  thrown = new TypeError('secret path /root/.ssh')
  const unexpected = await ask(base, 'GET', `${objects}/x`)
  expect([unexpected.status, unexpected.code]).toEqual([500, 'Unexpected'])
  expect(unexpected.text).not.toContain('secret')
})

test('a failed HEAD has its code in a header and no body', async () => {
  const { base, store } = await serve('fs')
  await store.write('d/x', 'x')
  const [missing, directory] = [await ask(base, 'HEAD', `${objects}/none`), await ask(base, 'HEAD', `${objects}/d`)]
  expect([missing.status, missing.code, missing.text]).toEqual([404, 'NotFound', ''])
  expect([directory.status, directory.code]).toEqual([409, 'IsDirectory'])
  expect(await ask(base, 'GET', `${objects}/d`)).toMatchObject({ status: 409, code: 'IsDirectory' })
  expect(await ask(base, 'PUT', `${objects}/d`, { body: 'x' })).toMatchObject({ status: 409, code: 'IsDirectory' })
  expect(await ask(base, 'PUT', `${objects}/d/x/y`, { body: 'x' })).toMatchObject({ status: 409 })
})

test('unknown routes, stores and methods are told apart', async () => {
  const { base } = await serve('memory')
  expect(await ask(base, 'GET', '/nowhere')).toMatchObject({ status: 404, code: 'NotFound' })
  expect(await ask(base, 'GET', '/api/v1/stores/none/objects/x')).toMatchObject({ status: 404, code: 'NotFound' })
  expect(await ask(base, 'GET', '/api/v1/stores/none')).toMatchObject({ status: 404, code: 'NotFound' })
  for (const [path, allow] of [
    [`${objects}/x`, 'GET, HEAD, PUT, DELETE'],
    [objects, 'GET, HEAD'],
    ['/health', 'GET, HEAD'],
  ] as const) {
    for (const method of ['POST', 'PATCH', 'OPTIONS']) {
      const { status, headers } = await ask(base, method, path, { body: '{"a":1}', headers: { 'content-type': 'a/b' } })
      expect([path, method, status, headers.allow]).toEqual([path, method, 405, allow])
    }
  }
})

test('tells its health and its stores', async () => {
  const { base } = await serve('memory')
  expect((await ask(base, 'GET', '/health')).json()).toMatchObject({ success: true, operation: 'health', status: 'ok' })
  expect((await ask(base, 'HEAD', '/health')).status).toBe(200)
  expect((await ask(base, 'GET', '/api/v1/stores')).json()).toMatchObject({ stores: [{ name: 'files' }] })
  const one = (await ask(base, 'GET', '/api/v1/stores/files')).json()
  expect(one).toMatchObject({ name: 'files', type: 'memory', capabilities: { etag: 'strong' } })
})

test('what is no HTTP is answered with 400 or 431 in JSON', async () => {
  const { base } = await serve('memory')
  for (const [bytes, status] of [
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(300)}\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: localhost\r\na: ${'b'.repeat(20_000)}\r\n\r\n`, 431],
    [`PUT ${objects}/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  ] as const) {
    const answer = await sendRaw(base, bytes, 500)
    expect([bytes.slice(0, 60), answer.slice(0, 12)]).toEqual([bytes.slice(0, 60), `HTTP/1.1 ${status}`])
  }
})
