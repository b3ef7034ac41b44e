import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  startFaultProxy,
  startFtp,
  startKubo,
  startLassie,
  startRclone,
  startVersitygw,
  temporaryFolder,
} from '../src/index.ts'
import { cannotRun } from './server-or-skip.ts'
import { signS3 } from './sign-s3.ts'

async function refusesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  return await once(socket, 'connect').then(
    () => {
      socket.destroy()
      return false
    },
    () => true,
  )
}

describe.skipIf(await cannotRun('versitygw'))('versitygw', () => {
  it('stores an object that was sent with the right signature', async () => {
    await using gateway = await startVersitygw()
    for (const [path, body] of [
      ['/bucket', ''],
      ['/bucket/key', 'hello'],
    ] as const) {
      const url = gateway.endpoint + path
      const answer = await fetch(url, { method: 'PUT', body, headers: signS3('PUT', url, body, gateway) })
      expect(answer.status).toBe(200)
    }
    expect(await readFile(join(gateway.folder, 'bucket/key'), 'utf8')).toBe('hello')
    const url = `${gateway.endpoint}/bucket/other`
    const wrong = signS3('PUT', url, 'hello', { ...gateway, secretKey: 'wrong' })
    expect((await fetch(url, { method: 'PUT', body: 'hello', headers: wrong })).status).toBe(403)
  })

  it('takes a signature through the fault proxy, and keeps what was applied when the answer is lost', async () => {
    await using gateway = await startVersitygw()
    await using proxy = await startFaultProxy({ target: gateway.endpoint, http: true })
    const url = `${proxy.endpoint}/bucket`
    const put = (): Promise<Response> => fetch(url, { method: 'PUT', headers: signS3('PUT', url, '', gateway) })
    await proxy.set({ inject: [{ answer: { status: 503 } }, { forward: true, answer: 'reset' }] })
    expect((await put()).status).toBe(503)
    expect(await readdir(gateway.folder)).toEqual([])
    await expect(put()).rejects.toThrow('fetch failed')
    expect(await readdir(gateway.folder)).toEqual(['bucket'])
    expect((await put()).status).toBe(409)
    expect(proxy.requests.map(({ outcome }) => outcome)).toEqual([503, 'reset', 409])
  })

  it('is gone after stop, with its folder', async () => {
    const gateway = await startVersitygw()
    await gateway.stop()
    await gateway.stop()
    expect(await refusesConnections(gateway.endpoint)).toBe(true)
    expect(existsSync(gateway.folder)).toBe(false)
  })

  it('keeps a folder that it was given, and after kill its own', async () => {
    await using folder = await temporaryFolder('test')
    await using gateway = await startVersitygw({ folder: folder.path })
    await gateway.stop()
    expect(existsSync(folder.path)).toBe(true)
    await using killed = await startVersitygw()
    await killed.kill()
    expect(await refusesConnections(killed.endpoint)).toBe(true)
    expect(existsSync(killed.folder)).toBe(true)
  })

  it('reports what the server said when it does not start', async () => {
    const before = await leftovers('kit-versitygw-')
    const start = startVersitygw({ folder: '/proc/self/fdinfo' })
    await expect(start).rejects.toThrow(/versitygw did not start: (it ended by itself|not ready)[^]+\S/)
    expect(await leftovers('kit-versitygw-')).toEqual(before)
  })
})

async function leftovers(prefix: string): Promise<string[]> {
  await using probe = await temporaryFolder('probe')
  return (await readdir(join(probe.path, '..'))).filter((name) => name.startsWith(prefix))
}

describe.skipIf(await cannotRun('rclone'))('rclone', () => {
  it('serves WebDAV to the user that it was given', async () => {
    await using server = await startRclone('webdav', { user: 'me', password: 'mine' })
    const authorization = `Basic ${btoa('me:mine')}`
    const put = await fetch(`${server.endpoint}/file`, { method: 'PUT', body: 'hello', headers: { authorization } })
    expect(put.status).toBe(201)
    expect((await fetch(`${server.endpoint}/file`)).status).toBe(401)
    expect(await (await fetch(`${server.endpoint}/file`, { headers: { authorization } })).text()).toBe('hello')
    expect(await readdir(server.folder)).toEqual(['file'])
  })

  it('serves S3 to the key that it was given', async () => {
    await using server = await startRclone('s3', { user: 'key', password: 'secret' })
    const url = `${server.endpoint}/bucket`
    const login = { accessKey: 'key', secretKey: 'secret', region: 'us-east-1' }
    expect((await fetch(url, { method: 'PUT', headers: signS3('PUT', url, '', login) })).status).toBe(200)
    const wrong = { ...login, secretKey: 'wrong' }
    expect((await fetch(url, { method: 'PUT', headers: signS3('PUT', url, '', wrong) })).status).toBe(403)
    expect(await readdir(server.folder)).toEqual(['bucket'])
  })
})

describe.skipIf(await cannotRun('kubo'))('kubo', () => {
  it('gives by its gateway and its API what its command line has added', async () => {
    await using node = await startKubo()
    const cid = (await node.ipfs(['add', '--quieter'], 'hello')).trim()
    expect(cid).toBe('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq')
    expect(await (await fetch(`${node.gateway}/ipfs/${cid}`)).text()).toBe('hello')
    const cat = await fetch(`${node.api}/api/v0/cat?arg=${cid}`, { method: 'POST' })
    expect(await cat.text()).toBe('hello')
  })

  it('runs beside another and leaves nothing', async () => {
    const nodes = await Promise.all([startKubo(), startKubo()])
    expect(nodes[0].api).not.toBe(nodes[1].api)
    for (const node of nodes) {
      await node.stop()
      expect(await refusesConnections(node.api)).toBe(true)
      expect(existsSync(node.repository)).toBe(false)
    }
  })
})

describe.skipIf((await cannotRun('lassie')) || (await cannotRun('kubo')))('lassie', () => {
  it('gives as a CAR, to who has the token, what its provider has', async () => {
    await using node = await startKubo()
    const cid = (await node.ipfs(['add', '--quieter'], 'hello')).trim()
    await using lassie = await startLassie({ providers: [node.gateway], token: 'sesame' })
    const url = `${lassie.endpoint}/ipfs/${cid}`
    const headers = { accept: 'application/vnd.ipld.car', authorization: 'Bearer sesame' }
    expect(await (await fetch(url, { headers })).text()).toContain('hello')
    expect((await fetch(url, { headers: { accept: headers.accept } })).status).toBe(401)
    await using folder = await temporaryFolder('fetched')
    await lassie.fetch(cid, join(folder.path, 'hello.car'))
    expect(await readFile(join(folder.path, 'hello.car'), 'latin1')).toContain('hello')
  })
})

for (const daemon of ['vsftpd', 'pure-ftpd'] as const) {
  describe.skipIf(await cannotRun(daemon))(`${daemon} as a server`, () => {
    it('lets its user in, makes a directory, and refuses a wrong password', async () => {
      await using server = await startFtp({ daemon })
      const right = await talk(server.port, [
        `USER ${server.user}`,
        `PASS ${server.password}`,
        `MKD ${join(server.path, 'made')}`,
      ])
      expect(right).toEqual([220, 331, 230, 257])
      expect(await readdir(server.folder)).toEqual(['made'])
      expect(await talk(server.port, [`USER ${server.user}`, 'PASS wrong'])).toEqual([220, 331, 530])
    })

    it('speaks TLS with the certificate that it reports', async () => {
      await using server = await startFtp({ daemon })
      const socket = connect(server.port, server.host)
      await once(socket, 'data')
      socket.write('AUTH TLS\r\n')
      await once(socket, 'data')
      const secure = connectTls({ socket, ca: server.certificate, servername: 'localhost' })
      await once(secure, 'secureConnect')
      expect(secure.authorized).toBe(true)
      secure.destroy()
    })

    it('is gone after stop, with its folder', async () => {
      const server = await startFtp({ daemon })
      await server.stop()
      expect(await refusesConnections(`http://127.0.0.1:${server.port}`)).toBe(true)
      expect(existsSync(server.folder)).toBe(false)
    })
  })
}

/** The reply codes of the greeting and of one-line commands. */
async function talk(port: number, commands: readonly string[]): Promise<number[]> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  const codes: number[] = []
  const waiting = [...commands]
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    for (let end = text.indexOf('\r\n'); end !== -1; end = text.indexOf('\r\n')) {
      const reply = /^(\d{3}) /.exec(text)?.[1]
      text = text.slice(end + 2)
      if (reply === undefined) continue
      codes.push(Number(reply))
      const next = waiting.shift()
      if (next === undefined) return codes
      socket.write(`${next}\r\n`)
    }
  }
  return codes
}
