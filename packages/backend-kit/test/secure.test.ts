import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { errorCode, openStore } from '@kit/core'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
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
  const folder = mkdtempSync(join(tmpdir(), 'kit-tls-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }

  it('is reached where its certificate is trusted, and refused where not', async () => {
    const { url, name } = await server({ tls })
    expect(url).toMatch(/^https:/)
    await using stranger = await openStore(plugin({ url, store: name, layers: { retry: false } }))
    expect(errorCode(await stranger.stat('a').catch((error: unknown) => error))).not.toBe('NotFound')
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, tls.cert])
    onTestFinished(() => setDefaultCACertificates(before))
    await using store = await openStore(plugin({ url, store: name }))
    await store.write('a', new Uint8Array(1 << 20))
    expect((await store.stat('a')).size).toBe(1 << 20)
  })
})
