import { storageError } from '@kit/core'
import { describe, expect, test } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { jsonMaxBytes } from '../src/wire/json.ts'
import { ask, askJson, sendRaw } from './ask.ts'
import { at, kinds, objects, serve, serveStore, withMethods } from './serve.ts'

describe.each(kinds)('changes within a store of type %s', (kind) => {
  test('copy and move keep their conditions, spelt as in HTTP', async () => {
    const { base, store } = await serve(kind)
    await store.write('a', 'one')
    const post = (verb: 'copy' | 'move', body: object): ReturnType<typeof askJson> =>
      askJson(base, 'POST', at(verb), body)
    const etagOf = async (key: string): Promise<string> =>
      (await ask(base, 'HEAD', `${objects}/${key}`)).headers.etag ?? ''
    const text = async (key: string): Promise<string> => (await ask(base, 'GET', `${objects}/${key}`)).text
    const copied = await post('copy', { from: 'a', to: 'd/b', ifAbsent: true })
    expect(copied.json()).toMatchObject({
      operation: 'copy',
      entry: { key: 'd/b', size: 3, etag: await etagOf('d/b') },
    })
    expect(await post('copy', { from: 'a', to: 'd/b', ifAbsent: true })).toMatchObject({
      status: 412,
      code: 'AlreadyExists',
    })
    expect(await post('copy', { from: 'a', to: 'd/b', ifMatch: '"other"' })).toMatchObject({
      status: 412,
      code: 'ConditionFailed',
    })
    expect(await post('copy', { from: 'a', to: 'none', ifMatch: '"other"' })).toMatchObject({ status: 412 })
    expect(await post('copy', { from: 'a', to: 'd/b', fromEtag: '"other"' })).toMatchObject({ status: 412 })
    await store.write('a', 'two')
    const bound = { ifMatch: await etagOf('d/b'), fromEtag: await etagOf('a') }
    expect((await post('copy', { from: 'a', to: 'd/b', ...bound })).status).toBe(200)
    expect(await text('d/b')).toBe('two')
    expect(await post('copy', { from: 'none', to: 'c' })).toMatchObject({ status: 404 })
    expect(await post('copy', { from: 'a', to: 'c', ifAbsent: true, ifMatch: '"x"' })).toMatchObject({ status: 400 })
    expect((await post('move', { from: 'd/b', to: 'c' })).json()).toMatchObject({
      operation: 'move',
      entry: { key: 'c' },
    })
    expect([await text('c'), (await ask(base, 'GET', `${objects}/d/b`)).status]).toEqual(['two', 404])
    expect(await post('move', { from: 'c', to: 'a', ifAbsent: true })).toMatchObject({
      status: 412,
      code: 'AlreadyExists',
    })
    expect(await post('move', { from: 'c', to: 'a', ifMatch: '"other"' })).toMatchObject({ status: 412 })
    expect((await post('move', { from: 'c', to: 'a', ifMatch: await etagOf('a') })).status).toBe(200)
    for (const [from, to] of [
      ['a', '../b'],
      ['a', 'b//c'],
      ['/a', 'b'],
      ['a', 'b\0'],
      ['a', 'b\uD800'],
    ]) {
      expect(await post('copy', { from, to })).toMatchObject({ status: 400, code: 'InvalidKey' })
    }
  })

  test('several keys are deleted at once, each with its own result (E5)', async () => {
    const { base, store } = await serve(kind)
    for (const key of ['a', 'b/c', '日本']) await store.write(key, key)
    const done = await askJson(base, 'POST', at('delete'), { keys: ['a', 'a', 'b/c', 'none', '日本'] })
    expect(done.json()).toMatchObject({
      success: true,
      total: 4,
      successful: 4,
      failed: 0,
      items: { a: { success: true }, 'b/c': { success: true }, none: { success: true }, 日本: { success: true } },
    })
    for (const key of ['a', 'b/c', '日本']) await expect(store.stat(key)).rejects.toThrow('NotFound')
    await store.write('x', 'x')
    const some = await askJson(base, 'POST', at('delete'), { keys: ['x', '../y', 'z/'] })
    expect(some.status).toBe(200)
    expect(some.json()).toMatchObject({
      success: false,
      total: 3,
      successful: 1,
      failed: 2,
      items: {
        x: { success: true },
        '../y': { success: false, error: { code: 'InvalidKey' } },
        'z/': { success: false },
      },
    })
    expect((await askJson(base, 'POST', at('delete'), { keys: [] })).json()).toMatchObject({ success: true, total: 0 })
    const thousand = Array.from({ length: 1000 }, (_, index) => `k${index}`)
    expect((await askJson(base, 'POST', at('delete'), { keys: thousand })).json()).toMatchObject({ successful: 1000 })
    expect((await askJson(base, 'POST', at('delete'), { keys: [...thousand, 'more'] })).status).toBe(400)
  })
})

test('directories and links are made and removed', async () => {
  const { base, store } = await serve('fs')
  const made = await askJson(base, 'POST', at('directories'), { key: 'd/e' })
  expect(made.json()).toMatchObject({ success: true, operation: 'directories.make' })
  expect((await askJson(base, 'POST', at('directories'), { key: 'd/e' })).status).toBe(200)
  expect(await store.stat('d/e')).toMatchObject({ kind: 'directory' })
  expect((await askJson(base, 'POST', at('links'), { key: 'd/l', target: 'f' })).status).toBe(200)
  expect(await askJson(base, 'POST', at('links'), { key: 'd/l', target: 'f' })).toMatchObject({
    status: 412,
    code: 'AlreadyExists',
  })
  await store.write('d/f', 'hello')
  expect((await ask(base, 'GET', at('entries/d/l'))).json()).toMatchObject({ entry: { kind: 'link', target: 'f' } })
  expect((await ask(base, 'GET', at('objects/d/l'))).text).toBe('hello')
  const remove = (path: string): ReturnType<typeof ask> => ask(base, 'DELETE', at(`directories/${path}`))
  expect(await remove('d')).toMatchObject({ status: 409, code: 'NotEmpty' })
  expect(await remove('d/f')).toMatchObject({ status: 409, code: 'NotDirectory' })
  expect(await remove('none')).toMatchObject({ status: 404 })
  expect((await remove('d/e')).status).toBe(204)
  expect((await remove('d?recursive=false')).status).toBe(409)
  for (let index = 0; index < 30; index++) await store.write(`d/x/${index % 3}/${index}`, 'x')
  await store.write('dd', 'stays')
  expect((await remove('d?recursive')).status).toBe(204)
  const left: string[] = []
  for await (const { key } of store.list('', { recursive: true })) left.push(key)
  expect(left).toEqual(['dd'])
  expect((await remove('?recursive=true')).status).toBe(400)
})

test('who has only a part of a store makes and moves no link that leads out of it', async () => {
  const { store } = await serve('fs')
  const access = accessOf({
    id: 'a',
    scopes: ['list', 'read', 'write', 'delete'],
    paths: [{ store: 'files', directory: 'mine' }],
  })
  const { base } = await serveStore(store, {}, undefined, access)
  await store.write('secret', 'secret')
  const link = async (key: string, target: string): Promise<number> =>
    (await askJson(base, 'POST', at('links'), { key, target })).status
  expect(await link('mine/a/l', 'b')).toBe(200)
  expect(await link('mine/a/m', './b//./n')).toBe(200)
  for (const target of [
    '../../secret',
    '/etc/passwd',
    '../..',
    '../../../x',
    '../../mine2/x',
    'x/../../../secret',
    '..',
    // Where `l` leads upwards itself, these end higher than they seem to.
    '../b',
    'l/../../secret',
    'b/..',
  ]) {
    expect([target, await link('mine/a/out', target)]).toEqual([target, 403])
  }
  for (const verb of ['move', 'copy']) {
    const got = await askJson(base, 'POST', at(verb), { from: 'mine/a/l', to: 'mine/l' })
    expect([verb, got.status, got.code]).toEqual([verb, 403, 'PermissionDenied'])
  }
  await store.write('mine/f', 'f')
  expect((await askJson(base, 'POST', at('move'), { from: 'mine/f', to: 'mine/g' })).status).toBe(200)
})

test('all below a directory goes from a store without directories, too, and what cannot go is told', async () => {
  const { base, store } = await serve('memory')
  for (const key of ['d/a', 'd/b/c', 'dd']) await store.write(key, key)
  expect(await ask(base, 'DELETE', at('directories/d'))).toMatchObject({ status: 422 })
  expect((await ask(base, 'DELETE', at('directories/d?recursive=true'))).status).toBe(204)
  const left: string[] = []
  for await (const { key } of store.list('', { recursive: true })) left.push(key)
  expect(left).toEqual(['dd'])
  const stubborn = withMethods(store, {
    async *deleteMany(keys) {
      for await (const key of keys) yield { key, error: storageError('PermissionDenied', 'not this one', { key }) }
    },
  })
  await store.write('d/a', 'a')
  const { base: other } = await serveStore(stubborn)
  expect(await ask(other, 'DELETE', at('directories/d?recursive=true'))).toMatchObject({ status: 403 })
})

test('bodies that are no JSON of the kind that is wanted change nothing, and say which field is wrong', async () => {
  const { base } = await serve('memory')
  const post = (
    body: string | Uint8Array,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): ReturnType<typeof ask> => ask(base, 'POST', at('copy'), { body, headers })
  for (const [body, said] of [
    ['{', /JSON/],
    ['[]', /object/],
    ['null', /object/],
    ['"x"', /object/],
    ['{}', /"from".*"to"/],
    ['{"from":1,"to":"b"}', /"from"/],
    ['{"from":"a","to":"b","ifAbsent":"yes"}', /"ifAbsent"/],
    ['{"from":"a","to":"b","surprise":1}', /surprise/],
    ['{"from":"a","to":"b","__proto__":{"ifAbsent":true}}', /prototype/],
    ['{"from":"a","to":"b","constructor":{"prototype":{"x":1}}}', /prototype/],
    [`{"from":"a","to":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /"to"/],
    [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /"from"/],
    ['{"from":"","to":"b"}', /"from"/],
    ['{"from":"a","to":NaN}', /JSON/],
    [`{"from":"a","to":"${'x'.repeat(40_000)}"}`, /"to"/],
  ] as const) {
    const got = await post(body)
    expect([body.slice(0, 60), got.status, got.code]).toEqual([body.slice(0, 60), 400, 'InvalidConfig'])
    expect(String(Reflect.get(Object(got.json()['error']), 'message'))).toMatch(said)
    expect(got.text.length).toBeLessThan(8_000)
  }
  expect(await post(Buffer.from('{"from":"\xff","to":"b"}', 'latin1'))).toMatchObject({ status: 400 })
  expect(await post('')).toMatchObject({ status: 400, code: 'InvalidConfig' })
  expect(await post(' '.repeat(jsonMaxBytes + 1))).toMatchObject({ status: 413, code: 'TooLarge' })
  const good = '{"from":"a","to":"b"}'
  for (const headers of [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    { 'content-type': '' },
    {},
  ]) {
    expect([headers, await post(good, headers as Record<string, string>)]).toMatchObject([
      headers,
      { status: 415, code: 'InvalidConfig' },
    ])
  }
  expect(await post(good, { 'content-type': 'application/json; charset=UTF-8' })).toMatchObject({ status: 404 })
  for (const path of ['ping', 'uploads/x/finish']) {
    const got = await askJson(base, 'POST', at(path), { a: 1 })
    expect([path, got.status]).toEqual([path, 400])
  }
  expect(Object.prototype).not.toHaveProperty('ifAbsent')
})

test('a long JSON body in chunks is refused as soon as it is too long, and one that stands still is let go', async () => {
  const { base } = await serve('memory', { limits: { stallMs: 300 } })
  const head = (more: string): string =>
    `POST ${at('copy')} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n`
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
  const long = await sendRaw(base, `${head('Transfer-Encoding: chunked')}${chunk.repeat(40)}`, 3_000)
  expect(long).toMatch(/^HTTP\/1\.1 413 /)
  const started = performance.now()
  const still = await sendRaw(base, `${head('Content-Length: 100')}{`, 5_000)
  expect(performance.now() - started).toBeLessThan(4_500)
  expect(still).not.toMatch(/ 200 /)
})

test('methods that a path does not take are 405 with those that it takes', async () => {
  const { base } = await serve('memory')
  for (const [method, path, allow] of [
    ['GET', at('copy'), 'POST'],
    ['POST', at('entries/x'), 'GET, HEAD, PATCH'],
    ['PUT', at('uploads'), 'GET, HEAD, POST'],
    ['POST', at('uploads/x/parts/1'), 'PUT'],
    ['DELETE', '/api/v1/jobs', 'POST, GET, HEAD'],
    ['PUT', '/api/v1/jobs/x/events', 'GET'],
    ['POST', '/api/v1', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
  ] as const) {
    const { status, headers, code } = await ask(base, method, path)
    expect([method, path, status, code, headers.allow]).toEqual([method, path, 405, 'Unsupported', allow])
  }
  expect((await ask(base, 'GET', at('nothing'))).status).toBe(404)
  expect(await ask(base, 'GET', '/api/v2/stores')).toMatchObject({ status: 404, code: 'NotFound' })
})
