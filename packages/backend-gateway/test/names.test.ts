import { startKubo, tryProvide, whyMissing, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type Behaviour } from './hostile-gateway.ts'
import { opened } from './opened.ts'

const missing = whyMissing(await tryProvide('kubo'))
if (missing !== undefined) process.stderr.write(`skipped: kubo: ${missing}\n`)

const empty = 'bafkqaaa'
const recordType = { 'content-type': 'application/vnd.ipfs.ipns-record' }

describe.skipIf(missing !== undefined)('a name over gateways', () => {
  let kubo: Kubo
  let key: string
  let otherKey: string
  let rsaKey: string
  let older: Uint8Array
  let newer: Uint8Array
  let other: Uint8Array

  async function publish(name: string, path: string): Promise<void> {
    await kubo.ipfs(['name', 'publish', '--allow-offline', '--resolve=false', '--ttl=5m', `--key=${name}`, path])
  }
  async function record(name: string): Promise<Uint8Array> {
    const answer = await fetch(`${kubo.gateway}/ipns/${name}?format=ipns-record`, {
      headers: { accept: 'application/vnd.ipfs.ipns-record' },
    })
    if (!answer.ok) throw new Error(await answer.text())
    return new Uint8Array(await answer.arrayBuffer())
  }
  const serving =
    (bytes: () => Uint8Array): Behaviour =>
    (_, response) =>
      void response.writeHead(200, recordType).end(bytes())

  beforeAll(async () => {
    kubo = await startKubo()
    key = (await kubo.ipfs(['key', 'gen', 'one'])).trim()
    otherKey = (await kubo.ipfs(['key', 'gen', 'other'])).trim()
    rsaKey = (await kubo.ipfs(['key', 'gen', '--type=rsa', 'rsa'])).trim()
    await publish('one', `/ipfs/${empty}`)
    older = await record(key)
    await publish('one', `/ipfs/${empty}/newer`)
    newer = await record(key)
    await publish('other', `/ipns/${key}/below`)
    other = await record(otherKey)
    await publish('rsa', `/ipfs/${empty}/rsa`)
  }, 30_000)
  afterAll(async () => kubo.stop())

  it('is resolved from its signed record, with the path behind it and how long it may be kept (C4)', async () => {
    await using store = await opened([kubo.gateway])
    const found = { path: `/ipfs/${empty}/newer`, ttlSeconds: 300 }
    expect(await store.ipns.resolve(key)).toEqual(found)
    expect(await store.ipns.resolve(`/ipns/${key}/a/b`)).toEqual({ ...found, path: `${found.path}/a/b` })
    expect(await store.ipns.resolve(rsaKey)).toEqual({ ...found, path: `/ipfs/${empty}/rsa` })
  })

  it('that points at a name is followed', async () => {
    await using store = await opened([kubo.gateway])
    expect((await store.ipns.resolve(otherKey)).path).toBe(`/ipfs/${empty}/newer/below`)
  })

  it('is NotFound where nobody has a record of it, and InvalidKey where it is none', async () => {
    await using store = await opened([kubo.gateway])
    const nobody = 'k51qzi5uqu5dkyryv7zy80vb47msxsjpwfvs8oimkekcp7ws50i41ngyfy4xw0'
    await expect(store.ipns.resolve(nobody)).rejects.toMatchObject({ code: 'NotFound' })
    for (const none of [
      '',
      'x',
      '/ipfs/nothing',
      '../x',
      'bafkreigaqomifhcyl6rn426qycnbqtmo6ggrng7zeslj3a63z4a2b4cynm',
    ]) {
      await expect(store.ipns.resolve(none)).rejects.toMatchObject({ code: 'InvalidKey' })
    }
  })

  it('is Corrupt with the record of another name, a changed one, a page, or no record at all', async () => {
    const flipped = (at: number): Uint8Array => newer.map((byte, index) => (index === at ? byte ^ 1 : byte))
    const lies = [other, new Uint8Array(), new TextEncoder().encode('<html>'), new Uint8Array(11 * 1024)]
    // Value, signatures and data: wherever a bit is changed, the record is another or none.
    for (let at = 0; at < newer.byteLength; at += 7) lies.push(flipped(at))
    let serve = other
    await using gateway = await startTestGateway(serving(() => serve))
    for (const lie of lies) {
      serve = lie
      await using store = await opened([gateway.url])
      const came = await store.ipns.resolve(key).catch((error: unknown) => error)
      // What is signed cannot be changed; what is not (the form of version 1) may be, and says the same.
      if (came instanceof Error) expect(came).toMatchObject({ code: 'Corrupt' })
      else expect(came).toEqual({ path: `/ipfs/${empty}/newer`, ttlSeconds: 300 })
    }
  })

  it('is the newest of what the endpoints have, and never goes back to an older one', async () => {
    await using stale = await startTestGateway(serving(() => older))
    let serve = newer
    await using fresh = await startTestGateway(serving(() => serve))
    await using store = await opened([stale.url, fresh.url])
    expect((await store.ipns.resolve(key)).path).toBe(`/ipfs/${empty}/newer`)
    serve = older
    expect((await store.ipns.resolve(key)).path).toBe(`/ipfs/${empty}/newer`)
    await using another = await opened([stale.url])
    expect((await another.ipns.resolve(key)).path).toBe(`/ipfs/${empty}`)
  })

  it('comes from the honest endpoint where another lies and a third says nothing', async () => {
    await using lying = await startTestGateway(serving(() => other))
    await using silent = await startTestGateway(() => {})
    await using store = await opened([silent.url, lying.url, kubo.gateway])
    expect((await store.ipns.resolve(key)).path).toBe(`/ipfs/${empty}/newer`)
  })

  it('is not published here', async () => {
    await using store = await opened([kubo.gateway])
    await expect(store.ipns.publish('one', `/ipfs/${empty}`, {})).rejects.toMatchObject({ code: 'Unsupported' })
  })
})

describe('a domain name', () => {
  const answer =
    (records: readonly object[]): Behaviour =>
    (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/dns-json' })
        .end(JSON.stringify({ Status: 0, Answer: records }))

  it('is not asked of DNS unless that was chosen', async () => {
    await using gateway = await startTestGateway(() => {})
    await using store = await opened([gateway.url])
    await expect(store.ipns.resolve('docs.example.org')).rejects.toMatchObject({
      code: 'Unsupported',
      message: expect.stringMatching(/set `dnslink`/),
    })
    expect(gateway.seen).toEqual([])
  })

  it('is resolved by the DNS-over-HTTPS service that was chosen', async () => {
    await using dns = await startTestGateway(
      answer([
        { type: 16, TTL: 60, data: '"v=spf1 -all"' },
        { type: 16, TTL: 60, data: `"dnslink=/ipfs/${empty}" "/docs"` },
        { type: 5, TTL: 60, data: 'dnslink=/ipfs/bafkqabacaeba' },
      ]),
    )
    await using gateway = await startTestGateway(() => {})
    await using store = await opened([gateway.url], { dnslink: `${dns.url}/dns-query` })
    const found = await store.ipns.resolve('/ipns/docs.example.org/a')
    expect(found).toEqual({ path: `/ipfs/${empty}/docs/a`, ttlSeconds: 60 })
    expect(dns.seen.map(({ path, query }) => [path, query.get('name'), query.get('type')])).toEqual([
      ['/dns-query', '_dnslink.docs.example.org', 'TXT'],
    ])
    expect(gateway.seen).toEqual([])
  })

  it('without a record is NotFound, with one that is no link InvalidKey, and a service that lies is an error', async () => {
    const cases: readonly [Behaviour, string][] = [
      [answer([]), 'NotFound'],
      [answer([{ type: 16, data: '"dnslink=http://evil"' }]), 'NotFound'],
      [answer([{ type: 16, data: '"dnslink=/ipfs/../x"' }]), 'InvalidKey'],
      [answer([{ type: 16, data: '"dnslink=/ipns/docs.example.org"' }]), 'InvalidKey'],
      [(_, response) => void response.end('no json'), 'Corrupt'],
      [(_, response) => void response.end('x'.repeat(100_000)), 'Corrupt'],
      [(_, response) => void response.writeHead(500).end(), 'Unavailable'],
    ]
    for (const [behaviour, code] of cases) {
      await using dns = await startTestGateway(behaviour)
      await using store = await opened(['http://127.0.0.1:9'], { dnslink: dns.url })
      await expect(store.ipns.resolve('docs.example.org')).rejects.toMatchObject({ code })
    }
  })
})
