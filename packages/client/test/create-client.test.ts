import { isStorageError } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { createClient, isKitApiError, type Entry, type KitClient } from '../src/index.ts'
import { served, type Served } from './served.ts'

async function scene(): Promise<Served & { readonly client: KitClient }> {
  const server = await served()
  return { ...server, client: createClient({ url: server.url }) }
}

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  )

describe('typed calls', () => {
  it('reach JSON routes by their paths', async () => {
    const { client } = await scene()
    const { data } = await client.api.GET('/api/v1/stores')
    expect(data?.stores.map(({ name, type }) => ({ name, type }))).toEqual([
      { name: 'files', type: 'memory' },
      { name: 'backup', type: 'memory' },
    ])
  })

  it.each(['a/b', 'a b/c%2Fd', 'é/日本/%', 'a?b#c', "'();:@&=+$,"])(
    'spell the key %j as the server reads it',
    async (key) => {
      const { client, files } = await scene()
      await files.write(key, 'x')
      const { data } = await client.api.GET('/api/v1/stores/{store}/entries/{key}', {
        params: { path: { store: 'files', key } },
      })
      expect(data?.entry).toMatchObject({ key, size: 1 })
      await client.api.POST('/api/v1/stores/{store}/copy', {
        params: { path: { store: 'files' } },
        body: { from: key, to: `${key}/copy` },
      })
      expect((await files.stat(`${key}/copy`)).size).toBe(1)
    },
  )

  it('throw what the server says of a failure, as core knows it', async () => {
    const { client } = await scene()
    const params = { path: { store: 'files', key: 'none' } }
    const failed = await failure(client.api.GET('/api/v1/stores/{store}/entries/{key}', { params }))
    expect(failed).toMatchObject({
      name: 'KitApiError',
      code: 'NotFound',
      status: 404,
      retry: 'never',
      applied: 'no',
      store: 'files',
      key: 'none',
      requestId: expect.stringMatching(/./),
      hint: expect.stringMatching(/./),
    })
    expect(isKitApiError(failed)).toBe(true)
    expect(isStorageError(failed)).toBe(true)
  })
})

describe('objects', () => {
  it('are written and read as web streams, with their attributes', async () => {
    const { client } = await scene()
    const chunks = [new Uint8Array(70_000).fill(1), new Uint8Array(30_000).fill(2)]
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift()
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const metadata = { title: 'Über 100 %' }
    const entry = await client.write('files', 'dir/a.png', body, { contentType: 'image/png', metadata, ifAbsent: true })
    expect(entry).toMatchObject({ key: 'dir/a.png', size: 100_000, metadata })
    const reading = await client.read('files', 'dir/a.png', { range: { from: 69_999, to: 70_001 } })
    expect(reading).toMatchObject({ size: 100_000, from: 69_999, contentType: 'image/png', etag: entry.etag })
    expect(new Uint8Array(await new Response(reading.body).arrayBuffer())).toEqual(new Uint8Array([1, 2]))
    expect(await new Response((await client.read('files', 'dir/a.png', { range: { last: 1 } })).body).text()).toBe(
      '\u0002',
    )
  })

  it('are written and read under conditions', async () => {
    const { client } = await scene()
    const { etag = '' } = await client.write('files', 'a', 'one')
    expect(await failure(client.write('files', 'a', 'two', { ifAbsent: true }))).toMatchObject({
      code: 'AlreadyExists',
    })
    await client.write('files', 'a', 'two', { ifMatch: etag })
    expect(await failure(client.write('files', 'a', 'three', { ifMatch: etag }))).toMatchObject({
      code: 'ConditionFailed',
    })
    const now = await client.read('files', 'a')
    await now.body.cancel()
    expect(await failure(client.read('files', 'a', { ifNoneMatch: now.etag }))).toMatchObject({ code: 'NotModified' })
  })

  it('whose bytes are not what their hash says are not kept', async () => {
    const { client, files } = await scene()
    const wrong = client.write('files', 'a', 'x', { sha256: '00'.repeat(32) })
    expect(await failure(wrong)).toMatchObject({ code: 'Corrupt' })
    expect(await failure(files.stat('a'))).toMatchObject({ code: 'NotFound' })
  })
})

describe('listings', () => {
  it('come entry by entry, as they arrive', async () => {
    const { client, files } = await scene()
    const keys = Array.from({ length: 2_500 }, (_, index) => `many/${String(index).padStart(5, '0')}`)
    await Promise.all(keys.map((key) => files.write(key, 'x')))
    const found: Entry[] = await Array.fromAsync(client.list('files', { prefix: 'many', ordered: true }))
    expect(found.map(({ key }) => key)).toEqual(keys)
    const after = await Array.fromAsync(client.list('files', { recursive: true, after: keys[2_497], limit: 1 }))
    expect(after.map(({ key }) => key)).toEqual([keys[2_498]])
    expect(await Array.fromAsync(client.list('files', { prefix: 'none' }))).toEqual([])
  })

  it('are freed when they are broken off', async () => {
    const { client, files } = await scene()
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => files.write(`${index}-${'long'.repeat(50)}`, 'x')))
    for await (const { key } of client.list('files')) {
      expect(key).toMatch(/long/)
      break
    }
    expect((await client.hello()).api).toBe(1)
  })
})

describe('who answers', () => {
  it('is asked once, and a newer API is refused by its number', async () => {
    const asked: string[] = []
    const answer =
      (api: number): typeof globalThis.fetch =>
      async (input) => {
        asked.push(new URL(new Request(input).url).pathname)
        return Response.json({ name: 'kit', version: '7', api, stores: [] })
      }
    const client = createClient({ url: 'https://kit.example.org/', fetch: answer(1) })
    await Promise.all([client.api.GET('/api/v1/stores'), client.api.GET('/api/v1/stores')])
    expect(asked).toEqual(['/api/v1', '/api/v1/stores', '/api/v1/stores'])
    const newer = createClient({ url: 'https://kit.example.org', fetch: answer(2) })
    expect(await failure(newer.hello())).toMatchObject({
      code: 'Unsupported',
      message: expect.stringMatching(/API 2 .* only 1/),
    })
  })

  it('is no Kit: that is told, whoever it is', async () => {
    const client = createClient({ url: 'https://h', fetch: async () => new Response('<html>') })
    expect(await failure(client.hello())).toMatchObject({ code: 'InvalidConfig' })
    const gateway = createClient({ url: 'https://h', fetch: async () => new Response('x', { status: 502 }) })
    expect(await failure(gateway.hello())).toMatchObject({ code: 'Unavailable', retry: 'safe', status: 502 })
  })

  it('is nobody: Unavailable; and a cancelled call is Aborted', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1' })
    expect(await failure(client.write('files', 'a', 'x'))).toMatchObject({ code: 'Unavailable', retry: 'safe' })
    const { client: working } = await scene()
    const controller = new AbortController()
    const call = failure(
      working.write('files', 'a', new ReadableStream({ pull: () => new Promise(() => {}) }), {
        signal: controller.signal,
      }),
    )
    setTimeout(() => controller.abort(), 50)
    expect(await call).toMatchObject({ code: 'Aborted', name: 'AbortError' })
  })
})

describe('the token', () => {
  const token = 'kit_test_0123456789abcdef0123456789abcdef'

  it('is sent with every request, fetched each time where it is a function, and in no message', async () => {
    const { url } = await served({ token })
    let fetched = 0
    const client = createClient({ url, token: async () => (fetched++, token) })
    await client.write('files', 'a', 'x')
    expect(fetched).toBe(2)
    const stranger = createClient({ url, token: 'kit_wrong_secret' })
    const failed = await failure(stranger.write('files', 'a', 'x'))
    expect(failed).toMatchObject({ code: 'Unauthenticated', status: 401 })
    expect(String(failed)).not.toContain('secret')
  })

  it.each(['https://ann:pw@h', 'https://h?x', 'ftp://h', 'h'])('is not what goes into the address: %s', (url) => {
    expect(() => createClient({ url })).toThrow(/address|login/)
  })
})
