import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { errorCode } from '@kit/core'
import { selfSignedCertificate } from '@kit/test-servers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { blockMap, honest, rawBlock, send, startTestGateway, type Behaviour } from './hostile-gateway.ts'
import { eventually, opened } from './opened.ts'

const block = rawBlock(new TextEncoder().encode('what the CID says'))
const other = rawBlock(new TextEncoder().encode('something else'))
const good = honest(blockMap([block]))
const rawHead = { 'content-type': 'application/vnd.ipld.raw' }

const never: Behaviour = () => {}

/** Everything that a gateway may do instead of giving the block, and what comes of it. */
const lies: readonly [string, Behaviour, string][] = [
  ['other bytes', (_, response) => void response.writeHead(200, rawHead).end(other.bytes), 'Corrupt'],
  ['no bytes', (_, response) => void response.writeHead(200, rawHead).end(), 'Corrupt'],
  [
    'the block and more',
    (_, response) => void response.writeHead(200, rawHead).end(Buffer.concat([block.bytes, other.bytes])),
    'Corrupt',
  ],
  [
    'less than it announces',
    (_, response) => {
      response.writeHead(200, { ...rawHead, 'content-length': '1000' }).write(block.bytes)
      response.socket?.end()
    },
    'Unavailable',
  ],
  [
    'a length that is none',
    (_, response) => {
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.ipld.raw\r\ncontent-length: -5\r\n\r\n'
      response.socket?.end(head + Buffer.from(block.bytes).toString('latin1'))
    },
    'Unavailable',
  ],
  [
    'an endless body',
    async (_, response, gateway) => {
      response.writeHead(200, rawHead)
      while (await send(gateway, response, new Uint8Array(256 * 1024)));
    },
    'Corrupt',
  ],
  [
    'bytes that drip',
    async (_, response) => {
      response.writeHead(200, rawHead)
      for (const byte of block.bytes) {
        if (response.destroyed) return
        response.write(Uint8Array.of(byte))
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
    },
    'Timeout',
  ],
  ['no answer', never, 'Timeout'],
  [
    'a packed body',
    (_, response) =>
      void response.writeHead(200, { ...rawHead, 'content-encoding': 'gzip' }).end(gzipSync(new Uint8Array(1e6))),
    'Corrupt',
  ],
  ['a page', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi'), 'Corrupt'],
  [
    'headers without end',
    (_, response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}\r\n`)
    },
    'Unavailable',
  ],
  ['a fault', (_, response) => void response.writeHead(500).end('x'.repeat(1e6)), 'Unavailable'],
  ['a refusal', (_, response) => void response.writeHead(403).end(), 'PermissionDenied'],
  [
    'a redirect in a circle',
    ({ path }, response) => void response.writeHead(302, { location: `${path}?format=raw` }).end(),
    'Unavailable',
  ],
  [
    'a redirect into the local network',
    (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
    'Unavailable',
  ],
  [
    'a redirect to nowhere',
    (_, response) => void response.writeHead(302, { location: 'http://' }).end(),
    'Unavailable',
  ],
]

describe('a block from a gateway', () => {
  it('is given when it is the one that the CID names (C4)', async () => {
    await using gateway = await startTestGateway(good)
    await using store = await opened([gateway.url])
    expect(await store.blocks.get(block.cid)).toEqual(block.bytes)
    expect(gateway.seen[0]?.headers.accept).toBe('application/vnd.ipld.raw')
    expect(await store.blocks.has(block.cid)).toBe(true)
    expect(await store.blocks.has(other.cid)).toBe(false)
    await expect(store.blocks.get(other.cid)).rejects.toMatchObject({ code: 'NotFound' })
  })

  it.concurrent.each(lies)('is never given where the gateway sends %s', async (_, behaviour, code) => {
    await using gateway = await startTestGateway(behaviour)
    await using store = await opened([gateway.url])
    const began = performance.now()
    await expect(store.blocks.get(block.cid)).rejects.toMatchObject({ code })
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(gateway.sentBytes).toBeLessThan(16 * 2 ** 20)
    await eventually(() => gateway.open() === 0)
  })

  it.concurrent.each(lies)('comes from the honest one of two where the other sends %s', async (_, behaviour) => {
    await using bad = await startTestGateway(behaviour)
    await using honestOne = await startTestGateway(good)
    await using store = await opened([bad.url, honestOne.url])
    expect(await store.blocks.get(block.cid)).toEqual(block.bytes)
    await eventually(() => bad.open() === 0)
  })

  it('that its CID holds itself is asked of nobody, and is what the CID holds', async () => {
    await using gateway = await startTestGateway((_, response) => void response.end('something else'))
    await using store = await opened([gateway.url])
    expect(await store.blocks.get('bafkqac3imvwgy3zao5xxe3de')).toEqual(new TextEncoder().encode('hello world'))
    expect(gateway.seen).toEqual([])
  })

  it('of a hash function that nobody can check is Unsupported', async () => {
    await using gateway = await startTestGateway((_, response) => void response.writeHead(200, rawHead).end('abc'))
    await using store = await opened([gateway.url])
    // murmur3-x64-64: no cryptographic hash.
    await expect(store.blocks.get('bafkseceyfhbdoav5si')).rejects.toMatchObject({
      code: expect.stringMatching(/Unsupported|InvalidKey/),
    })
  })

  it('is no name for other content: text that is no CID is InvalidKey, and asked of nobody', async () => {
    await using gateway = await startTestGateway(good)
    await using store = await opened([gateway.url])
    for (const text of ['', 'nothing', '../../etc', `${block.cid}/x`, 'Qm']) {
      await expect(store.blocks.get(text)).rejects.toMatchObject({ code: 'InvalidKey' })
    }
    expect(gateway.seen).toEqual([])
  })
})

describe('several endpoints', () => {
  it('one dead, one slow, one lying: the honest one gives the block, and is asked first from then on', async () => {
    await using dead = await startTestGateway(never)
    const deadUrl = dead.url
    await Promise.resolve(dead[Symbol.asyncDispose]()).catch(() => undefined)
    await using slow = await startTestGateway(never)
    await using lying = await startTestGateway((_, response) => void response.writeHead(200, rawHead).end(other.bytes))
    await using right = await startTestGateway(good)
    await using store = await opened([deadUrl, slow.url, lying.url, right.url])
    expect(await store.blocks.get(block.cid)).toEqual(block.bytes)
    expect([slow.seen.length, lying.seen.length, right.seen.length]).toEqual([1, 1, 1])
    for (let round = 0; round < 5; round++) await store.blocks.get(block.cid)
    expect([slow.seen.length, lying.seen.length, right.seen.length]).toEqual([1, 1, 6])
  }, 10_000)

  it('that all fail: the error tells each attempt', async () => {
    await using missing = await startTestGateway(honest(new Map()))
    await using lying = await startTestGateway((_, response) => void response.writeHead(200, rawHead).end(other.bytes))
    await using broken = await startTestGateway(
      (_, response) => void response.writeHead(502, { 'content-type': 'text/plain' }).end('on fire'),
    )
    await using store = await opened([missing.url, lying.url, broken.url])
    const error = await store.blocks.get(block.cid).catch((cause: unknown) => cause)
    expect(errorCode(error)).toBe('Unavailable')
    for (const gateway of [missing, lying, broken]) expect(String(error)).toContain(new URL(gateway.url).host)
    expect(String(error)).toMatch(/404.*not those of the block.*on fire/s)
  })

  it('of which one has not the block and one lies: nobody knows that it is not there', async () => {
    await using missing = await startTestGateway(honest(new Map()))
    await using lying = await startTestGateway((_, response) => void response.writeHead(200, rawHead).end(other.bytes))
    await using store = await opened([missing.url, lying.url])
    await expect(store.blocks.has(block.cid)).rejects.toMatchObject({ code: 'Corrupt' })
  })

  it('of which one asks to be left alone: it is, and the others serve', async () => {
    await using busy = await startTestGateway(
      (_, response) => void response.writeHead(429, { 'retry-after': '60' }).end(),
    )
    await using right = await startTestGateway(good)
    await using store = await opened([busy.url, right.url])
    for (let round = 0; round < 3; round++) await store.blocks.get(block.cid)
    expect(busy.seen).toHaveLength(1)
  })

  it('that all ask to be left alone are, until the time that the error tells', async () => {
    await using busy = await startTestGateway(
      (_, response) => void response.writeHead(503, { 'retry-after': '60' }).end(),
    )
    await using store = await opened([busy.url])
    await expect(store.blocks.get(block.cid)).rejects.toMatchObject({ code: 'Unavailable', retryAfterMs: 60_000 })
    const error: unknown = await store.blocks.get(block.cid).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'RateLimited', retryAfterMs: expect.any(Number) })
    expect(busy.seen).toHaveLength(1)
  })
})

describe('credentials', () => {
  it('go to the first endpoint alone, and not where it redirects to', async () => {
    await using second = await startTestGateway(good)
    await using first = await startTestGateway(({ path }, response) => {
      response.writeHead(302, { location: `${second.url}${path}?format=raw` }).end()
    })
    await using store = await opened([first.url, second.url], { token: 'sesame' })
    await store.blocks.get(block.cid)
    expect(first.seen[0]?.headers.authorization).toBe('Bearer sesame')
    expect(second.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it('do not go along to another origin, where a redirect may lead that was configured', async () => {
    const certificate = selfSignedCertificate()
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, certificate.certificate])
    onTestFinished(() => setDefaultCACertificates(before))
    await using elsewhere = await startTestGateway(good, certificate)
    await using gateway = await startTestGateway(({ path }, response) => {
      response.writeHead(307, { location: `${elsewhere.url}${path}?format=raw` }).end()
    })
    await using strict = await opened([gateway.url], { token: 'sesame' })
    await expect(strict.blocks.get(block.cid)).rejects.toMatchObject({ code: 'Unavailable', retry: 'never' })
    expect(elsewhere.seen).toEqual([])
    await using store = await opened([gateway.url], { token: 'sesame', redirectHosts: ['localhost'] })
    expect(await store.blocks.get(block.cid)).toEqual(block.bytes)
    expect(gateway.seen.at(-1)?.headers.authorization).toBe('Bearer sesame')
    expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it('stay with a redirect of the same origin', async () => {
    await using gateway = await startTestGateway((seen, response, self) => {
      if (seen.path.startsWith('/moved')) return good({ ...seen, path: seen.path.slice(6) }, response, self)
      return void response.writeHead(301, { location: `/moved${seen.path}?${seen.query.toString()}` }).end()
    })
    await using store = await opened([gateway.url], { token: 'sesame' })
    expect(await store.blocks.get(block.cid)).toEqual(block.bytes)
    expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer sesame', 'Bearer sesame'])
  })
})

describe('cancelling', () => {
  it('frees the connection and rejects with Aborted', async () => {
    await using gateway = await startTestGateway(never)
    await using store = await opened([gateway.url])
    const controller = new AbortController()
    const got = store.blocks.get(block.cid, { signal: controller.signal })
    await eventually(() => gateway.open() === 1)
    controller.abort()
    await expect(got).rejects.toMatchObject({ code: 'Aborted' })
    await eventually(() => gateway.open() === 0)
  })
})
