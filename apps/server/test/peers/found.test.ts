// What clients and fuzzers of others have found, each in one case.
import { expect, test } from 'vitest'
import { ask } from '../ask.ts'
import { serve } from '../serve.ts'

test('an upload whose parts are not of the announced size is the fault of its client', async () => {
  const { base } = await serve('fs')
  const headers = { 'content-type': 'application/json' }
  const uploads = '/api/v1/stores/files/uploads'
  const started = await ask(base, 'POST', uploads, { headers, body: JSON.stringify({ key: 'x', size: 100 }) })
  const { upload } = started.json() as { readonly upload: { readonly id: string } }
  expect((await ask(base, 'PUT', `${uploads}/${upload.id}/parts/1`, { body: 'too short' })).status).toBe(200)
  expect(await ask(base, 'POST', `${uploads}/${upload.id}/finish`)).toMatchObject({ status: 400, code: 'Corrupt' })
})

test('a browser that reads past its cache does not give the object a Cache-Control', async () => {
  const { base } = await serve('fs')
  const path = '/api/v1/stores/files/objects/x'
  const past = { 'cache-control': 'no-cache', pragma: 'no-cache' }
  expect((await ask(base, 'PUT', path, { headers: past, body: 'x' })).status).toBe(201)
  // By itself it is one of the object, which this store cannot keep.
  const asked = { 'cache-control': 'no-cache' }
  expect(await ask(base, 'PUT', path, { headers: asked, body: 'x' })).toMatchObject({
    status: 422,
    code: 'Unsupported',
  })
})

test.each(['', 'X\0', '\0'])(
  'a link to %j, which no filesystem can make, is the fault of its client',
  async (target) => {
    const { base } = await serve('fs')
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ key: 'a', target })
    const answer = await ask(base, 'POST', '/api/v1/stores/files/links', { headers, body })
    expect(answer).toMatchObject({ status: 400, code: 'InvalidConfig' })
  },
)
