import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { kubo, plugin } from '../src/index.ts'
import { chooseAddress, isPrivate, nameOf, parseAddress, socketAddress } from '../src/rpc/index.ts'

describe('the address of a daemon (B-IPFS-1, B-IPFS-2)', () => {
  it.each([
    ['http://127.0.0.1:5001', 'http://127.0.0.1:5001', '/api/v0'],
    ['http://127.0.0.1:5001/api/v0', 'http://127.0.0.1:5001', '/api/v0'],
    ['http://127.0.0.1:5001/api/v0/', 'http://127.0.0.1:5001', '/api/v0'],
    ['https://example.org/kubo', 'https://example.org', '/kubo/api/v0'],
    ['/ip4/127.0.0.1/tcp/5001', 'http://127.0.0.1:5001', '/api/v0'],
    ['/ip6/::1/tcp/5001/http', 'http://[::1]:5001', '/api/v0'],
    ['/dns4/example.org/tcp/443/https', 'https://example.org', '/api/v0'],
    ['/unix/run/kubo.sock', 'unix:/run/kubo.sock', '/api/v0'],
    ['unix:/run/kubo.sock', 'unix:/run/kubo.sock', '/api/v0'],
    ['unix:///run/kubo.sock', 'unix:/run/kubo.sock', '/api/v0'],
    ['http://unix:/run/kubo.sock:/api/v0', 'unix:/run/kubo.sock', '/api/v0'],
  ])('is read from %s', (text, name, base) => {
    const address = parseAddress(text)
    expect([nameOf(address), address.base]).toEqual([name, base])
  })

  it.each([
    '',
    'kubo',
    'ftp://user:secret@host',
    '127.0.0.1:5001',
    'http://user:secret@host',
    'http://host?x',
    '/ip4/1.2.3.4/udp/1',
  ])('is not read from %j, and a login in it is not told', (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
    expect(() => parseAddress(text)).not.toThrow(/secret/)
  })

  it('is the socket while that is there, else the HTTP address (B-IPFS-2)', async () => {
    await using folder = await temporaryFolder('socket')
    const path = join(folder.path, 'kubo.sock')
    const [http, socket] = [parseAddress('http://127.0.0.1:5001'), socketAddress(path)]
    expect(chooseAddress(http, socket)).toBe(http)
    await writeFile(path, '')
    expect(chooseAddress(http, socket)).toBe(socket)
  })

  it('is private on this machine, over TLS and over a socket', () => {
    const addresses = ['http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1', 'https://a.org', '/unix/a']
    for (const text of addresses) expect(isPrivate(parseAddress(text))).toBe(true)
    expect(isPrivate(parseAddress('http://192.168.1.1:5001'))).toBe(false)
  })
})

describe('options', () => {
  it.each([
    { user: 'ann' },
    { token: 't', user: 'ann', password: 'p' },
    { connections: 0 },
    { socketPath: 'kubo.sock' },
    { url: 'nowhere' },
  ])('of a client that cannot be right are refused before anything is sent: %o', (options) => {
    expect(() => kubo(options)).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
  })

  it('send no login unencrypted to another machine', async () => {
    await using client = kubo({ url: 'http://192.0.2.1:5001', token: 'secret' })
    await expect(client.id()).rejects.toMatchObject({ code: 'InvalidConfig' })
  })

  it.each(['kit', '/ipfs', '/ipns/x', '/a/../b'])(
    'of a store have a root among the files: %s is none',
    async (root) => {
      const environment = { name: 'x', over: [], secret: async () => '' }
      const opened = async (): Promise<unknown> => plugin.open({ plainHttp: false, root }, environment)
      await expect(opened()).rejects.toMatchObject({ code: expect.stringMatching(/^Invalid/) })
    },
  )

  it('make inline addresses', () => {
    const read = (text: string): unknown => plugin.address?.(new URL(text))
    expect(read('ipfs+http://localhost:5001/photos/')).toEqual({ url: 'http://localhost:5001', root: '/photos' })
    expect(read('ipfs+https://a.org')).toEqual({ url: 'https://a.org' })
    expect(read('ipfs+unix:///run/kubo.sock')).toEqual({ url: '/unix/run/kubo.sock' })
    expect(() => read('ipfs+http://u:p@localhost')).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
  })
})
