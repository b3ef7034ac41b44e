import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { readArguments, startServer, type RunningServer } from '@kit/server'
import { selfSignedCertificate } from '@kit/test-servers'
import { expect, onTestFinished, test, vi } from 'vitest'

interface Secure {
  readonly server: RunningServer
  replace(file: 'cert' | 'key', text: string): Promise<void>
  readonly first: ReturnType<typeof selfSignedCertificate>
}

async function start(words: readonly string[] = []): Promise<Secure> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-tls-'))
  const first = selfSignedCertificate()
  const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await writeFile(paths.cert, first.certificate)
  await writeFile(paths.key, first.key)
  await writeFile(join(folder, 'kit.yaml'), 'stores: { files: { type: memory } }\n')
  const server = await startServer(
    readArguments(
      ['--port', '0', '--config', join(folder, 'kit.yaml'), '--tls-cert', paths.cert, '--tls-key', paths.key].concat(
        words,
      ),
      {},
    ),
  )
  onTestFinished(async () => {
    server.abort()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    server,
    first,
    // As certbot and Kubernetes do it: another file in its place.
    async replace(file, text) {
      await writeFile(`${paths[file]}.new`, text)
      await rename(`${paths[file]}.new`, paths[file])
    },
  }
}

async function get(url: string, agent: Agent, ca: string): Promise<IncomingMessage> {
  const asking = request(`${url}/health`, { agent, ca })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response
}

/** Of the client's end of the connection that a request went over. */
async function portOf(url: string, agent: Agent, ca: string): Promise<number | undefined> {
  const asking = request(`${url}/health`, { agent, ca })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const { localPort } = response.socket
  response.resume()
  await once(response, 'end')
  return localPort
}

async function certificateOf(url: string, options: object = {}): Promise<string> {
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false, ...options })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().fingerprint256
  } finally {
    socket.destroy()
  }
}

test('speaks TLS 1.2 and later, with its own name in what it shows', async () => {
  const { server, first } = await start()
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const agent = new Agent()
  expect((await get(server.url, agent, first.certificate)).statusCode).toBe(200)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    expect(await certificateOf(server.url, { minVersion: version, maxVersion: version })).toMatch(/^[0-9A-F:]+$/)
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }
  await expect(certificateOf(server.url, old)).rejects.toThrow(/protocol|version|ECONNRESET|socket/i)
})

test('a new certificate is taken up while connections go on; one that is wrong is not', async () => {
  const { server, first, replace } = await start()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const own = await portOf(server.url, agent, first.certificate)
  const before = await certificateOf(server.url)

  // One of the two alone does not fit the other, and is not taken up.
  const second = selfSignedCertificate()
  await replace('key', second.key)
  await server.reload()
  expect(await certificateOf(server.url)).toBe(before)
  await replace('cert', second.certificate)
  await server.reload()
  const after = await certificateOf(server.url)
  expect(after).not.toBe(before)
  // Over the connection that was open before: a new one would not trust the new certificate.
  expect(await portOf(server.url, agent, first.certificate)).toBe(own)

  const third = selfSignedCertificate()
  await replace('key', third.key)
  await replace('cert', third.certificate)
  // Nobody tells it: it looks by itself.
  await vi.waitFor(async () => expect(await certificateOf(server.url)).not.toBe(after), { timeout: 10_000 })
})

test('what cannot be used is told before anything listens', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kit-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const cert = join(folder, 'cert.pem')
  await writeFile(cert, selfSignedCertificate().certificate)
  await writeFile(join(folder, 'kit.yaml'), 'stores: { files: { type: memory } }\n')
  const settings = (key: string): ReturnType<typeof readArguments> =>
    readArguments(['--config', join(folder, 'kit.yaml'), '--port', '0', '--tls-cert', cert, '--tls-key', key], {})
  for (const key of [cert, join(folder, 'none.pem')]) {
    await expect(startServer(settings(key))).rejects.toMatchObject({ code: 'InvalidConfig' })
  }
  expect(() => readArguments(['--tls-cert', cert], {})).toThrow(/come together/)
})
