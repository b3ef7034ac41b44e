import { errorCode, openStore } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { plugin, type KitOptions } from '../src/index.ts'

const parse = (text: string): KitOptions | undefined => plugin.address?.(new URL(text))

describe('inline addresses', () => {
  it.each([
    ['kit://kit.example.org/photos', { url: 'https://kit.example.org', store: 'photos' }],
    ['kit://kit.example.org:8443/photos/', { url: 'https://kit.example.org:8443', store: 'photos' }],
    [
      'kit://kit.example.org/photos/2026/a%20b',
      { url: 'https://kit.example.org', store: 'photos', prefix: '2026/a b' },
    ],
    ['kit+http://127.0.0.1:8000/files', { url: 'http://127.0.0.1:8000', store: 'files', plainHttp: true }],
  ])('%s is a store of a server, over TLS unless it says http', (text, options) => {
    expect(parse(text)).toEqual(options)
  })

  it.each([
    'kit://kit.example.org',
    'kit://kit.example.org/',
    'kit://h/s?token=x',
    'kit://h/s#x',
    'kit:///s',
    'kit://h/%ff',
  ])('%s is refused', (text) => {
    expect(() => parse(text)).toThrow(/^InvalidConfig/)
  })

  it('refuses a login, and does not print it', () => {
    expect(() => parse('kit://ann:secret@h/s')).toThrow(/^InvalidConfig(?!.*secret)/)
  })
})

describe('the url', () => {
  const opened = async (options: KitOptions): Promise<void> => (await openStore(plugin(options))).close()

  it.each(['http://localhost:8000', 'http://127.0.0.1', 'http://[::1]:1', 'https://kit.example.org/behind/a/proxy/'])(
    '%s is taken',
    async (url) => {
      await expect(opened({ url, store: 's' })).resolves.toBeUndefined()
    },
  )

  it('may be plain http to another machine only where that is said', async () => {
    const url = 'http://kit.example.org'
    const failed = await opened({ url, store: 's' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'InvalidConfig', message: expect.stringContaining('plainHttp') })
    await expect(opened({ url, store: 's', plainHttp: true })).resolves.toBeUndefined()
  })

  it.each(['kit.example.org', 'ftp://h', 'https://ann:pw@h', 'https://h?x=1', 'http://127.0.0.1.example.org'])(
    '%s is refused',
    async (url) => {
      expect(errorCode(await opened({ url, store: 's' }).catch((error: unknown) => error))).toBe('InvalidConfig')
    },
  )

  it('goes with a store that has a name, and a prefix that is a key', async () => {
    for (const wrong of [{ store: '' }, { store: 's', prefix: 'a//b' }, { store: 's', prefix: '..' }]) {
      const failed = await opened({ url: 'https://h', ...wrong }).catch((error: unknown) => error)
      expect(['InvalidConfig', 'InvalidKey']).toContain(errorCode(failed))
    }
  })
})
