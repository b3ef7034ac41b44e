import { openStore, type ByteRange, type Store } from '@kit/core'
import { startFaultProxy } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { http, plugin, type HttpOptions } from '../src/index.ts'
import { good, web, type Web } from './web-server.ts'

const open = (server: Web | string, options: Partial<HttpOptions> = {}): Promise<Store> =>
  openStore(
    http({
      url: typeof server === 'string' ? server : server.url,
      ...options,
      layers: { retry: { attempts: 2, base: 1 } },
    }),
  )

const text = async (store: Store, key: string, range?: ByteRange): Promise<string> =>
  (await store.read(key, { range })).text()

const large = Buffer.alloc(300_000, 'abcdefghij')

describe('looking at an object', () => {
  it('takes one HEAD, and tells what the headers do', async () => {
    await using server = await web(
      good('hello', {
        etag: '"e"',
        'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
        'content-type': 'text/plain',
        'cache-control': 'max-age=5',
      }),
    )
    await using store = await open(server)
    expect(await store.stat('a/b')).toMatchObject({
      kind: 'file',
      size: 5,
      etag: '"e"',
      contentType: 'text/plain',
      cacheControl: 'max-age=5',
      modified: new Date('2026-11-21T10:00:00Z'),
    })
    expect(server.seen.map(({ line }) => line)).toEqual(['HEAD /a/b'])
  })

  it.each([405, 501, 403])('asks for the first byte where HEAD is answered with %i', async (status) => {
    await using server = await web((request, response) => {
      if (request.method === 'HEAD') response.writeHead(status).end()
      else good(large, { etag: '"e"' })(request, response)
    })
    await using store = await open(server)
    expect(await store.stat('x')).toMatchObject({ size: large.length, etag: '"e"' })
    expect(await store.stat('y')).toMatchObject({ size: large.length })
    const heads = server.seen.filter(({ line }) => line.startsWith('HEAD')).length
    expect(heads).toBe(status === 403 ? 2 : 1)
    expect(server.seen.find(({ line }) => line.startsWith('GET'))?.headers.range).toBe('bytes=0-0')
  })

  it('finds the size of an empty object, of which a server has no first byte', async () => {
    await using server = await web((request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end()
      else response.writeHead(416, { 'content-range': 'bytes */0' }).end()
    })
    await using store = await open(server)
    expect(await store.stat('empty')).toMatchObject({ kind: 'file', size: 0 })
  })

  it('says which a directory is by the slash that the server puts behind it', async () => {
    await using server = await web((request, response) => {
      response.writeHead(301, { location: `${request.url}/` }).end()
    })
    await using store = await open(server)
    expect(await store.stat('d')).toMatchObject({ kind: 'directory' })
    await expect(store.read('d')).rejects.toMatchObject({ code: 'IsDirectory' })
  })
})

describe('names', () => {
  it('are percent-encoded segment by segment below the path of the address', async () => {
    await using server = await web(good('x'))
    await using store = await open(`${server.url}/base%20path`)
    await store.stat('a b/%2e%2e/ä?#&+.txt')
    expect(server.seen[0]?.line).toBe('HEAD /base%20path/a%20b/%252e%252e/%C3%A4%3F%23%26%2B.txt')
  })
})

describe('ranges', () => {
  const ranges: [ByteRange, string][] = [
    [{ from: 299_990 }, 'abcdefghij'],
    [{ from: 5, to: 15 }, 'fghijabcde'],
    [{ last: 3 }, 'hij'],
  ]

  it('of a server that ignores them are cut out of the whole, as far as is allowed', async () => {
    await using server = await web((request, response) => {
      response.setHeader('content-length', large.length)
      response.end(request.method === 'HEAD' ? undefined : large)
    })
    await using store = await open(server)
    for (const [range, expected] of ranges) expect(await text(store, 'x', range)).toBe(expected)
    await using strict = await open(server, { skip: '100 kB' })
    expect(await text(strict, 'x', { from: 5, to: 15 })).toBe('fghijabcde')
    for (const range of [{ from: 299_990 }, { last: 3 }]) {
      await expect(strict.read('x', { range })).rejects.toThrow(/Unsupported.*ignores ranges: 2999\d\d bytes/)
    }
  })

  it('that a server answers with others are refused', async () => {
    await using server = await web((request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 10-19/100', 'content-length': 10 })
      response.end(request.method === 'HEAD' ? undefined : 'abcdefghij')
    })
    await using store = await open(server)
    expect(await text(store, 'x', { from: 10, to: 20 })).toBe('abcdefghij')
    await expect(text(store, 'x', { from: 0, to: 10 })).rejects.toMatchObject({ code: 'Corrupt' })
  })

  it('without a word which they are, are Corrupt', async () => {
    await using server = await web((_, response) => {
      response.writeHead(206).end('abc')
    })
    await using store = await open(server)
    await expect(text(store, 'x', { from: 1 })).rejects.toMatchObject({ code: 'Corrupt' })
  })
})

describe('a body', () => {
  it('that is coded though nobody asked for that is refused, as it is not what is stored', async () => {
    await using server = await web((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/gzip' }).end('abc')
    })
    await using store = await open(server)
    await expect(store.read('x.tar.gz')).rejects.toThrow(/Unsupported.*coding gzip/)
    expect(server.seen[0]?.headers['accept-encoding']).toBe('identity')
  })

  it.each(['"strong"', 'W/"weak"', undefined])(
    'that breaks goes on where it broke, pinned to what the server tells of its state: %s',
    async (etag) => {
      const body = Buffer.alloc(2 ** 20, 'abcdefghij')
      const told: Record<string, string> =
        etag === undefined ? { 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' } : { etag }
      await using server = await web(good(body, told))
      const proxy = await startFaultProxy({ target: server.url, http: true })
      try {
        await proxy.set({ limit: { direction: 'down', afterBytes: 500_000, fate: 'reset', times: 1 } })
        await using store = await open(proxy.endpoint, { etag: etag === '"strong"' ? 'strong' : 'none' })
        const read = await (await store.read('x')).bytes()
        expect(Buffer.from(read).equals(body)).toBe(true)
        expect(server.seen.at(-1)?.headers.range).toMatch(/^bytes=\d{4,}-/)
        expect(server.seen.at(-1)?.headers['if-match']).toBe(etag === '"strong"' ? etag : undefined)
      } finally {
        await proxy.stop()
      }
    },
  )
})

describe('conditions', () => {
  it('are asked of the server, and held to where it ignores them', async () => {
    await using obeying = await web((request, response) => {
      if (request.headers['if-none-match'] === '"e"') response.writeHead(304).end()
      else if (request.headers['if-match'] === '"f"') response.writeHead(412).end()
      else good('hello', { etag: '"e"' })(request, response)
    })
    await using ignoring = await web(good('hello', { etag: '"e"' }))
    for (const server of [obeying, ignoring]) {
      await using store = await open(server, { etag: 'strong' })
      for (const work of [store.stat.bind(store), store.read.bind(store)]) {
        await expect(work('x', { ifNoneMatch: '"e"' })).rejects.toMatchObject({ code: 'NotModified' })
        await expect(work('x', { ifMatch: '"f"' })).rejects.toMatchObject({ code: 'ConditionFailed' })
        await work('x', { ifMatch: '"e"', ifNoneMatch: '"f"' })
      }
    }
  })

  it('need etags that the server was said to give', async () => {
    await using server = await web(good('hello', { etag: 'W/"e"' }))
    await using none = await open(server)
    await expect(none.read('x', { ifNoneMatch: 'W/"e"' })).rejects.toMatchObject({ code: 'Unsupported' })
    expect(server.seen).toEqual([])
    await using weak = await open(server, { etag: 'weak' })
    await expect(weak.read('x', { ifNoneMatch: 'W/"e"' })).rejects.toMatchObject({ code: 'NotModified' })
    await using strong = await open(server, { etag: 'strong' })
    await expect(strong.read('x')).rejects.toThrow(/InvalidConfig.*no strong ETag.*`etag: weak`/)
    await using bare = await web(good('hello'))
    await using wrong = await open(bare, { etag: 'weak' })
    await expect(wrong.stat('x')).rejects.toThrow(/InvalidConfig.*`etag: none`/)
  })

  it('compare time and size where the server gives no etag', async () => {
    let modified = 'Sat, 21 Nov 2026 10:00:00 GMT'
    await using server = await web((request, response) =>
      good('hello', { 'last-modified': modified })(request, response),
    )
    await using store = await open(server, { etag: 'weak' })
    const { etag } = await store.stat('x')
    expect(etag).toMatch(/^W\//)
    await expect(store.read('x', { ifNoneMatch: etag })).rejects.toMatchObject({ code: 'NotModified' })
    expect(server.seen.at(-1)?.headers['if-none-match']).toBeUndefined()
    modified = 'Sat, 21 Nov 2026 10:00:01 GMT'
    expect(await (await store.read('x', { ifNoneMatch: etag })).text()).toBe('hello')
  })
})

describe('redirects', () => {
  it('are followed on the same server, with the credentials', async () => {
    await using server = await web((request, response) => {
      if (request.url === '/x') response.writeHead(302, { location: '/there/y' }).end()
      else good('moved')(request, response)
    })
    await using store = await open(server, { token: 'abc' })
    expect(await text(store, 'x')).toBe('moved')
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer abc', 'Bearer abc'])
  })

  it('to another server are refused, or followed without any credentials where that is allowed', async () => {
    await using other = await web(good('from elsewhere'))
    await using server = await web((_, response) => {
      response.writeHead(307, { location: `${other.url}/signed?secret=1` }).end()
    })
    const secret = { token: 'abc', headers: 'X-Key: def\nCookie: a=b' }
    await using store = await open(server, secret)
    const refused = await store.read('x').catch((error: unknown) => String(error))
    expect(refused).toMatch(/redirects to http:\/\/127\.0\.0\.1:\d+, which is not followed/)
    expect(refused).not.toContain('secret')
    expect(other.seen).toEqual([])
    await using allowed = await open(server, { ...secret, redirects: 'anywhere' })
    expect(await text(allowed, 'x', { from: 5 })).toBe('elsewhere')
    expect(server.seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer abc', 'x-key': 'def', cookie: 'a=b' })
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization')
    expect(other.seen[0]?.headers).not.toHaveProperty('x-key')
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie')
  })

  it('back to the first server do not get the credentials again', async () => {
    await using server = await web((request, response) => {
      if (request.url === '/x') response.writeHead(302, { location: `${other.url}/y` }).end()
      else good('home')(request, response)
    })
    const home = server.url
    await using other = await web((_, response) => {
      response.writeHead(302, { location: `${home}/z` }).end()
    })
    await using store = await open(server, { token: 'abc', redirects: 'anywhere' })
    expect(await text(store, 'x')).toBe('home')
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer abc', undefined])
  })

  it('without end are ended', async () => {
    await using server = await web((request, response) => {
      response.writeHead(302, { location: `${request.url}x` }).end()
    })
    await using store = await open(server)
    await expect(store.read('x')).rejects.toThrow(/again and again/)
    expect(server.seen.length).toBeLessThan(10)
  })

  it('to what is no web address are refused', async () => {
    for (const location of ['file:///etc/passwd', 'ftp://example.org/x', 'data:text/plain,x']) {
      await using server = await web((_, response) => {
        response.writeHead(302, { location }).end()
      })
      await using store = await open(server, { redirects: 'anywhere' })
      await expect(store.read('x')).rejects.toMatchObject({ code: 'Unexpected' })
    }
  })
})

describe('credentials', () => {
  it('are sent as the options say', async () => {
    await using server = await web(good('x'))
    await using basic = await open(server, { user: 'änn', password: async () => 'p:w' })
    await basic.stat('x')
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('änn:p:w').toString('base64')}`)
  })

  it('do not go unencrypted to another machine unless told to', async () => {
    const url = 'http://example.org/data'
    for (const secret of [{ token: 'x' }, { user: 'a', password: 'b' }, { headers: 'A: b' }]) {
      await expect(openStore(http({ url, ...secret }))).rejects.toThrow(/InvalidConfig.*unencrypted/)
      await using _ = await openStore(http({ url, ...secret, plainHttp: true }))
    }
    await using _ = await openStore(http({ url }))
  })

  it.each([
    { url: 'ftp://example.org' },
    { url: 'https://ann:secret@example.org/' },
    { url: 'https://example.org/?x=1' },
    { url: 'https://example.org/', user: 'ann' },
    { url: 'https://example.org/', user: 'a:b', password: 'x' },
    { url: 'https://example.org/', user: 'a', password: 'x', token: 'y' },
  ])('and addresses that make no sense are refused: %o', async (options) => {
    const failed = await openStore(http(options)).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'InvalidConfig' })
    expect(String(failed)).not.toContain('secret')
  })

  it('that are no headers are refused without being shown', async () => {
    await using server = await web(good('x'))
    for (const headers of ['topsecret', 'Host: topsecret', 'Range: topsecret', 'Bad Name: topsecret']) {
      await using store = await open(server, { headers })
      const failed = await store.stat('x').catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 'InvalidConfig' })
      expect(String(failed)).not.toContain('topsecret')
    }
    expect(server.seen).toEqual([])
  })

  it('are no part of an inline address', () => {
    expect(plugin.address?.(new URL('https://example.org/a%20b'))).toEqual({ url: 'https://example.org/a%20b' })
    expect(() => plugin.address?.(new URL('https://a:b@example.org/'))).toThrow(/no login/)
    expect(() => plugin.address?.(new URL('https://example.org/x?sig=1'))).toThrow(/query/)
  })
})

describe('asking whether it answers', () => {
  it('is content with a server that shows no directories, unless credentials may be what it refuses', async () => {
    for (const status of [403, 404]) {
      await using server = await web((_, response) => {
        response.writeHead(status).end()
      })
      await using store = await open(server)
      await store.ping()
      await using secret = await open(server, { token: 'wrong' })
      if (status === 403) await expect(secret.ping()).rejects.toMatchObject({ code: 'PermissionDenied' })
      else await secret.ping()
    }
    await using refusing = await web((_, response) => {
      response.writeHead(401).end()
    })
    await using store = await open(refusing)
    await expect(store.ping()).rejects.toMatchObject({ code: 'Unauthenticated' })
  })
})
