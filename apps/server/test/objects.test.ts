import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ask } from './ask.ts'
import { kinds, objects, serve } from './serve.ts'

const digits = '0123456789'
const at = (key: string): string => `${objects}/${key}`

describe.each(kinds)('objects of a store of type %s', (kind) => {
  test('PUT creates with 201, replaces with 200, and GET gives the bytes with their headers', async () => {
    const { base } = await serve(kind)
    const made = await ask(base, 'PUT', at('a/b.txt'), { body: 'one' })
    expect(made.status).toBe(201)
    expect(made.json()).toMatchObject({ success: true, operation: 'write', entry: { key: 'a/b.txt', size: 3 } })
    expect(made.headers.etag).toMatch(/^"[^"]+"$/)
    const replaced = await ask(base, 'PUT', at('a/b.txt'), { body: digits })
    expect(replaced.status).toBe(200)
    expect(replaced.headers.etag).not.toBe(made.headers.etag)

    const got = await ask(base, 'GET', at('a/b.txt'))
    expect(got.status).toBe(200)
    expect(got.text).toBe(digits)
    expect(got.headers).toMatchObject({
      etag: replaced.headers.etag,
      'content-length': '10',
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment',
      'cache-control': 'private, no-cache',
    })
    expect(got.headers['content-security-policy']).toContain('sandbox')
    expect(Date.parse(got.headers['last-modified'] ?? '')).toBeGreaterThan(Date.now() - 60_000)
  })

  test('HEAD tells what GET would, without the body', async () => {
    const { base } = await serve(kind)
    await ask(base, 'PUT', at('x'), { body: digits })
    const [head, got] = [await ask(base, 'HEAD', at('x')), await ask(base, 'GET', at('x'))]
    const { date: _1, 'x-request-id': _2, ...shown } = head.headers
    expect(head.status).toBe(200)
    expect(head.body.byteLength).toBe(0)
    expect(got.headers).toMatchObject(shown)
  })

  test('DELETE answers 204 whether or not there was anything', async () => {
    const { base } = await serve(kind)
    await ask(base, 'PUT', at('x'), { body: 'x' })
    for (let times = 0; times < 2; times++) expect((await ask(base, 'DELETE', at('x'))).status).toBe(204)
    expect((await ask(base, 'GET', at('x'))).status).toBe(404)
  })

  test('serves ranges as 206, and those beyond the end as 416', async () => {
    const { base } = await serve(kind)
    await ask(base, 'PUT', at('x'), { body: digits })
    const ranges = [
      ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=7-900', 206, '789', 'bytes 7-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-900', 206, digits, 'bytes 0-9/10'],
      ['bytes=0-', 206, digits, 'bytes 0-9/10'],
      ['bytes=3-99999999999999999999', 206, '3456789', 'bytes 3-9/10'],
      ['bytes=0-1,4-5', 206, '012345', 'bytes 0-5/10'],
      ['bytes=5-2', 200, digits, undefined],
      ['lines=1-2', 200, digits, undefined],
      ['bytes=', 200, digits, undefined],
      ['bytes=a-b', 200, digits, undefined],
    ] as const
    for (const [range, status, body, contentRange] of ranges) {
      const got = await ask(base, 'GET', at('x'), { headers: { range } })
      expect([range, got.status, got.text, got.headers['content-range']]).toEqual([range, status, body, contentRange])
      expect(got.headers['content-length']).toBe(String(body.length))
    }
    for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-']) {
      const got = await ask(base, 'GET', at('x'), { headers: { range } })
      expect([range, got.status, got.code, got.headers['content-range']]).toEqual([
        range,
        416,
        'InvalidRange',
        'bytes */10',
      ])
    }
    expect((await ask(base, 'HEAD', at('x'), { headers: { range: 'bytes=1-2' } })).status).toBe(200)
    expect((await ask(base, 'GET', at('none'), { headers: { range: 'bytes=1-2' } })).status).toBe(404)
  })

  test('a range of an empty object is the whole of it', async () => {
    const { base } = await serve(kind)
    await ask(base, 'PUT', at('empty'))
    for (const range of ['bytes=0-', 'bytes=-5', 'bytes=5-']) {
      const got = await ask(base, 'GET', at('empty'), { headers: { range } })
      expect([got.status, got.headers['content-length']]).toEqual([200, '0'])
    }
  })

  test('answers conditional reads as RFC 9110 says', async () => {
    const { base } = await serve(kind)
    const { etag = '' } = (await ask(base, 'PUT', at('x'), { body: digits })).headers
    const modified = (await ask(base, 'HEAD', at('x'))).headers['last-modified'] ?? ''
    const before = new Date(Date.parse(modified) - 5000).toUTCString()
    const after = new Date(Date.parse(modified) + 5000).toUTCString()
    const cases = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"other", ${etag}` }, 304],
      [{ 'if-none-match': `W/${etag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-none-match': '"other"', 'if-modified-since': after }, 200],
      [{ 'if-match': etag }, 200],
      [{ 'if-match': '*' }, 200],
      [{ 'if-match': `"other" , ${etag}` }, 200],
      [{ 'if-match': '"other"' }, 412],
      [{ 'if-match': `W/${etag}` }, 412],
      [{ 'if-match': etag, 'if-none-match': etag }, 304],
      [{ 'if-match': '"other"', 'if-none-match': etag }, 412],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': before }, 200],
      [{ 'if-modified-since': 'yesterday' }, 200],
      [{ 'if-unmodified-since': modified }, 200],
      [{ 'if-unmodified-since': before }, 412],
      [{ 'if-match': 'unquoted' }, 400],
      [{ 'if-none-match': '"open' }, 400],
    ] as const
    for (const [headers, status] of cases) {
      for (const method of ['GET', 'HEAD']) {
        const got = await ask(base, method, at('x'), { headers })
        expect([method, headers, got.status]).toEqual([method, headers, status])
        if (status === 304) expect(got.headers).toMatchObject({ etag, 'cache-control': 'private, no-cache' })
      }
    }
    expect((await ask(base, 'GET', at('none'), { headers: { 'if-match': '*' } })).status).toBe(404)
  })

  test('If-Range serves the range of the same object, and the whole of another', async () => {
    const { base } = await serve(kind)
    const { etag = '' } = (await ask(base, 'PUT', at('x'), { body: digits })).headers
    const range = 'bytes=2-3'
    for (const [ifRange, status] of [
      [etag, 206],
      ['"other"', 200],
      [`W/${etag}`, 200],
      ['Mon, 01 Jan 2001 00:00:00 GMT', 200],
      ['nonsense', 200],
    ] as const) {
      const got = await ask(base, 'GET', at('x'), { headers: { range, 'if-range': ifRange } })
      expect([ifRange, got.status, got.text]).toEqual([ifRange, status, status === 206 ? '23' : digits])
    }
    const conditional = { range, 'if-match': etag }
    expect((await ask(base, 'GET', at('x'), { headers: conditional })).status).toBe(206)
  })

  test('changes only what is in the state that the request names', async () => {
    const { base } = await serve(kind)
    const put = async (headers: Record<string, string>, body = 'x'): Promise<number> =>
      (await ask(base, 'PUT', at('x'), { headers, body })).status
    expect(await put({ 'if-match': '*' })).toBe(412)
    expect(await put({ 'if-match': '"a"' })).toBe(412)
    expect(await put({ 'if-none-match': '*' })).toBe(201)
    expect(await put({ 'if-none-match': '*' })).toBe(412)
    expect(await put({ 'if-match': '*' })).toBe(200)
    const etag = async (): Promise<string> => (await ask(base, 'HEAD', at('x'))).headers.etag ?? ''
    const first = await etag()
    expect(await put({ 'if-match': first })).toBe(200)
    expect(await put({ 'if-match': first })).toBe(412)
    expect(await put({ 'if-match': `${first}, ${await etag()}` })).toBe(200)
    expect(await put({ 'if-none-match': await etag() })).toBe(412)
    expect(await put({ 'if-none-match': first })).toBe(200)
    expect(await put({ 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(412)

    const remove = async (headers: Record<string, string>, key = 'x'): Promise<number> =>
      (await ask(base, 'DELETE', at(key), { headers })).status
    expect(await remove({ 'if-match': first })).toBe(412)
    expect(await remove({ 'if-match': '*' }, 'none')).toBe(412)
    expect(await remove({ 'if-match': await etag() })).toBe(204)
    expect((await ask(base, 'GET', at('x'))).status).toBe(404)
  })

  test('of 50 concurrent uploads with If-None-Match: * one is 201 and the others 412', async () => {
    const { base } = await serve(kind)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ask(base, 'PUT', at('once'), { headers: { 'if-none-match': '*' }, body: `writer ${index}` }),
      ),
    )
    const winners = answers.flatMap(({ status }, index) => (status === 201 ? [index] : []))
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ status, code }) => status === 412 && code === 'AlreadyExists')).toHaveLength(49)
    expect((await ask(base, 'GET', at('once'))).text).toBe(`writer ${winners[0]}`)
  })

  test('checks the digest that comes with an upload, and keeps nothing of one that does not match', async () => {
    const { base } = await serve(kind)
    const of = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
    for (const name of ['content-digest', 'repr-digest']) {
      const put = (digest: string): ReturnType<typeof ask> =>
        ask(base, 'PUT', at(name), { headers: { [name]: digest }, body: digits })
      expect(await put(of('other'))).toMatchObject({ status: 400, code: 'Corrupt' })
      expect((await ask(base, 'GET', at(name))).status).toBe(404)
      expect(await put('sha-256=:short:')).toMatchObject({ status: 400, code: 'InvalidConfig' })
      expect((await put(`md5=:AAAA:, ${of(digits)}`)).status).toBe(201)
    }
  })

  test('refuses what a PUT cannot mean', async () => {
    const { base } = await serve(kind, { limits: { maxBodyBytes: 1000 } })
    const put = (headers: Record<string, string>, body: string): ReturnType<typeof ask> =>
      ask(base, 'PUT', at('x'), { headers, body })
    expect(await put({ 'content-range': 'bytes 0-2/10' }, 'abc')).toMatchObject({ status: 400, code: 'InvalidConfig' })
    expect(await put({}, 'x'.repeat(1001))).toMatchObject({ status: 413, code: 'TooLarge' })
    expect((await put({}, 'x'.repeat(1000))).status).toBe(201)
    expect(await put({ 'content-type': 'no type' }, 'x')).toMatchObject({ status: 415, code: 'InvalidConfig' })
  })
})

test('keeps types, dispositions and metadata where the store does, and serves them safely', async () => {
  const { base } = await serve('memory')
  await ask(base, 'PUT', at('page.html'), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'inline; filename="a.html"',
      'cache-control': 'max-age=60',
      'x-kit-meta-author': 'J%C3%BCrgen %25 100%20',
      'x-kit-meta-__proto__': 'x',
    },
    body: '<script>alert(1)</script>',
  })
  const { headers } = await ask(base, 'GET', at('page.html'))
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'attachment; filename="a.html"',
    'cache-control': 'max-age=60',
    'x-kit-meta-author': 'J%C3%BCrgen%20%25%20100%20',
    'content-security-policy': "sandbox; default-src 'none'",
  })
  const listed = (await ask(base, 'GET', objects)).json()
  expect(listed['entries']).toMatchObject([{ key: 'page.html' }])
  const bad = { headers: { 'x-kit-meta-a': '%zz' }, body: 'x' }
  expect(await ask(base, 'PUT', at('y'), bad)).toMatchObject({ status: 400, code: 'InvalidConfig' })
})

test('shows images and plain text, and saves everything else', async () => {
  const { base } = await serve('memory')
  for (const [type, disposition] of [
    ['image/png', 'inline'],
    ['text/plain', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['text/plainly-not', 'attachment'],
  ] as const) {
    await ask(base, 'PUT', at('x'), { headers: { 'content-type': type }, body: 'x' })
    expect((await ask(base, 'GET', at('x'))).headers['content-disposition']).toBe(disposition)
  }
})

test('a store that keeps no metadata refuses it; its type is left to the client', async () => {
  const { base } = await serve('fs')
  const put = (headers: Record<string, string>): ReturnType<typeof ask> =>
    ask(base, 'PUT', at('x'), { headers, body: 'x' })
  expect(await put({ 'x-kit-meta-a': 'b' })).toMatchObject({ status: 422, code: 'Unsupported' })
  expect((await put({ 'content-type': 'text/plain' })).status).toBe(201)
})

test('headers that were stored by others and cannot be sent are left out', async () => {
  const { base, store } = await serve('memory')
  await store.write('x', 'x', {
    contentType: 'text/plain; name=→',
    contentDisposition: 'ä→',
    metadata: { a: 'ä→' },
  })
  const got = await ask(base, 'GET', at('x'))
  expect(got.status).toBe(200)
  expect(got.headers['content-type']).toBe('application/octet-stream')
  expect(got.headers['set-cookie']).toBeUndefined()
  expect(got.headers['x-kit-meta-a']).toBe('%C3%A4%E2%86%92')
})
