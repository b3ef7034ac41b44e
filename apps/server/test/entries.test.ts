import { describe, expect, test } from 'vitest'
import { ask, askJson } from './ask.ts'
import { at, kinds, objects, serve, serveStore, withMethods } from './serve.ts'

describe.each(kinds)('entries of a store of type %s', (kind) => {
  test('tell what is known of an object, without its bytes', async () => {
    const { base, store } = await serve(kind)
    await store.write('a/b c', 'hello')
    const { status, headers, json } = await ask(base, 'GET', at('entries/a/b%20c'))
    expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
    expect(json()).toMatchObject({
      success: true,
      operation: 'stat',
      entry: { kind: 'file', key: 'a/b c', size: 5, etag: headers.etag },
    })
    expect((await ask(base, 'HEAD', at('entries/a/b%20c'))).status).toBe(200)
    expect(await ask(base, 'GET', at('entries/none'))).toMatchObject({ status: 404, code: 'NotFound' })
    expect((await ask(base, 'GET', at('entries/a?implied=true'))).json()).toMatchObject({
      entry: { kind: 'directory' },
    })
    expect((await ask(base, 'GET', at('entries/a'))).status).toBe(kind === 'fs' ? 200 : 404)
    for (const path of ['entries/', 'entries/a//b', 'entries/..', 'entries/a%2Fb']) {
      expect([path, await ask(base, 'GET', at(path))]).toMatchObject([path, { status: 400, code: 'InvalidKey' }])
    }
    for (const query of ['implied=maybe', 'depth=1', 'implied&implied', '__proto__=1', 'version=a&version=b']) {
      const got = await ask(base, 'GET', at(`entries/a?${query}`))
      expect([query, got.status, got.code]).toEqual([query, 400, 'InvalidConfig'])
    }
  })

  test('are changed by the attributes that are named, and no others', async () => {
    const { base, store } = await serve(kind)
    await store.write('x', 'x')
    const modified = '2020-02-02T02:02:02.000Z'
    const changed = await askJson(base, 'PATCH', at('entries/x'), { modified, mode: 0o640 })
    expect(changed).toMatchObject({ status: 200 })
    expect(changed.json()).toMatchObject({ entry: { key: 'x', modified, mode: 0o640 } })
    expect(await store.stat('x')).toMatchObject({ modified: new Date(modified), mode: 0o640 })
    const later = await askJson(base, 'PATCH', at('entries/x'), { mode: 0o600 })
    expect(later.json()).toMatchObject({ entry: { modified, mode: 0o600 } })
    expect(await askJson(base, 'PATCH', at('entries/none'), { mode: 0o600 })).toMatchObject({ status: 404 })
    const typed = await askJson(base, 'PATCH', at('entries/x'), { contentType: 'text/plain', metadata: { a: 'ä→' } })
    if (kind === 'fs') expect(typed).toMatchObject({ status: 422, code: 'Unsupported' })
    else expect(typed.json()).toMatchObject({ entry: { contentType: 'text/plain', metadata: { a: 'ä→' } } })
  })

  test('PUT takes the time and the mode from headers', async () => {
    const { base, store } = await serve(kind)
    const headers = { 'x-kit-modified': '2001-09-09T01:46:40.123Z', 'x-kit-mode': '640' }
    const made = await ask(base, 'PUT', `${objects}/x`, { body: 'x', headers })
    expect(made.json()).toMatchObject({ entry: { modified: headers['x-kit-modified'], mode: 0o640 } })
    expect((await store.stat('x')).modified?.toISOString()).toBe(headers['x-kit-modified'])
    const wrong = [
      { 'x-kit-modified': 'yesterday' },
      { 'x-kit-modified': '2001-02-31T00:00:00Z0' },
      { 'x-kit-modified': '1' },
      { 'x-kit-mode': '888' },
      { 'x-kit-mode': '0o644' },
      { 'x-kit-mode': '77777' },
      { 'x-kit-mode': '' },
    ]
    for (const given of wrong) {
      const got = await ask(base, 'PUT', `${objects}/y`, { body: 'x', headers: given })
      expect([given, got.status, got.code]).toEqual([given, 400, 'InvalidConfig'])
    }
    expect((await ask(base, 'GET', `${objects}/y`)).status).toBe(404)
  })

  test('append adds to the end, and only where it is said to be', async () => {
    const { base, store } = await serve(kind)
    const append = (query: string, body: string, headers = {}): ReturnType<typeof ask> =>
      ask(base, 'POST', at(`append/log${query}`), { body, headers })
    if (!store.can('append')) {
      expect(await append('', 'one')).toMatchObject({ status: 422, code: 'Unsupported' })
      return
    }
    expect((await append('', 'one')).json()).toMatchObject({ operation: 'append', entry: { key: 'log', size: 3 } })
    expect((await append('?at=3', 'two')).json()).toMatchObject({ entry: { size: 6 } })
    expect(await append('?at=3', 'again')).toMatchObject({ status: 412, code: 'ConditionFailed' })
    expect((await append('', 'three', { 'transfer-encoding': 'chunked', 'content-length': [] })).status).toBe(200)
    const digest = { 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
    expect(await append('', 'not it', digest)).toMatchObject({ status: 400, code: 'Corrupt' })
    for (const query of ['?at=-1', '?at=x', '?at=1e3', '?to=1', '?at=1&at=2']) {
      expect([query, (await append(query, 'x')).status]).toEqual([query, 400])
    }
    expect(await (await store.read('log')).text()).toBe('onetwothree')
  })

  test('usage and ping ask the store', async () => {
    const { base, store } = await serve(kind)
    await store.write('x', 'hello')
    const { usage } = (await ask(base, 'GET', at('usage'))).json() as { usage: Record<string, number> }
    if (kind === 'memory') expect(usage).toEqual({ usedBytes: 5, objects: 1 })
    else expect(usage['freeBytes']).toBeGreaterThan(0)
    expect((await ask(base, 'POST', at('ping'))).json()).toMatchObject({ success: true, operation: 'ping' })
    expect((await ask(base, 'POST', '/api/v1/stores/none/ping')).status).toBe(404)
    const matrix = (await ask(base, 'GET', '/api/v1/matrix')).json()
    expect(matrix).toMatchObject({ stores: { files: { type: kind, capabilities: { ops: { write: 'native' } } } } })
    expect((await ask(base, 'GET', '/api/v1')).json()).toMatchObject({
      name: 'kit',
      api: 1,
      version: expect.any(String),
    })
  })
})

test('a store that cannot be opened says so, and hides no other', async () => {
  const { store } = await serve('memory')
  const { base } = await serveStore(store, {
    stores: {
      names: () => ['files', 'broken'],
      get: async (name) => (name === 'files' ? store : Promise.reject(new Error('secret /root/.ssh'))),
    },
  })
  const { stores } = (await ask(base, 'GET', '/api/v1/stores')).json()
  expect(stores).toMatchObject([
    { name: 'files', type: 'memory' },
    { name: 'broken', error: { code: 'Unexpected' } },
  ])
  const matrix = await ask(base, 'GET', '/api/v1/matrix')
  expect(matrix.json()).toMatchObject({
    stores: { files: { type: 'memory' }, broken: { error: { code: 'Unexpected' } } },
  })
  expect(matrix.text).not.toContain('secret')
})

test('versions and links to objects are those of the store', async () => {
  const { store } = await serve('memory')
  const old = await store.write('x', 'old')
  const asked: unknown[] = []
  const { base } = await serveStore(
    withMethods(store, {
      versions: (key) => {
        async function* entries(): AsyncGenerator<typeof old> {
          for (const version of ['2', '1']) yield { ...old, key: old.key, version: `${key} ${version}` }
        }
        return { pages: () => Promise.reject(new Error('not asked')) as never, [Symbol.asyncIterator]: entries }
      },
      read: (key, { version, ...options } = {}) => {
        asked.push(version)
        return store.read(key, options)
      },
      stat: (key, { version, ...options } = {}) => {
        asked.push(version)
        return store.stat(key, options)
      },
      delete: async (_key, { version } = {}) => {
        asked.push(version)
      },
      url: async (key, { method, expiresInSeconds, contentType }) => ({
        url: `https://elsewhere.example/${key}?${method}&${expiresInSeconds}&${contentType}`,
        headers: { 'x-a': 'b' },
      }),
    }),
  )
  const { entries } = (await ask(base, 'GET', at('versions/x'))).json() as { entries: { version: string }[] }
  expect(entries.map(({ version }) => version)).toEqual(['x 2', 'x 1'])
  for (const [method, path] of [
    ['GET', 'objects/x?version=v%201'],
    ['HEAD', 'objects/x?version=v%201'],
    ['GET', 'entries/x?version=v%201'],
    ['DELETE', 'objects/x?version=v%201'],
  ] as const) {
    asked.length = 0
    expect((await ask(base, method, at(path))).status).toBeLessThan(300)
    expect([method, path, asked[0]]).toEqual([method, path, 'v 1'])
  }
  for (const path of ['objects/x?versio=1', 'objects/x?version=1&version=2']) {
    expect([path, (await ask(base, 'GET', at(path))).status]).toEqual([path, 400])
  }
  expect((await ask(base, 'PUT', at('objects/x?version=1'), { body: 'x' })).status).toBe(400)
  const signed = await askJson(base, 'POST', at('url'), {
    key: 'x',
    method: 'PUT',
    expiresInSeconds: 60,
    contentType: 'a/b',
  })
  expect(signed.json()).toMatchObject({ url: 'https://elsewhere.example/x?PUT&60&a/b', headers: { 'x-a': 'b' } })
  for (const expiresInSeconds of [0, -1, 1.5, 1e9, '60', null]) {
    expect((await askJson(base, 'POST', at('url'), { key: 'x', expiresInSeconds })).status).toBe(400)
  }
})

test('what a store cannot do is 422', async () => {
  const { base } = await serve('memory')
  expect(await ask(base, 'GET', at('versions/x'))).toMatchObject({ status: 422, code: 'Unsupported' })
  for (const [path, body] of [
    ['url', { key: 'x', expiresInSeconds: 1 }],
    ['directories', { key: 'x' }],
    ['links', { key: 'x', target: 'y' }],
    ['uploads', { key: 'x' }],
  ] as const) {
    expect([path, await askJson(base, 'POST', at(path), body)]).toMatchObject([
      path,
      { status: 422, code: 'Unsupported' },
    ])
  }
  expect(await ask(base, 'GET', at('uploads'))).toMatchObject({ status: 422, code: 'Unsupported' })
})
