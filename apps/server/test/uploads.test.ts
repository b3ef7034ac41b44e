import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { openStore } from '@kit/core'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { createServer } from '../src/app.ts'
import { createSeal } from '../src/wire/seal.ts'
import { ask, askJson } from './ask.ts'
import { at, objects, serve } from './serve.ts'

interface Upload {
  readonly id: string
  readonly key: string
  readonly partBytes: number
  readonly expires?: string
}

async function start(base: string, body: object): Promise<Upload> {
  const { status, json } = await askJson(base, 'POST', at('uploads'), body)
  expect([status, json()]).toMatchObject([201, { success: true }])
  return json()['upload'] as Upload
}
const part = (base: string, id: string, number: number | string, body: Uint8Array): ReturnType<typeof ask> =>
  ask(base, 'PUT', at(`uploads/${id}/parts/${number}`), { body })
const finish = (base: string, id: string): ReturnType<typeof ask> => ask(base, 'POST', at(`uploads/${id}/finish`))

test('parts come in any order, are told of, and become the object', async () => {
  const { base, leftovers } = await serve('fs')
  const upload = await start(base, { key: 'd/film', ifAbsent: true })
  expect(upload).toMatchObject({ key: 'd/film', id: expect.stringMatching(/^[\w.-]+$/) })
  const [first, last] = [randomBytes(upload.partBytes), randomBytes(1_000)]
  const second = await part(base, upload.id, 2, last)
  expect(second.json()).toMatchObject({ operation: 'upload.part', part: { number: 2, size: 1_000 } })
  expect(await finish(base, upload.id)).toMatchObject({ status: 416, code: 'InvalidRange' })
  expect((await ask(base, 'GET', `${objects}/d/film`)).status).toBe(404)
  expect((await part(base, upload.id, 1, last)).status).toBe(200)
  expect((await part(base, upload.id, 1, first)).status).toBe(200)
  const told = (await ask(base, 'GET', at(`uploads/${upload.id}`))).json()
  expect(told).toMatchObject({ upload: { key: 'd/film' } })
  expect((told['parts'] as { number: number }[]).toSorted((a, b) => a.number - b.number)).toEqual([
    { number: 1, size: upload.partBytes },
    { number: 2, size: 1_000 },
  ])
  const done = await finish(base, upload.id)
  expect(done.json()).toMatchObject({
    operation: 'upload.finish',
    entry: { key: 'd/film', size: upload.partBytes + 1_000 },
  })
  expect((await ask(base, 'GET', `${objects}/d/film`)).body.equals(Buffer.concat([first, last]))).toBe(true)
  expect((await ask(base, 'GET', at('uploads'))).json()).toMatchObject({ uploads: [] })
  expect(await part(base, upload.id, 1, last)).toMatchObject({ status: 404 })
  expect((await leftovers()).filter((path) => path.endsWith('film'))).toHaveLength(1)
})

test('an upload can be dropped, and keeps the conditions it began with', async () => {
  const { base, store } = await serve('fs')
  const dropped = await start(base, { key: 'x' })
  await part(base, dropped.id, 1, randomBytes(10))
  expect((await ask(base, 'DELETE', at(`uploads/${dropped.id}`))).status).toBe(204)
  expect((await ask(base, 'DELETE', at(`uploads/${dropped.id}`))).status).toBe(204)
  expect(await finish(base, dropped.id)).toMatchObject({ status: 404 })
  const late = await start(base, { key: 'x', ifAbsent: true })
  await part(base, late.id, 1, Buffer.from('late'))
  await store.write('x', 'early')
  expect(await finish(base, late.id)).toMatchObject({ status: 412, code: 'AlreadyExists' })
  const { etag } = (await ask(base, 'HEAD', `${objects}/x`)).headers
  const bound = await start(base, {
    key: 'x',
    ifMatch: etag,
    size: 3,
    sourceVersion: 'v1',
    attributes: { mode: 0o600 },
  })
  await part(base, bound.id, 1, Buffer.from('new'))
  expect((await finish(base, bound.id)).json()).toMatchObject({ entry: { size: 3, mode: 0o600 } })
  expect(await askJson(base, 'POST', at('uploads'), { key: 'x', ifMatch: etag })).toMatchObject({ status: 412 })
  const wrongly = [
    {},
    { key: '' },
    { key: 'x', size: -1 },
    { key: 'x', size: 1.5 },
    { key: 'x', attributes: { mode: 8 ** 5 } },
    { key: 'x', attributes: { surprise: 1 } },
    { key: 'x', attributes: { modified: 'yesterday' } },
    { key: 'x', attributes: { metadata: { 'A B': 'x' } } },
    { key: 'x', attributes: { metadata: { a: 'x\r\ny' } } },
  ]
  for (const body of wrongly) {
    expect([body, await askJson(base, 'POST', at('uploads'), body)]).toMatchObject([
      body,
      { status: 400, code: 'InvalidConfig' },
    ])
  }
  for (const number of ['0', '-1', '1.5', '01x', '99999999', 'x']) {
    const { id } = late
    expect([number, (await part(base, id, number, Buffer.from('x'))).status]).toEqual([number, 400])
  }
})

test('an upload goes on after a restart with the same key, and not with another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kit-server-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const uploadKey = randomBytes(32)
  async function run<Result>(key: Uint8Array, work: (base: string) => Promise<Result>): Promise<Result> {
    const store = await openStore(fs({ path: folder }), { name: 'files' })
    const app = createServer({ stores: { names: () => ['files'], get: async () => store }, uploadKey: key })
    try {
      return await work(await app.listen({ host: '127.0.0.1', port: 0 }))
    } finally {
      app.server.closeAllConnections()
      await app.close()
      await store.close()
    }
  }
  const { id, partBytes } = await run(uploadKey, async (base) => {
    const upload = await start(base, { key: 'x' })
    await part(base, upload.id, 1, Buffer.alloc(upload.partBytes, 1))
    return upload
  })
  await run(randomBytes(32), async (base) => {
    expect(await part(base, id, 2, Buffer.from('x'))).toMatchObject({ status: 404, code: 'NotFound' })
  })
  await run(uploadKey, async (base) => {
    const listed = (await ask(base, 'GET', at('uploads'))).json()['uploads'] as Upload[]
    expect(listed).toMatchObject([{ key: 'x', partBytes }])
    await part(base, listed[0]?.id ?? '', 2, Buffer.from('end'))
    expect((await finish(base, id)).json()).toMatchObject({ entry: { key: 'x', size: partBytes + 3 } })
  })
})

test('ids that the server has not given are refused, however near they come', async () => {
  const { base } = await serve('fs')
  const { id } = await start(base, { key: 'x' })
  const [data = '', signature = ''] = id.split('.')
  const other = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(data, 'base64url').toString()), key: '../../etc' }),
  )
  const forged = [
    `${other.toString('base64url')}.${signature}`,
    `${data}.`,
    data,
    `.${signature}`,
    `${id}.x`,
    `${id}=`,
    `${data}.${signature.slice(0, -1)}`,
    createSeal(randomBytes(32)).close('upload', { store: 'files', key: 'x', token: {} }),
    'x'.repeat(10_000),
    '%00',
  ]
  for (const wrong of forged) {
    for (const question of [
      () => ask(base, 'GET', at(`uploads/${wrong}`)),
      () => finish(base, wrong),
      () => ask(base, 'DELETE', at(`uploads/${wrong}`)),
      () => part(base, wrong, 1, Buffer.from('x')),
    ]) {
      expect([wrong, await question()]).toMatchObject([wrong, { status: 404, code: 'NotFound' }])
    }
  }
  expect((await ask(base, 'GET', `/api/v1/stores/none/uploads/${id}`)).status).toBe(404)
  expect((await ask(base, 'GET', at(`uploads/${id}`))).status).toBe(200)
})

test('a token sees and goes on with uploads of its own paths only', async () => {
  const store = await openStore(fs({ path: await mkdtemp(join(tmpdir(), 'kit-server-')) }), { name: 'files' })
  const app = createServer({ stores: { names: () => ['files'], get: async () => store } })
  const access = accessOf({ id: 'a', scopes: ['write'], paths: [{ store: 'files', directory: 'mine' }] })
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.headers['x-who'] === 'a') request.access = access
    done()
  })
  onTestFinished(async () => {
    await app.close()
    await store.close()
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const [own, others] = [await start(base, { key: 'mine/x' }), await start(base, { key: 'x' })]
  const headers = { 'x-who': 'a' }
  const listed = (await ask(base, 'GET', at('uploads'), { headers })).json()['uploads'] as Upload[]
  expect(listed.map(({ key }) => key)).toEqual(['mine/x'])
  expect((await ask(base, 'GET', at(`uploads/${own.id}`), { headers })).status).toBe(200)
  expect((await ask(base, 'GET', at(`uploads/${others.id}`), { headers })).status).toBe(403)
  expect((await ask(base, 'PUT', at(`uploads/${others.id}/parts/1`), { headers, body: 'x' })).status).toBe(403)
})

test('a key that could be guessed signs nothing', () => {
  expect(() => createSeal(randomBytes(31))).toThrow('at least 32')
})

test('what is sealed opens for its purpose, with its key, unchanged, and not otherwise', () => {
  fc.assert(
    fc.property(fc.json(), fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.nat(), (json, key, index) => {
      const seal = createSeal(key)
      const value: unknown = JSON.parse(json)
      const text = seal.close('upload', value)
      expect(text).toMatch(/^[\w-]+\.[\w-]+$/)
      expect(JSON.stringify(seal.open('upload', text))).toBe(JSON.stringify(value))
      expect(seal.open('cursor', text)).toBeUndefined()
      const place = index % text.length
      const changed = text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1)
      expect(seal.open('upload', changed)).toBeUndefined()
    }),
  )
})
