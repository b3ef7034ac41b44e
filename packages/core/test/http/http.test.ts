import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, toSource, type Context } from '../../src/index.ts'
import {
  entryFromHeaders,
  fetchError,
  rangeHeader,
  readResponse,
  request,
  responseError,
  retryAfterMs,
  statusCode,
} from '../../src/http/index.ts'
import { bytesOf, chunked, codeOf, failureOf } from '../scripted-backend.ts'

let server: Server
let base = ''
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end()
const received: { method: string | undefined; headers: IncomingMessage['headers']; body: Buffer }[] = []

beforeAll(async () => {
  server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', () => undefined)
    incoming.on('end', () => {
      received.push({ method: incoming.method, headers: incoming.headers, body: Buffer.concat(chunks) })
      answer(incoming, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function context(signal: AbortSignal = new AbortController().signal): Context {
  return { signal, requestId: 'r', attempt: 1, log: () => undefined }
}

describe('an HTTP request', () => {
  it('sends bytes and streams, with their length where it is known', async () => {
    const bytes = bytesOf(200_000)
    answer = (_request, response) => response.end('ok')
    for (const source of [
      toSource(bytes),
      toSource(chunked(bytes, 1000), bytes.length),
      toSource(chunked(bytes, 1000)),
    ]) {
      received.length = 0
      await (await request(context(), { method: 'PUT', url: base, source })).text()
      expect(received[0]?.body.equals(bytes)).toBe(true)
      expect(received[0]?.headers['content-length']).toBe(source.size === undefined ? undefined : '200000')
    }
  })

  it('makes each status a code, with Retry-After and the start of the text', async () => {
    const expected: [number, string][] = [
      [401, 'Unauthenticated'],
      [403, 'PermissionDenied'],
      [404, 'NotFound'],
      [405, 'Unsupported'],
      [408, 'Timeout'],
      [409, 'Conflict'],
      [410, 'NotFound'],
      [412, 'ConditionFailed'],
      [413, 'TooLarge'],
      [416, 'InvalidRange'],
      [418, 'Unexpected'],
      [423, 'Conflict'],
      [429, 'RateLimited'],
      [500, 'Unavailable'],
      [501, 'Unsupported'],
      [502, 'Unavailable'],
      [503, 'Unavailable'],
      [504, 'Timeout'],
      [507, 'QuotaExceeded'],
      [599, 'Unavailable'],
    ]
    for (const [status, code] of expected) {
      answer = (_request, response) =>
        response.writeHead(status, { 'retry-after': '7', 'content-type': 'text/plain' }).end('the  server\nsays')
      const error = await failureOf(request(context(), { method: 'PUT', url: base, source: toSource('x') }))
      expect(error).toMatchObject({ code, status, retryAfterMs: 7000 })
      expect(error.message).toContain('the server says')
      expect(error.applied).toBe(status >= 500 || status === 408 ? 'maybe' : 'no')
    }
    answer = (_request, response) => response.writeHead(412).end()
    expect(await codeOf(request(context(), { method: 'PUT', url: base, codes: { 412: 'AlreadyExists' } }))).toBe(
      'AlreadyExists',
    )
    expect((await request(context(), { method: 'PUT', url: base, accept: [412] })).status).toBe(412)
  })

  it('does not follow redirects by itself', async () => {
    answer = (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    const error = await failureOf(request(context(), { method: 'GET', url: base }))
    expect(error.code).toBe('Unexpected')
    expect(error.message).toContain('169.254.169.254')
  })

  it('throws the failure of a source as it came', async () => {
    const failure = new RangeError('mine')
    const source = toSource(
      (async function* () {
        yield new Uint8Array(10)
        throw failure
      })(),
    )
    await expect(request(context(), { method: 'PUT', url: base, source })).rejects.toBe(failure)
  })

  it('tells a refused connection from one that broke after the request was sent', async () => {
    const shut = createTcpServer()
    await new Promise<void>((resolve) => shut.listen(0, '127.0.0.1', resolve))
    const closedPort = (shut.address() as AddressInfo).port
    await new Promise((resolve) => shut.close(resolve))
    expect(
      await failureOf(
        request(context(), { method: 'PUT', url: `http://127.0.0.1:${closedPort}`, source: toSource('x') }),
      ),
    ).toMatchObject({ code: 'Unavailable', retry: 'safe', applied: 'no' })
    const breaking = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(breaking.address() as AddressInfo).port}`
    expect(await failureOf(request(context(), { method: 'PUT', url, source: toSource('x') }))).toMatchObject({
      code: 'Unavailable',
      applied: 'maybe',
    })
    expect(await failureOf(request(context(), { method: 'GET', url }))).toMatchObject({
      code: 'Unavailable',
      applied: 'no',
    })
    breaking.close()
  })

  it('ends with Aborted when the caller cancels, before and during', async () => {
    expect(await failureOf(request(context(AbortSignal.abort()), { method: 'GET', url: base }))).toMatchObject({
      code: 'Aborted',
      name: 'AbortError',
    })
    answer = () => undefined
    const controller = new AbortController()
    const waiting = request(context(controller.signal), { method: 'GET', url: base })
    setTimeout(() => controller.abort(), 10)
    expect(await codeOf(waiting)).toBe('Aborted')
  })
})

describe('an HTTP answer', () => {
  const bytes = bytesOf(300_000)

  it('becomes a read result, whole when small and streamed when not, with its true offset', async () => {
    answer = (incoming, response) => {
      const match = /bytes=(\d+)-(\d+)?/.exec(incoming.headers.range ?? '')
      if (match === null)
        return void response
          .writeHead(200, {
            'content-length': bytes.length,
            etag: '"e"',
            'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
          })
          .end(bytes)
      const from = Number(match[1])
      const to = match[2] === undefined ? bytes.length : Number(match[2]) + 1
      response
        .writeHead(206, {
          'content-range': `bytes ${from}-${to - 1}/${bytes.length}`,
          'content-length': to - from,
          etag: '"e"',
        })
        .end(bytes.subarray(from, to))
    }
    const get = async (range?: { from: number; to?: number }) =>
      readResponse(
        context(),
        await request(context(), { method: 'GET', url: base, headers: { range: rangeHeader(range) } }),
        'k',
      )
    const all = await get()
    expect(all.entry).toMatchObject({
      kind: 'file',
      key: 'k',
      size: 300_000,
      etag: '"e"',
      modified: new Date('2026-11-21T10:00:00Z'),
    })
    expect(all.body).not.toBeInstanceOf(Uint8Array)
    expect(await collect(all.body)).toEqual(bytes)
    const part = await get({ from: 100, to: 1100 })
    expect(part).toMatchObject({ from: 100, entry: { size: 300_000 } })
    expect(part.body).toEqual(bytes.slice(100, 1100))
  })

  it('is Corrupt where a part does not say which it is', async () => {
    answer = (_request, response) => response.writeHead(206).end('abc')
    const response = await request(context(), { method: 'GET', url: base })
    expect(await codeOf(readResponse(context(), response, 'k'))).toBe('Corrupt')
  })

  it('is Unavailable, and so to be resumed, where its body is cut', async () => {
    for (const size of [1000, 300_000]) {
      answer = (_request, response) => {
        response.writeHead(200, { 'content-length': size })
        response.write(bytes.subarray(0, size / 2), () => response.destroy())
      }
      const read = async (): Promise<unknown> =>
        collect((await readResponse(context(), await request(context(), { method: 'GET', url: base }), 'k')).body)
      expect(await failureOf(read())).toMatchObject({ code: 'Unavailable', retry: 'safe' })
    }
  })

  it('frees its socket when the body is ended early or the call is aborted', async () => {
    const closed: Promise<void>[] = []
    answer = (_request, response) => {
      closed.push(new Promise((resolve) => response.once('close', resolve)))
      response.writeHead(200, { 'content-length': 1e9 })
      response.write(bytes)
    }
    const first = await readResponse(context(), await request(context(), { method: 'GET', url: base }), 'k')
    for await (const chunk of first.body as AsyncIterable<Uint8Array>) if (chunk.length > 0) break
    await closed[0]
    const controller = new AbortController()
    const second = await readResponse(
      context(controller.signal),
      await request(context(controller.signal), { method: 'GET', url: base }),
      'k',
    )
    setTimeout(() => controller.abort(), 10)
    expect(await codeOf(collect(second.body))).toBe('Aborted')
    await closed[1]
  })

  it('tells no size where the body is coded', () => {
    expect(
      entryFromHeaders(new Headers({ 'content-length': '10', 'content-encoding': 'gzip' }), 'k').size,
    ).toBeUndefined()
  })
})

describe('small rules', () => {
  it('Retry-After is seconds or a date', () => {
    expect(retryAfterMs('3')).toBe(3000)
    expect(retryAfterMs(new Date(Date.now() + 5000).toUTCString())).toBeGreaterThan(3000)
    expect(retryAfterMs(new Date(0).toUTCString())).toBe(0)
    expect(retryAfterMs('soon')).toBeUndefined()
    expect(retryAfterMs(null)).toBeUndefined()
  })

  it('ranges are inclusive on the wire', () => {
    expect(rangeHeader({ from: 0, to: 1 })).toBe('bytes=0-0')
    expect(rangeHeader({ from: 5 })).toBe('bytes=5-')
    expect(rangeHeader({ last: 7 })).toBe('bytes=-7')
    expect(rangeHeader(undefined)).toBeUndefined()
  })

  it('an unknown failure is Unexpected and keeps its cause', async () => {
    const cause = new Error('what')
    expect(fetchError(cause, context())).toMatchObject({ code: 'Unexpected', cause })
    expect(statusCode(299)).toBe('Unexpected')
    expect((await responseError(new Response(null, { status: 404 }))).code).toBe('NotFound')
  })
})
