import { openStore } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { mayRedirect, parseEndpoint } from '../src/endpoint.ts'
import { gateway, lassie, plugin, saturn, type GatewayOptions } from '../src/index.ts'

const open = (options: GatewayOptions): Promise<unknown> => openStore(gateway(options))

describe('options', () => {
  it('know no default endpoint: without one nothing is opened, and it says why, of Saturn too (B-SA-1)', async () => {
    for (const type of [gateway, saturn, lassie]) {
      await expect(openStore(type({}))).rejects.toMatchObject({
        code: 'InvalidConfig',
        message: expect.stringMatching(/name at least one gateway.*network of Saturn is gone/),
      })
    }
    expect([plugin.type, ...plugin.aliases]).toEqual(['gateway', 'lassie', 'saturn'])
  })

  it.each<[string, GatewayOptions, RegExp]>([
    ['no address', { endpoints: ['gateway.example.org'] }, /is no address/],
    ['another scheme', { endpoints: ['ftp://gateway.example.org'] }, /is no address/],
    ['a login in it', { endpoints: ['https://me:secret@gateway.example.org'] }, /no login goes in an address/],
    ['a path into the gateway', { endpoints: ['https://gateway.example.org/ipfs/'] }, /ends before \/ipfs/],
    ['a query', { endpoints: ['https://gateway.example.org/?a=b'] }, /ends before/],
    ['a token in the clear', { endpoints: ['http://gateway.example.org'], token: 'secret' }, /show the token/],
    ['a token for nobody', { lassie: { program: '/x', providers: ['http://127.0.0.1:1'] }, token: 's' }, /first of/],
    ['no providers', { lassie: { program: '/x', providers: [] } }, /would ask public services/],
    ['no host', { endpoints: ['https://a.example'], redirectHosts: ['https://b.example/'] }, /no host name/],
    ['DNS in the clear', { endpoints: ['https://a.example'], dnslink: 'http://dns.example/' }, /https address/],
  ])('with %s are refused before anything is asked', async (_, options, text) => {
    const refused = await open(options).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'InvalidConfig', message: expect.stringMatching(text) })
    expect(String(refused)).not.toContain('secret')
  })

  it('take an inline address over TLS, and one without', () => {
    const spec = (text: string): unknown => plugin.address?.(new URL(text))
    expect(spec('gateway://gateway.example.org')).toEqual({ endpoints: ['https://gateway.example.org'] })
    expect(spec('gateway+http://127.0.0.1:8080/sub')).toEqual({ endpoints: ['http://127.0.0.1:8080/sub'] })
  })

  it('without gateways leave Lassie alone with blocks and content: it has no names', () => {
    const providers = ['http://127.0.0.1:1']
    expect(plugin.narrow?.({ lassie: { program: 'l', providers } }).ops.ipns).toBeUndefined()
    expect(plugin.narrow?.({ endpoints: ['https://a.example'] }).ops.ipns).toBe('native')
  })
})

describe('a redirect', () => {
  const from = (text: string): URL => parseEndpoint(text).url
  it.each([
    ['https://a.example', 'https://a.example/other', true],
    ['https://a.example', 'https://bafy.ipfs.a.example/', true],
    ['https://a.example', 'https://nota.example/', false],
    ['https://a.example', 'https://a.example.evil.org/', false],
    ['https://a.example', 'http://a.example/', false],
    ['https://a.example', 'https://a.example:8443/', false],
    ['https://a.example', 'https://u:p@b.a.example/', false],
    ['http://a.example', 'https://a.example/', true],
    ['http://localhost:8080', 'http://bafy.ipfs.localhost:8080/', true],
    ['http://localhost:8080', 'http://bafy.ipfs.localhost:5001/', false],
    ['http://127.0.0.1:8080', 'http://127.0.0.2:8080/', false],
    ['http://127.0.0.1:8080', 'http://169.254.169.254/', false],
    ['https://a.example', 'https://cdn.example/', false],
  ])('from %s to %s is followed: %s', (endpoint, to, followed) => {
    expect(mayRedirect(from(endpoint), new URL(to), [])).toBe(followed)
  })

  it('is followed to a configured host and its subdomains, over TLS only', () => {
    const may = (to: string): boolean => mayRedirect(from('https://a.example'), new URL(to), ['CDN.example'])
    expect([may('https://cdn.example/'), may('https://x.cdn.example/'), may('http://cdn.example/')]).toEqual([
      true,
      true,
      false,
    ])
  })
})
