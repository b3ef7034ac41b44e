import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { errorCode, openStore } from '@kit/core'
import { selfSignedCertificate } from '@kit/test-servers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugin } from '../src/index.ts'
import { served, type Served } from './served.ts'

const token = 'kit_test_0123456789abcdef0123456789abcdef'

async function server(options: Parameters<typeof served>[1]): Promise<Served> {
  const made = await served('memory', options)
  onTestFinished(() => made[Symbol.asyncDispose]())
  return made
}

describe('a server with a token', () => {
  it('lets in who brings it; it is fetched late, each time', async () => {
    const { url, name } = await server({ token })
    let fetched = 0
    const secret = async (): Promise<string> => {
      fetched++
      return token
    }
    await using store = await openStore(plugin({ url, store: name, token: secret }))
    expect(fetched).toBe(0)
    await store.write('a', 'x')
    expect(await (await store.read('a')).text()).toBe('x')
    expect(fetched).toBeGreaterThanOrEqual(2)
  })

  it.each([undefined, 'kit_test_wrong'])('refuses %s as Unauthenticated, and no message has it', async (wrong) => {
    const { url, name } = await server({ token })
    await using store = await openStore(plugin({ url, store: name, token: wrong }))
    const failed = await store.stat('a').catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'Unauthenticated', retry: 'never', status: 401 })
    expect(String(failed)).not.toContain('kit_test')
  })
})

describe('a server with TLS', () => {
  const { key, certificate: cert } = selfSignedCertificate()
  const tls = { key, cert }

  it('is reached where its certificate is trusted, and refused where not', async () => {
    const { url, name } = await server({ tls })
    expect(url).toMatch(/^https:/)
    const before = getCACertificates('default')
    await using stranger = await openStore(plugin({ url, store: name, layers: { retry: false } }))
    expect(errorCode(await stranger.stat('a').catch((error: unknown) => error))).not.toBe('NotFound')
    setDefaultCACertificates([...before, cert])
    onTestFinished(() => setDefaultCACertificates(before))
    await using store = await openStore(plugin({ url, store: name }))
    await store.write('a', new Uint8Array(1 << 20))
    expect((await store.stat('a')).size).toBe(1 << 20)
  })
})
