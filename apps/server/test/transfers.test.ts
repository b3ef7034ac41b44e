import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bytes } from '@kit/core'
import { describe, expect, test, vi } from 'vitest'
import { ask, sendRaw } from './ask.ts'
import { kinds, objects, serve, serveStore, withMethods } from './serve.ts'

const mebibyte = 2 ** 20
const big = 64 * mebibyte
const medium = 8 * mebibyte

/** Bytes that differ from place to place, so that a wrong offset shows. */
function pattern(at: number, length: number): Bytes {
  const words = new Uint32Array(length / 4)
  for (let index = 0; index < words.length; index++) words[index] = at / 4 + index
  return new Uint8Array(words.buffer)
}

function open(base: string, method: string, path: string, headers: Record<string, string> = {}): ClientRequest {
  const { hostname, port } = new URL(base)
  return request({ hostname, port, method, path, headers, agent: false })
}

async function upload(asking: ClientRequest, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; at += mebibyte) {
    if (!asking.write(pattern(at, mebibyte))) await once(asking, 'drain')
  }
}

async function answerOf(asking: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return response
}

/** Files of the store that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return /kit-server-\w+\/.*\w/.test(target) ? [target] : []
    } catch {
      return []
    }
  })
}

describe.each(kinds)('transfers with a store of type %s', (kind) => {
  test('64 MiB go up in chunks, or with a length, and come down the same', async () => {
    const { base } = await serve(kind)
    for (const headers of [{}, { 'content-length': String(big) }]) {
      const asking = open(base, 'PUT', `${objects}/big`, headers)
      await upload(asking, big)
      asking.end()
      const made = await answerOf(asking)
      made.resume()
      expect([200, 201]).toContain(made.statusCode)

      const getting = open(base, 'GET', `${objects}/big`)
      getting.end()
      const got = await answerOf(getting)
      expect(got.headers['content-length']).toBe(String(big))
      let at = 0
      for await (const chunk of got as AsyncIterable<Buffer>) {
        const first = Math.ceil(at / 4)
        if (first * 4 + 4 <= at + chunk.length) expect(chunk.readUInt32LE(first * 4 - at)).toBe(first)
        at += chunk.length
      }
      expect(at).toBe(big)
      const range = await ask(base, 'GET', `${objects}/big`, { headers: { range: `bytes=${big - 4}-` } })
      expect(range.body.readUInt32LE()).toBe(big / 4 - 1)
    }
  })

  test('a cut upload leaves the old object, and nothing else', async () => {
    const { base, store, leftovers } = await serve(kind)
    await store.write('x', 'old')
    const before = await leftovers()
    for (const headers of [{}, { 'content-length': String(big) }, { 'content-length': '100000' }]) {
      const asking = open(base, 'PUT', `${objects}/x`, headers)
      asking.on('error', () => undefined)
      await upload(asking, 'content-length' in headers && headers['content-length'] === '100000' ? 0 : 8 * mebibyte)
      asking.write('part')
      await sleep(50)
      asking.destroy()
    }
    const half = `PUT ${objects}/x HTTP/1.1\r\nHost: localhost\r\n`
    for (const head of ['Content-Length: 10\r\n\r\nshort', 'Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n']) {
      const { hostname, port } = new URL(base)
      const socket = connect(Number(port), hostname)
      socket
        .on('error', () => undefined)
        .resume()
        .end(half + head)
      await once(socket, 'close')
    }
    for (const body of ['zz\r\nshort\r\n0\r\n\r\n', '5\r\nshort0\r\n\r\n']) {
      await sendRaw(base, `${half}Transfer-Encoding: chunked\r\n\r\n${body}`, 500)
    }
    await vi.waitFor(async () => expect(await leftovers()).toEqual(before), 5_000)
    expect(await (await store.read('x')).text()).toBe('old')
    await vi.waitFor(() => expect(openFiles().filter((path) => path.endsWith('/x'))).toEqual([]), 5_000)
  })

  test('a client that goes away frees what it was reading', async () => {
    const { base, store } = await serve(kind)
    await store.write('big', pattern(0, medium))
    const before = openFiles()
    for (let times = 0; times < 20; times++) {
      const asking = open(base, 'GET', `${objects}/big`)
      asking.on('error', () => undefined)
      asking.end()
      const response = await answerOf(asking)
      response.on('error', () => undefined)
      if (times % 2 === 0) await once(response, 'data')
      asking.destroy()
    }
    await vi.waitFor(() => expect(openFiles()).toEqual(before), 5_000)
  })
})

test('a slow client holds up nobody else', async () => {
  const { base, store } = await serve('fs')
  await store.write('big', pattern(0, big))
  const slow = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const asking = open(base, 'GET', `${objects}/big`)
      asking.on('error', () => undefined)
      asking.end()
      const response = await answerOf(asking)
      response.on('error', () => undefined)
      response.pause()
      return asking
    }),
  )
  const started = performance.now()
  for (let times = 0; times < 20; times++) {
    expect((await ask(base, 'PUT', `${objects}/small`, { body: 'x' })).status).toBeLessThan(300)
    expect((await ask(base, 'GET', `${objects}/small`)).text).toBe('x')
  }
  expect(performance.now() - started).toBeLessThan(5_000)
  for (const asking of slow) asking.destroy()
})

test('clients that stop sending or taking are let go', async () => {
  const { base, store, leftovers } = await serve('fs', { limits: { stallMs: 300 } })
  await store.write('big', pattern(0, big))
  const before = await leftovers()
  const sending = open(base, 'PUT', `${objects}/x`)
  const sendingEnds = once(sending, 'error')
  sending.write('a little')
  const taking = open(base, 'GET', `${objects}/big`)
  taking.end()
  const response = await answerOf(taking)
  response.pause()
  await sendingEnds
  await vi.waitFor(() => expect(openFiles().filter((path) => path.endsWith('/big'))).toEqual([]), 5_000)
  response.on('error', () => undefined)
  response.destroy()
  await vi.waitFor(async () => expect(await leftovers()).toEqual(before), 5_000)
})

test('a refused upload is answered while it is still being sent, and its sender is not cut off', async () => {
  const { base, store } = await serve('memory')
  await store.write('x', 'old')
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  const failures: Error[] = []
  let received = ''
  socket.on('error', (error) => failures.push(error))
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  const size = 16 * mebibyte
  const head = ['Host: localhost', 'Connection: close', 'If-None-Match: *', `Content-Length: ${size}`].join('\r\n')
  socket.write(`PUT ${objects}/x HTTP/1.1\r\n${head}\r\n\r\n`)
  await vi.waitFor(() => expect(received).toMatch(/^HTTP\/1.1 412 /), 5_000)
  for (let at = 0; at < size; at += mebibyte) if (!socket.write(pattern(at, mebibyte))) await once(socket, 'drain')
  await once(socket, 'close')
  expect(failures).toEqual([])
})

test('a client that waits to send is told so only when its body is wanted', async () => {
  const { base, store } = await serve('memory')
  await store.write('x', 'old')
  const put = async (headers: Record<string, string>): Promise<[number | undefined, boolean]> => {
    const asking = open(base, 'PUT', `${objects}/x`, { ...headers, expect: '100-continue', 'content-length': '3' })
    let wanted = false
    asking.on('continue', () => {
      wanted = true
      asking.end('new')
    })
    asking.flushHeaders()
    const response = await answerOf(asking)
    response.resume()
    asking.destroy()
    return [response.statusCode, wanted]
  }
  expect(await put({ 'if-none-match': '*' })).toEqual([412, false])
  expect(await put({})).toEqual([200, true])
  expect(await (await store.read('x')).text()).toBe('new')
})

test('a body that breaks or is too short breaks the connection, so that nobody takes it for whole', async () => {
  const { store } = await serve('memory')
  await store.write('x', pattern(0, mebibyte))
  for (const chunks of [1, 3]) {
    const lying = withMethods(store, {
      read: async (key, options) => {
        const real = await store.read(key, options)
        async function* body(): AsyncGenerator<Bytes> {
          for (let index = 0; index < chunks; index++) yield pattern(0, mebibyte / 2)
        }
        return {
          entry: real.entry,
          from: 0,
          size: mebibyte,
          whole: undefined,
          [Symbol.asyncIterator]: () => body(),
          [Symbol.asyncDispose]: async () => undefined,
        } as unknown as typeof real
      },
    })
    const { base } = await serveStore(lying)
    await expect(ask(base, 'GET', `${objects}/x`)).rejects.toThrow('aborted')
  }
})

test('nothing is written into an answer that has begun, however broken the next request is', async () => {
  const { base, store } = await serve('fs')
  await store.write('big', pattern(0, medium))
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('error', () => undefined)
  socket.write(`GET ${objects}/big HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await once(socket, 'readable')
  socket.write('nonsense\r\n\r\n')
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  await once(socket, 'close')
  expect(received).toMatch(/^HTTP\/1.1 200 OK/)
  expect(received).not.toContain('400 Bad Request')
})
