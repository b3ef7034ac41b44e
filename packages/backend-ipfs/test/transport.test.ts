import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bytesSource, collect, errorCode, type Bytes } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { kubo, type KuboClient, type KuboOptions } from '../src/index.ts'

interface Daemon extends AsyncDisposable {
  readonly client: KuboClient
  readonly server: Server
  readonly asked: string[]
}

/** A server that answers as a test wants Kubo to, and a client of it. */
async function daemon(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: KuboOptions = {},
): Promise<Daemon> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    request.on('error', () => undefined)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo
  const client = kubo({ url: `http://127.0.0.1:${port}`, ...options })
  return {
    client,
    server,
    asked,
    async [Symbol.asyncDispose]() {
      await client.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** As Kubo begins a stream. */
function begin(response: ServerResponse): void {
  response.writeHead(200, { trailer: 'X-Stream-Error', 'x-chunked-output': '1' })
}

async function openSockets(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

async function* endless(): AsyncGenerator<Bytes> {
  for (;;) yield new Uint8Array(65_536)
}

describe('answers', () => {
  it('that end with X-Stream-Error are failures, however much came before', async () => {
    await using there = await daemon((_, response) => {
      begin(response)
      response.write('some bytes')
      response.addTrailers({ 'X-Stream-Error': 'block was not found locally (offline): ipld: could not find b' })
      response.end()
    })
    const body = await there.client.cat('bafy')
    await expect(collect(body)).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('that break off are Unavailable, never shorter bodies', async () => {
    await using there = await daemon((_, response) => {
      begin(response)
      response.write('some bytes', () => response.destroy())
    })
    const body = await there.client.cat('bafy')
    await expect(collect(body)).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('in lines may turn into a failure in the middle, and that is thrown', async () => {
    await using there = await daemon((request, response) => {
      request.resume().on('end', () => {
        begin(response)
        response.end('{"Name":"f","Bytes":1}\n{"Message":"no space left on device","Code":0,"Type":"error"}\n')
      })
    })
    const add = there.client.add(bytesSource(new Uint8Array(10)))
    await expect(add).rejects.toMatchObject({ code: 'QuotaExceeded', message: expect.stringMatching(/no space left/) })
  })

  it('may come in any pieces', async () => {
    const text = '{"Ref":"bafyä","Err":""}\n\n{"Ref":"bafyb","Err":""}'
    await using there = await daemon((_, response) => {
      begin(response)
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]))
      response.end()
    })
    const refs: string[] = []
    for await (const ref of there.client.refs('bafy')) refs.push(ref)
    expect(refs).toEqual(['bafyä', 'bafyb'])
  })

  it.each([
    ['no JSON', '{"Version":'],
    ['JSON without what was asked for', '{"Versions":1}'],
    ['nothing', ''],
  ])('of %s are Corrupt', async (_, text) => {
    await using there = await daemon((_request, response) => void response.end(text))
    await expect(there.client.version()).rejects.toMatchObject({ code: 'Corrupt' })
  })

  it('without an end are given up where they are too long', async () => {
    await using there = await daemon((_, response) => {
      begin(response)
      const more = (): void => {
        while (response.writable && response.write(Buffer.alloc(1 << 20, 'x')));
        if (response.writable) response.once('drain', more)
      }
      more()
    })
    await expect(collectAll(there.client.refs('bafy'))).rejects.toMatchObject({ code: 'TooLarge' })
    await expect(there.client.block.get('bafy')).rejects.toMatchObject({ code: 'TooLarge' })
  })

  it.each([
    [403, '', 'PermissionDenied'],
    [404, '404 page not found', 'Unsupported'],
    [429, '', 'RateLimited'],
    [502, '<html>', 'Unavailable'],
    [307, '', 'Unexpected'],
    [500, '{"Message":"something else","Type":"error"}', 'Unexpected'],
    [500, '{"Message":"not pinned or pinned indirectly","Type":"error"}', 'NotFound'],
    [400, '{"Message":"argument \\"x\\" is required","Type":"error"}', 'InvalidConfig'],
  ])('of status %i with %j are %s', async (status, text, code) => {
    await using there = await daemon((_, response) => void response.writeHead(status).end(text))
    await expect(there.client.id()).rejects.toMatchObject({ code, status })
  })
})

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('uploads', () => {
  it('are refused while they are sent, without the rest being sent', async () => {
    await using there = await daemon((request, response) => {
      request.once('data', () => response.writeHead(403).end('403 - Forbidden'))
    })
    const add = there.client.add({ open: endless })
    await expect(add).rejects.toMatchObject({ code: 'PermissionDenied' })
  })

  it('whose source fails are thrown as it failed, and are never whole for the daemon', async () => {
    let whole = false
    await using there = await daemon((request) => {
      request.resume().on('end', () => (whole = true))
    })
    const failure = new RangeError('of the source')
    async function* failing(): AsyncGenerator<Bytes> {
      yield new Uint8Array(100_000)
      throw failure
    }
    await expect(there.client.add({ open: failing })).rejects.toBe(failure)
    expect(whole).toBe(false)
  })

  it.each([99, 101])(
    'of another length than was said (100, and %i came) are Corrupt, and never whole',
    async (came) => {
      let whole = false
      await using there = await daemon((request) => {
        request.resume().on('end', () => (whole = true))
      })
      async function* body(): AsyncGenerator<Bytes> {
        yield new Uint8Array(came)
      }
      await expect(there.client.add({ size: 100, open: body })).rejects.toMatchObject({ code: 'Corrupt' })
      expect(whole).toBe(false)
    },
  )

  it('under names that are no text are refused by a typed error', async () => {
    await using there = await daemon((request) => void request.resume())
    const tree = there.client.addTree([{ path: '\ud800', body: bytesSource(new Uint8Array(1)) }])
    await expect(collectAll(tree)).rejects.toMatchObject({ code: 'InvalidKey' })
    await expect(there.client.pin.add('bafy', { name: '\ud800' })).rejects.toMatchObject({ code: 'InvalidConfig' })
  })

  it('of known length say it', async () => {
    let length: string | undefined
    await using there = await daemon((request, response) => {
      length = request.headers['content-length']
      request.resume().on('end', () => response.end('{"Name":"","Hash":"bafy","Size":"1"}\n'))
    })
    await there.client.add(bytesSource(new Uint8Array(3_000_000)))
    expect(Number(length)).toBeGreaterThan(3_000_000)
    expect(Number(length)).toBeLessThan(3_000_500)
  })

  it('tell that the daemon may have done it, where the answer is lost', async () => {
    await using there = await daemon((request) => {
      request.resume().on('end', () => request.socket.destroy())
    })
    await expect(there.client.pin.rm('bafy')).rejects.toMatchObject({ code: 'Unavailable', applied: 'maybe' })
    await expect(there.client.id()).rejects.toMatchObject({ code: 'Unavailable', applied: 'no' })
  })
})

describe('waiting', () => {
  it('ends when nothing moves, in words, and not before', async () => {
    await using there = await daemon(
      (request, response) => {
        if (request.url?.includes('/cat') !== true) return
        begin(response)
        let sent = 0
        const timer = setInterval(() => {
          response.write('x')
          if (++sent === 10) {
            clearInterval(timer)
            response.end()
          }
        }, 300)
      },
      { stallTimeout: 2000 },
    )
    await expect(there.client.id()).rejects.toMatchObject({ code: 'Timeout' })
    // Longer than the limit in all, and never silent for as long.
    expect(await collect(await there.client.cat('bafy'))).toHaveLength(10)
  })

  it('for a slow source is no silence of the daemon', async () => {
    await using there = await daemon(
      (request, response) => {
        request.resume().on('end', () => response.end('{"Name":"","Hash":"bafy","Size":"1"}\n'))
      },
      { stallTimeout: 200 },
    )
    async function* slow(): AsyncGenerator<Bytes> {
      yield new Uint8Array(10)
      await new Promise((resolve) => setTimeout(resolve, 700))
      yield new Uint8Array(10)
    }
    await expect(there.client.add({ open: slow })).resolves.toMatchObject({ cid: 'bafy' })
  })

  it('ends with the signal, and frees the connection: for a head, a body, an upload', async () => {
    await using there = await daemon((request, response) => {
      request.resume()
      if (request.url?.includes('/cat') !== true) return
      begin(response)
      response.write('x')
    })
    const { client, server } = there
    const works: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => client.id({ signal }),
      async (signal) => collect(await client.cat('bafy', { signal })),
      (signal) => client.add({ open: endless }, { signal }),
    ]
    for (const work of works) {
      const controller = new AbortController()
      const running = work(controller.signal)
      await once(server, 'request')
      controller.abort()
      await expect(running).rejects.toMatchObject({ code: 'Aborted', name: 'AbortError' })
      await expect.poll(() => openSockets(server)).toBe(0)
    }
  })

  it('is not needed for a body that nobody wants any more', async () => {
    await using there = await daemon((_, response) => {
      begin(response)
      response.write('x')
    })
    const body = await there.client.cat('bafy')
    await body[Symbol.asyncIterator]().return?.()
    await expect.poll(() => openSockets(there.server)).toBe(0)
    for await (const chunk of await there.client.cat('bafy')) {
      expect(chunk).toHaveLength(1)
      break
    }
    await expect.poll(() => openSockets(there.server)).toBe(0)
  })

  it('ends when the client is closed', async () => {
    await using there = await daemon(() => undefined)
    const running = there.client.id().catch((error: unknown) => error)
    await once(there.server, 'request')
    await there.client.close()
    expect(errorCode(await running)).toBe('Aborted')
    await expect(there.client.id()).rejects.toMatchObject({ code: 'Aborted' })
  })
})

describe('connections and logins', () => {
  it('are kept and limited', async () => {
    let most = 0
    let now = 0
    await using there = await daemon(
      (_, response) => {
        most = Math.max(most, ++now)
        setTimeout(() => {
          now--
          response.end('{"Version":"0.42.0"}')
        }, 20)
      },
      { connections: 3 },
    )
    let connections = 0
    there.server.on('connection', () => connections++)
    await Promise.all(Array.from({ length: 20 }, () => there.client.version()))
    expect([most, connections]).toEqual([3, 3])
  })

  it.each([
    [{ token: 'abc' }, 'Bearer abc'],
    [{ token: async () => 'late' }, 'Bearer late'],
    [{ user: 'ann', password: 'pass' }, `Basic ${btoa('ann:pass')}`],
  ])('go into the head of each request: %o', async (options, header) => {
    await using there = await daemon((_, response) => void response.end('{"Version":"0.42.0"}'), options)
    await there.client.version()
    expect(there.asked).toEqual([`POST /api/v0/version ${header}`])
  })

  it('that no header can hold are refused without being told', async () => {
    await using there = await daemon((_, response) => void response.end('{}'), { token: 'secret\nline' })
    const error: unknown = await there.client.version().catch((thrown: unknown) => thrown)
    expect(errorCode(error)).toBe('InvalidConfig')
    expect(String(error)).not.toContain('secret')
    expect(there.asked).toEqual([])
  })
})
