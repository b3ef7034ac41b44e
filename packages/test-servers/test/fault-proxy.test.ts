import { once } from 'node:events'
import { Agent, createServer as createHttpServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../src/index.ts'

const MiB = 1024 * 1024
const payload = Buffer.alloc(4 * MiB, 'payload.')
let echo: Server
let source: Server
let web: Server
const applied: string[] = []

beforeAll(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  source = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).end(payload))
  source.listen(0, '127.0.0.1')
  web = createHttpServer((request, response) => {
    void take(request, response)
  }).listen(0, '127.0.0.1')
  await until(() => [echo, source, web].every((server) => server.listening))
})

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  applied.push(`${request.method} ${request.url} ${body}`)
  response.writeHead(200, { etag: '"1"' }).end(`you said ${body}`)
}

afterAll(() => {
  for (const server of [echo, source, web]) server.close()
})

function target(server: Server): { host: string; port: number } {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return { host: '127.0.0.1', port: address.port }
}

/** All bytes until the end, or how it broke. */
async function receive(socket: Socket): Promise<{ bytes: number; error?: string }> {
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
  return await new Promise((resolve) => {
    socket.on('end', () => resolve({ bytes }))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ bytes, error: error.code ?? error.message }))
  })
}

function says(body: string): RequestInit {
  return { method: 'POST', body }
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 3000
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not come about within 3 s')
    await sleep(5)
  }
}

describe('bytes', () => {
  it('pass unchanged and counted while nothing is wrong', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    const socket = connect(proxy.port, proxy.host)
    expect(proxy.connections.total).toBe(0)
    const all = await buffer(socket)
    expect(all.equals(payload)).toBe(true)
    await until(() => proxy.connections.open === 0)
    expect(proxy.connections).toEqual({ open: 0, total: 1 })
  })

  it('come later under latency, at the same throughput', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    await proxy.set({ latencyMs: 150 })
    const start = performance.now()
    const socket = connect(proxy.port, proxy.host)
    await once(socket, 'data')
    expect(performance.now() - start).toBeGreaterThan(140)
    await receive(socket)
    // 4 MiB are many chunks: had each waited for the one before, it would take seconds.
    expect(performance.now() - start).toBeLessThan(1500)
  })

  it('come slower under a bandwidth', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    await proxy.set({ bytesPerSecond: 100_000 })
    const socket = connect(proxy.port, proxy.host)
    let bytes = 0
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
    await sleep(500)
    expect(bytes).toBeGreaterThan(20_000)
    expect(bytes).toBeLessThan(80_000)
    socket.destroy()
    await until(() => proxy.connections.open === 0)
  })

  it('stall after a limit with the connection open, and go on when it is lifted', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    await proxy.set({ limit: { direction: 'down', afterBytes: 70_000, fate: 'stall' } })
    const socket = connect(proxy.port, proxy.host)
    let bytes = 0
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
    await sleep(200)
    expect(bytes).toBe(70_000)
    expect(proxy.connections.open).toBe(1)
    await proxy.reset()
    await once(socket, 'end')
    expect(bytes).toBe(payload.length)
  })

  it('that are stalled do not hide a client that hangs up', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    await proxy.set({ limit: { direction: 'down', afterBytes: 0, fate: 'stall' } })
    const socket = connect(proxy.port, proxy.host)
    await until(() => proxy.connections.open === 1)
    await sleep(50)
    socket.destroy()
    await until(() => proxy.connections.open === 0)
    expect(proxy.connections.total).toBe(1)
  })

  it('end in a reset or a clean end after a limit', async () => {
    await using proxy = await startFaultProxy({ target: target(source) })
    await proxy.set({ limit: { direction: 'down', afterBytes: 0, fate: 'reset' } })
    expect(await receive(connect(proxy.port, proxy.host))).toEqual({ bytes: 0, error: 'ECONNRESET' })
    await proxy.set({ limit: { direction: 'down', afterBytes: 12_345, fate: 'end', times: 1 } })
    expect(await receive(connect(proxy.port, proxy.host))).toEqual({ bytes: 12_345 })
    expect(await receive(connect(proxy.port, proxy.host))).toEqual({ bytes: payload.length })
  })

  it('are cut on their way up as well', async () => {
    await using proxy = await startFaultProxy({ target: target(echo) })
    await proxy.set({ limit: { direction: 'up', afterBytes: 1000, fate: 'end' } })
    const socket = connect(proxy.port, proxy.host)
    socket.write(Buffer.alloc(5000))
    // The echo server sees the end of the 1000 bytes and finishes.
    expect(await receive(socket)).toEqual({ bytes: 1000 })
    socket.destroy()
    await proxy.set({ limit: { direction: 'up', afterBytes: 1000, fate: 'reset' } })
    const other = connect(proxy.port, proxy.host)
    other.write(Buffer.alloc(5000))
    expect((await receive(other)).error).toBe('ECONNRESET')
    await until(() => proxy.connections.open === 0)
  })

  it('count from the moment that a limit is set, on open connections too', async () => {
    await using proxy = await startFaultProxy({ target: target(echo) })
    const socket = connect(proxy.port, proxy.host)
    socket.write(Buffer.alloc(500))
    await once(socket, 'data')
    await proxy.set({ limit: { direction: 'down', afterBytes: 100, fate: 'reset' } })
    await sleep(50)
    expect(proxy.connections.open).toBe(1)
    socket.write(Buffer.alloc(101))
    expect((await receive(socket)).error).toBe('ECONNRESET')
  })
})

describe('connections', () => {
  it('are refused on request, and taken again on the same port', async () => {
    await using proxy = await startFaultProxy({ target: target(echo) })
    const old = connect(proxy.port, proxy.host)
    await once(old, 'connect')
    await until(() => proxy.connections.open === 1)
    await proxy.set({ refuse: true })
    expect(await receive(connect(proxy.port, proxy.host))).toEqual({ bytes: 0, error: 'ECONNREFUSED' })
    old.write('still here')
    expect(String((await once(old, 'data'))[0])).toBe('still here')
    await proxy.reset()
    const socket = connect(proxy.port, proxy.host)
    socket.end('back')
    expect(await text(socket)).toBe('back')
    old.destroy()
  })

  it('break when the proxy stops', async () => {
    const proxy = await startFaultProxy({ target: target(echo) })
    const socket = connect(proxy.port, proxy.host).on('error', () => {})
    await once(socket, 'connect')
    const closed = once(socket.resume(), 'close')
    await proxy.stop()
    await closed
    expect((await receive(connect(proxy.port, proxy.host))).error).toBe('ECONNREFUSED')
  })

  it('to a target that is not there are reset', async () => {
    await using proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: 1 } })
    const { error } = await receive(connect(proxy.port, proxy.host))
    expect(error).toBe('ECONNRESET')
  })
})

describe('requests', () => {
  it('reach the target with head and body as they were sent', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    const answer = await fetch(`${proxy.endpoint}/a?b`, says('hello'))
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([200, '"1"', 'you said hello'])
    expect(applied.at(-1)).toBe('POST /a?b hello')
    expect(proxy.requests).toEqual([{ method: 'POST', url: '/a?b', outcome: 200, injected: false }])
    const put = await fetch(`${proxy.endpoint}/empty`, { method: 'PUT' })
    expect(await put.text()).toBe('you said ')
    const head = await fetch(`${proxy.endpoint}/head`, { method: 'HEAD' })
    expect(head.status).toBe(200)
  })

  it('are answered 503 without reaching the target, as often as asked', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    const before = applied.length
    await proxy.set({ inject: [{ times: 2, answer: { status: 503, headers: { 'retry-after': '7' }, body: 'busy' } }] })
    for (const expected of [503, 503, 200]) {
      const answer = await fetch(proxy.endpoint, says('hello'))
      expect(answer.status).toBe(expected)
      expect(answer.headers.get('retry-after')).toBe(expected === 503 ? '7' : null)
      await answer.text()
    }
    expect(applied.length - before).toBe(1)
    expect(proxy.requests.map(({ outcome, injected }) => [outcome, injected])).toEqual([
      [503, true],
      [503, true],
      [200, false],
    ])
  })

  it('are carried out while their answer is lost', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    const before = applied.length
    await proxy.set({ inject: [{ forward: true, answer: 'reset' }] })
    await expect(fetch(`${proxy.endpoint}/lost`, says('hello'))).rejects.toThrow('fetch failed')
    expect(applied.slice(before)).toEqual(['POST /lost hello'])
    expect(proxy.requests[0]?.outcome).toBe('reset')
    await proxy.set({ inject: [{ forward: true, answer: { status: 500 } }] })
    expect((await fetch(`${proxy.endpoint}/replaced`, says('hello'))).status).toBe(500)
    expect(applied.at(-1)).toBe('POST /replaced hello')
  })

  it('get a damaged body, chosen by what they ask for', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    await proxy.set({
      inject: [
        {
          when: ({ url }) => url === '/damaged',
          forward: true,
          answer: (real) => ({ ...real, body: real.body.fill('x', 0, 3) }),
        },
      ],
    })
    expect(await (await fetch(`${proxy.endpoint}/whole`, says('it'))).text()).toBe('you said it')
    expect(await (await fetch(`${proxy.endpoint}/damaged`, says('it'))).text()).toBe('xxx said it')
  })

  it('that wait for 100-continue are let through, or refused before their body', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    const send = async (): Promise<{ status: number | undefined; continued: boolean }> => {
      const agent = new Agent()
      const request = httpRequest({
        agent,
        host: proxy.host,
        port: proxy.port,
        method: 'PUT',
        headers: { expect: '100-continue', 'content-length': 4 },
      })
      let continued = false
      request.on('continue', () => {
        continued = true
        request.end('body')
      })
      request.flushHeaders()
      const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve))
      await text(response)
      agent.destroy()
      return { status: response.statusCode, continued }
    }
    expect(await send()).toEqual({ status: 200, continued: true })
    await proxy.set({ inject: [{ answer: { status: 403 } }] })
    expect(await send()).toEqual({ status: 403, continued: false })
  })

  it('that are refused before their body has been read can still be sent to the end', async () => {
    const refusing = createHttpServer((_request, response) => response.writeHead(412).end('no'))
    refusing.listen(0, '127.0.0.1')
    await once(refusing, 'listening')
    await using proxy = await startFaultProxy({ target: target(refusing), http: true })
    const client = connect(proxy.port, proxy.host)
    const sent = new Promise<void>((resolve) => {
      client.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 * payload.length}\r\n\r\n`)
      client.write(Buffer.alloc(8 * payload.length), () => resolve())
    })
    const [answer] = (await once(client, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 412 /)
    await sent
    client.destroy()
    refusing.closeAllConnections()
    refusing.close()
  })

  it('suffer faults of the connection too', async () => {
    await using proxy = await startFaultProxy({ target: target(web), http: true })
    await proxy.set({ limit: { direction: 'down', afterBytes: 0, fate: 'reset', times: 1 } })
    const before = applied.length
    await expect(fetch(proxy.endpoint, says('hello'))).rejects.toThrow('fetch failed')
    expect(applied.length - before).toBe(1)
    expect((await fetch(proxy.endpoint, says('hello'))).status).toBe(200)
  })

  it('cannot be answered by a proxy that does not speak HTTP', async () => {
    await using proxy = await startFaultProxy({ target: target(web) })
    await expect(proxy.set({ inject: [] })).rejects.toThrow(TypeError)
  })
})
