import { collect, errorCode, openStore, parseKey, type Store, type StoreEntry } from '@kit/core'
import { startFaultProxy, type FaultProxy } from '@kit/test-servers'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { meet, capabilities as carried } from '../src/capabilities.ts'
import { plugin, type KitOptions } from '../src/index.ts'
import { contextOf, openedBackend } from './opened.ts'
import { kinds, served, type Kind, type Served } from './served.ts'

const retry = { attempts: 3, base: 10, max: 20 }

interface Scene {
  readonly server: Served
  readonly proxy: FaultProxy
  readonly options: KitOptions
  readonly store: Store
}

async function scene(kind: Kind, more: Partial<KitOptions> = {}): Promise<Scene> {
  const server = await served(kind)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const proxy = await startFaultProxy({ target: server.url, http: true })
  onTestFinished(() => proxy.stop())
  const options = { url: proxy.endpoint, store: server.name, capabilities: meet(carried, server.capabilities), ...more }
  const store = await openStore(plugin({ ...options, layers: { retry } }))
  onTestFinished(() => store.close())
  return { server, proxy, options, store }
}

async function failure(work: Promise<unknown> | AsyncIterable<unknown>): Promise<unknown> {
  try {
    if (Symbol.asyncIterator in work) for await (const _ of work);
    else await work
    return 'no failure'
  } catch (error) {
    return error
  }
}

const listed = async (store: Store, options = {}): Promise<StoreEntry[]> => Array.fromAsync(store.list('', options))

describe('keys on the wire', () => {
  it.each(kinds)('any key comes back as it was given, over %s', async (kind) => {
    const { store } = await scene(kind)
    let round = 0
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/[/\0]|^\.{1,2}$/.test(text) && text.isWellFormed())
    const hostile = fc.constantFrom(
      '%2F',
      '%2e%2e',
      '%',
      '+',
      ' ',
      '?',
      '#',
      '&a=b',
      ';',
      ':',
      '\\',
      '"',
      '\u0001',
      '\u007f',
    )
    const key = fc.array(fc.oneof(segment, hostile), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    await fc.assert(
      fc.asyncProperty(key, async (name) => {
        const given = `${++round}/${name}`
        await store.write(given, given)
        expect((await store.stat(given)).key).toBe(given)
        const reading = await store.read(given)
        expect(reading.entry.key).toBe(given)
        expect(await reading.text()).toBe(given)
        const found = await Array.fromAsync(store.list(String(round), { recursive: true }))
        expect(found.filter((entry) => entry.kind === 'file').map((entry) => entry.key)).toEqual([given])
        await store.copy(given, 'copied')
        await store.move('copied', 'moved')
        const results = await Array.fromAsync(store.deleteMany([given, 'moved', 'none']))
        expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
        expect((await listed(store, { recursive: true })).filter((entry) => entry.kind === 'file')).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

describe('attributes on the wire', () => {
  it('bytes come as they are stored, whatever coding they are said to have', async () => {
    const { store } = await scene('memory')
    await store.write('a.gz', 'no gzip at all', { contentEncoding: 'gzip', contentType: 'text/html' })
    const reading = await store.read('a.gz')
    expect(reading.entry).toMatchObject({ contentEncoding: 'gzip', contentType: 'text/html', size: 14 })
    expect(await reading.text()).toBe('no gzip at all')
  })

  it('a read tells what a stat tells', async () => {
    const { store } = await scene('memory')
    const attributes = {
      contentType: 'image/svg+xml',
      contentDisposition: 'inline',
      metadata: { title: 'Überfahrt 100 % ✓', plain: 'a b' },
      modified: new Date('2020-01-02T03:04:05.678Z'),
      mode: 0o640,
    }
    await store.write('a', 'x', attributes)
    const stat = await store.stat('a')
    expect(stat).toMatchObject(attributes)
    const reading = await store.read('a')
    await reading[Symbol.asyncDispose]()
    expect(reading.entry).toEqual(stat)
    await store.write('bare', 'x')
    const bare = await store.read('bare')
    await bare[Symbol.asyncDispose]()
    expect(bare.entry.contentType).toBeUndefined()
  })

  it('what no header can hold is refused before anything is sent', async () => {
    const { store, proxy } = await scene('memory')
    await store.write('a', 'x')
    const before = proxy.requests.length
    const failed = await failure(store.write('a', 'y', { contentDisposition: 'attachment; filename="日本.txt"' }))
    expect(errorCode(failed)).toBe('InvalidConfig')
    expect(proxy.requests.length).toBe(before)
  })
})

describe('a prefix', () => {
  it.each(kinds)('is the root, and what is beside it is neither seen nor touched, over %s', async (kind) => {
    const { server, options, store: whole } = await scene(kind)
    await using store = await openStore(plugin({ ...options, prefix: 'in side/é' }))
    await whole.write('in side/other', 'x')
    await whole.write('in side/éa', 'x')
    await store.write('a/b', 'y', { ifAbsent: true })
    await store.write('c', 'z')
    expect(await (await whole.read('in side/é/a/b')).text()).toBe('y')
    expect(
      (await listed(store, { recursive: true, ordered: true })).filter((e) => e.kind === 'file').map((e) => e.key),
    ).toEqual(['a/b', 'c'])
    expect((await listed(store, { after: 'a/b', recursive: true })).map((entry) => entry.key)).toEqual(['c'])
    await store.move('a/b', 'd')
    expect((await store.stat('d')).key).toBe('d')
    for await (const { error } of store.deleteMany(['c', 'd'])) expect(error).toBeUndefined()
    expect((await whole.stat('in side/other')).size).toBe(1)
    expect(store.can('usage')).toBe(false)
    await store.ping()
    expect(server.name).toBe(options.store)
  })
})

describe('the greeting', () => {
  it('is one for all calls at once, and a cancelled call does not take the others along', async () => {
    const { proxy, options } = await scene('memory')
    const backend = await openedBackend(options)
    const controller = new AbortController()
    await proxy.set({ latencyMs: 50 })
    const asked = proxy.requests.length
    const first = failure(backend.usage?.(contextOf(controller.signal)) ?? Promise.resolve())
    const others = Array.from({ length: 5 }, async () => backend.usage?.(contextOf()))
    controller.abort()
    expect(errorCode(await first)).toBe('Aborted')
    await expect(Promise.all(others)).resolves.toHaveLength(5)
    const paths = proxy.requests.slice(asked).map(({ url }) => url)
    expect(paths.filter((path) => path === '/api/v1').length).toBeLessThanOrEqual(2)
    expect(paths.filter((path) => path.endsWith('/usage')).length).toBe(5)
  })

  it('that failed is tried again by the next call', async () => {
    const { proxy, options } = await scene('memory')
    await using store = await openStore(plugin({ ...options, layers: { retry: false } }))
    await proxy.set({ refuse: true })
    expect(errorCode(await failure(store.stat('a')))).toBe('Unavailable')
    await proxy.reset()
    expect(errorCode(await failure(store.stat('a')))).toBe('NotFound')
  })

  it('refuses a newer API by its number, and what is no server of Kit', async () => {
    const { proxy, options } = await scene('memory')
    const answered = async (body: string): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' }
      await proxy.set({
        inject: [{ when: ({ url }) => url === '/api/v1', times: 9, answer: { status: 200, headers, body } }],
      })
      await using store = await openStore(plugin(options))
      return failure(store.stat('a'))
    }
    expect(await answered('{"name":"kit","version":"9.9.9","api":2}')).toMatchObject({
      code: 'Unsupported',
      message: expect.stringMatching(/speaks API 2 .* only 1: install a newer/),
    })
    expect(await answered('{"name":"other"}')).toMatchObject({ code: 'InvalidConfig' })
    expect(await answered('<html>')).toMatchObject({ code: 'Corrupt' })
  })

  it('tells a store that is not there from an object that is not there', async () => {
    const { options } = await scene('memory')
    await using store = await openStore(plugin({ ...options, store: 'none' }))
    expect(await failure(store.stat('a'))).toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('no such store'),
    })
  })
})

describe('what goes wrong on the way', () => {
  it('a listing that breaks off is an error, never a shorter listing', async () => {
    const { proxy, store } = await scene('fs')
    for (let index = 0; index < 50; index++) await store.write(`file-${index}`, 'x')
    const cut = (end: (text: string) => string): Promise<void> =>
      proxy.set({
        inject: [
          {
            forward: true,
            times: 9,
            when: ({ url }) => url.includes('/objects?'),
            answer: ({ status, headers, body }) => ({ status, headers, body: end(body.toString()) }),
          },
        ],
      })
    await cut((text) => text.slice(0, text.length - 20))
    expect(errorCode(await failure(store.list('')))).toBe('Corrupt')
    await cut(
      (text) =>
        `${text}{"success":false,"error":{"code":"Unavailable","message":"Unavailable: the disk is gone","retry":"safe"}}\n`,
    )
    expect(await failure(store.list(''))).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('the disk is gone'),
    })
    await cut((text) => `${text}{"kind":"pipe"}\n`)
    expect(errorCode(await failure(store.list('')))).toBe('Corrupt')
    await proxy.reset()
    expect(await listed(store)).toHaveLength(50)
  })

  it('a connection that breaks within a listing is Unavailable', async () => {
    const { proxy, store } = await scene('fs')
    for (let index = 0; index < 300; index++) await store.write(`${'long'.repeat(20)}-${index}`, 'x')
    await proxy.set({ limit: { direction: 'down', afterBytes: 9_000, fate: 'reset' } })
    expect(errorCode(await failure(store.list('')))).toBe('Unavailable')
  })

  it('an answer that is cut is told as a change that may have happened', async () => {
    const { proxy, options } = await scene('memory')
    await using store = await openStore(plugin({ ...options, layers: { retry: false } }))
    await proxy.set({
      inject: [
        {
          forward: true,
          when: ({ method }) => method === 'POST',
          answer: ({ status, headers, body }) => ({ status, headers, body: body.subarray(0, -9) }),
        },
      ],
    })
    await store.write('a', 'x')
    expect(await failure(store.copy('a', 'b'))).toMatchObject({ code: 'Corrupt', applied: 'maybe' })
    expect((await store.stat('b')).size).toBe(1)
  })

  it.each(kinds)(
    'a write whose answer is lost is repeated, but under a condition its outcome is told as unknown, over %s',
    async (kind) => {
      const { proxy, store } = await scene(kind)
      const lost = {
        forward: true,
        answer: 'reset',
        when: ({ method }: { method: string }) => method === 'PUT',
      } as const
      await proxy.set({ inject: [lost] })
      await store.write('plain', 'x')
      expect(await (await store.read('plain')).text()).toBe('x')
      await proxy.set({ inject: [lost] })
      const failed = await failure(store.write('conditional', 'x', { ifAbsent: true }))
      expect(failed).toMatchObject({ code: 'Conflict', applied: 'maybe' })
      expect((await store.stat('conditional')).size).toBe(1)
    },
  )

  it("a server's word on retries is kept, and so is how long to wait", async () => {
    const { proxy, options } = await scene('memory')
    await using store = await openStore(plugin({ ...options, layers: { retry: false } }))
    await store.write('a', 'x')
    const busy = (headers: Record<string, string>, body: string): Promise<void> =>
      proxy.set({ inject: [{ answer: { status: 503, headers, body } }] })
    await busy({ 'retry-after': '7' }, 'Service Unavailable')
    expect(await failure(store.stat('a'))).toMatchObject({
      code: 'Unavailable',
      retry: 'safe',
      retryAfterMs: 7000,
      status: 503,
    })
    const error = { code: 'Unavailable', message: 'Unavailable: tried thrice', retry: 'exhausted', applied: 'no' }
    await busy(
      { 'x-kit-error': 'Unavailable', 'content-type': 'application/json' },
      JSON.stringify({ success: false, error }),
    )
    expect(await failure(store.stat('a'))).toMatchObject({
      code: 'Unavailable',
      retry: 'exhausted',
      message: expect.stringMatching(/^Unavailable: stat "a" on kit: tried thrice$/),
    })
    await busy(
      { 'x-kit-error': 'NewCode', 'content-type': 'application/json' },
      '{"success":false,"error":{"code":"NewCode"}}',
    )
    expect(await failure(store.stat('a'))).toMatchObject({ code: 'Unexpected' })
  })

  it('a redirect is not followed, so that the token goes nowhere else', async () => {
    const { proxy, options } = await scene('memory')
    await using store = await openStore(plugin({ ...options, token: 'kit_a_secret', layers: { retry: false } }))
    await proxy.set({
      inject: [{ times: 9, answer: { status: 302, headers: { location: 'http://elsewhere.example.org/' } } }],
    })
    const failed = await failure(store.stat('a'))
    expect(failed).toMatchObject({
      code: 'Unexpected',
      message: expect.stringMatching(/redirects to http:\/\/elsewhere(?!.*secret)/),
    })
  })

  it('a body that is broken off is freed on both sides', async () => {
    const { server, proxy, options } = await scene('memory')
    const backend = await openedBackend(options)
    await backend.write?.(
      contextOf(),
      parseKey('big'),
      { size: 8 << 20, bytes: new Uint8Array(8 << 20), open: () => null },
      {},
    )
    const open = await server.connections()
    for (let round = 0; round < 5; round++) {
      const { body } = await backend.read(contextOf(), parseKey('big'), {})
      if (body instanceof Uint8Array) throw new Error('a large body is a stream')
      const iterator = body[Symbol.asyncIterator]()
      await iterator.next()
      await iterator.return?.()
    }
    const { body } = await backend.read(contextOf(), parseKey('big'), { range: { from: 8 << 10, to: 9 << 10 } })
    expect((await collect(body)).byteLength).toBe(1 << 10)
    await expect.poll(() => server.connections()).toBeLessThanOrEqual(open + 2)
    expect(proxy.requests.length).toBeGreaterThan(6)
  })
})
