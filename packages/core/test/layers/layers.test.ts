import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  chaos,
  metrics,
  Metrics,
  openStore,
  storageError,
  trace,
  type Bytes,
  type Layer,
  type Span,
} from '../../src/index.ts'
import { bytesOf, chunked, codeOf, openScripted, rich, ScriptedBackend, scriptedPlugin } from '../scripted-backend.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe('the deadline', () => {
  it('ends a call whose backend does not even look at the signal, and aborts that signal', async () => {
    const { store, backend } = await openScripted(rich, { deadline: '30 ms' })
    let aborted: unknown
    backend.fault = {
      before: (_seen, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason
        })
        return never()
      },
    }
    expect(await codeOf(store.stat('a'))).toBe('Timeout')
    expect(aborted).toMatchObject({ code: 'Timeout' })
  })

  it('leaves no listener on a signal that outlives the calls', async () => {
    const { store, backend } = await openScripted(rich, { deadline: '10 s' })
    backend.put('a', bytesOf(10))
    backend.fault = { before: (_seen, context) => void context.signal, body: (_seen, body) => chunked(body, 3) }
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...all: Parameters<typeof add>) => {
      listeners++
      add(...all)
    }
    signal.removeEventListener = (...all: Parameters<typeof remove>) => {
      listeners--
      remove(...all)
    }
    for (let round = 0; round < 20; round++) {
      await store.stat('a', { signal })
      await (await store.read('a', { signal })).bytes()
      await Array.fromAsync(store.list('', { signal }))
      await codeOf(store.stat('nothing', { signal }))
      const dropped = await store.read('a', { signal })
      await dropped[Symbol.asyncDispose]()
    }
    expect(listeners).toBe(0)
  })
})

describe('the stall timeout', () => {
  it('ends calls, pages and bodies that give nothing, and frees them', async () => {
    const { store, backend } = await openScripted(rich, { stall: '30 ms', retry: false })
    backend.put('a', bytesOf(10_000))
    backend.fault = { before: () => never() }
    expect(await codeOf(store.stat('a'))).toBe('Timeout')
    expect(await codeOf(store.write('b', 'x'))).toBe('Timeout')
    expect(await codeOf(Array.fromAsync(store.list()))).toBe('Timeout')
    let freed = false
    backend.fault = {
      before: (_seen, { signal }) =>
        signal.addEventListener('abort', () => {
          freed = true
        }),
      body: (_seen, body) =>
        (async function* (): AsyncGenerator<Bytes> {
          yield body.slice(0, 100)
          await never()
        })(),
    }
    expect(await codeOf((await store.read('a')).bytes())).toBe('Timeout')
    expect(freed).toBe(true)
  })

  it('resumes a stalled body', async () => {
    const { store, backend } = await openScripted(rich, { stall: '30 ms' })
    const bytes = bytesOf(10_000)
    backend.put('a', bytes)
    let stalls = 1
    backend.fault = {
      body: (_seen, body) =>
        stalls-- > 0
          ? (async function* (): AsyncGenerator<Bytes> {
              yield body.slice(0, 100)
              await never()
            })()
          : body,
    }
    expect(await (await store.read('a')).bytes()).toEqual(bytes)
  })

  it('leaves alone what is slow but goes on, in both directions, and the time the consumer takes', async () => {
    const { store, backend } = await openScripted(rich, { stall: '500 ms', retry: false })
    const bytes = bytesOf(1000)
    const slow = async function* (): AsyncGenerator<Bytes> {
      for await (const chunk of chunked(bytes, 100)) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        yield chunk
      }
    }
    await store.write('a', slow())
    const late = async function* (): AsyncGenerator<Bytes> {
      await new Promise((resolve) => setTimeout(resolve, 800))
      yield bytes
    }
    await store.write('a', late())
    backend.fault = { body: () => slow() }
    expect(await (await store.read('a')).bytes()).toEqual(bytes)
    let got = 0
    for await (const chunk of await store.read('a')) {
      if (got === 0) await new Promise((resolve) => setTimeout(resolve, 800))
      got += chunk.byteLength
    }
    expect(got).toBe(1000)
  })
})

describe('the concurrency limit', () => {
  it('is never exceeded, counts bodies until they end, and keeps the order', async () => {
    const { store, backend } = await openScripted(rich, { concurrency: { max: 3 } })
    backend.put('a', bytesOf(100))
    let active = 0
    let most = 0
    const order: string[] = []
    backend.fault = {
      before: async ({ operation, key }) => {
        if (operation !== 'stat') return
        order.push(key)
        most = Math.max(most, ++active)
        await new Promise((resolve) => setTimeout(resolve, 2))
        active--
      },
      body: (_seen, body) => chunked(body, 10),
    }
    const names = Array.from({ length: 30 }, (_, index) => `k${index}`)
    await Promise.all(names.map((name) => codeOf(store.stat(name))))
    expect(most).toBe(3)
    expect(order).toEqual(names)
    const held = await Promise.all([store.read('a'), store.read('a'), store.read('a')])
    const waiting = store.stat('a')
    let settled = false
    void waiting.then(() => {
      settled = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(settled).toBe(false)
    await held[0][Symbol.asyncDispose]()
    await waiting
    await held[1].bytes()
    await held[2].bytes()
  })

  it('lets a waiting call go when it is aborted, without losing a place', async () => {
    const { store, backend } = await openScripted(rich, { concurrency: { max: 1 } })
    backend.put('a', bytesOf(10))
    backend.fault = { body: (_seen, body) => chunked(body, 1) }
    const reading = await store.read('a')
    const controller = new AbortController()
    const waiting = store.stat('a', { signal: controller.signal })
    setTimeout(() => controller.abort(), 5)
    expect(await codeOf(waiting)).toBe('Aborted')
    await reading.bytes()
    expect((await store.stat('a')).size).toBe(10)
  })

  it('falls when the store says it is too much', async () => {
    const { store, backend } = await openScripted(rich, { concurrency: { max: 8 }, retry: false })
    backend.put('a', 'x')
    backend.fault = {
      before: () => {
        throw storageError('RateLimited', 'too much')
      },
    }
    await codeOf(store.stat('a'))
    let active = 0
    let most = 0
    backend.fault = {
      before: async () => {
        most = Math.max(most, ++active)
        await new Promise((resolve) => setTimeout(resolve, 2))
        active--
      },
    }
    await Promise.all(Array.from({ length: 6 }, () => store.stat('a')))
    expect(most).toBeLessThanOrEqual(5)
  })

  it('spreads calls over time', async () => {
    const { store, backend } = await openScripted(rich, { concurrency: { opsPerSecond: 50 } })
    backend.put('a', 'x')
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: 60 }, () => store.stat('a')))
    expect(performance.now() - startedAt).toBeGreaterThan(150)
  })
})

describe('verification', () => {
  const bytes = bytesOf(5000)
  const sha256 = createHash('sha256').update(bytes).digest('hex')

  it('reads a body at hand once more when it does not match, and then says Corrupt (C5)', async () => {
    for (const [bad, expected] of [
      [1, 'resolved'],
      [2, 'Corrupt'],
    ] as const) {
      const { store, backend } = await openHashed(sha256, bytes)
      let left: number = bad
      backend.fault = { body: (_seen, body) => (left-- > 0 ? body.with(7, (body[7] ?? 0) ^ 1) : body) }
      expect(await codeOf(store.read('a'))).toBe(expected)
    }
  })

  it('ends a stream that does not match with Corrupt, before its last bytes', async () => {
    const { store, backend } = await openHashed(sha256, bytes)
    backend.fault = { body: (_seen, body) => chunked(body.with(4999, (body[4999] ?? 0) ^ 1), 1000) }
    let got = 0
    const read = async (): Promise<void> => {
      for await (const chunk of await store.read('a')) got += chunk.byteLength
    }
    expect(await codeOf(read())).toBe('Corrupt')
    expect(got).toBe(4000)
  })

  it('checks the hashes a caller gives with a write, and publishes nothing that does not match', async () => {
    const { store, backend } = await openScripted(rich)
    const crc32 = { crc32: '00000000' }
    for (const body of [() => bytes, () => chunked(bytes, 700)]) {
      await store.write('ok', body(), { hashes: { sha256 } })
      expect(await codeOf(store.write('bad', body(), { hashes: crc32 }))).toBe('Corrupt')
      expect(await codeOf(store.write('bad', body(), { hashes: { sha256, md5: '00' } }))).toBe('Corrupt')
    }
    expect([...backend.files.keys()]).toEqual(['ok'])
  })

  async function openHashed(value: string, body: Bytes): ReturnType<typeof openScripted> {
    const made = await openScripted(rich)
    made.backend.put('a', body)
    const { backend } = made
    const read = backend.read.bind(backend)
    backend.read = async (...all) => {
      const result = await read(...all)
      return { ...result, entry: { ...result.entry, hashes: { blake3: 'unknown here', sha256: value } } }
    }
    return made
  }
})

describe('trace and metrics (O1)', () => {
  it('tell every operation once, with its code and request id', async () => {
    const spans: Span[] = []
    const counters = new Metrics()
    const { store, backend } = await openScripted(
      rich,
      { retry: false },
      { name: 'photos', layers: [trace((span) => spans.push(span)), metrics(counters)] },
    )
    backend.put('a', bytesOf(100))
    backend.fault = { body: (_seen, body) => chunked(body, 10) }
    await store.stat('a', { requestId: 'req-1' })
    await codeOf(store.stat('nothing'))
    await (await store.read('a')).bytes()
    await Array.fromAsync(store.list())
    expect(spans.map(({ operation, key, code }) => [operation, key, code])).toEqual([
      ['stat', 'a', undefined],
      ['stat', 'nothing', 'NotFound'],
      ['read', 'a', undefined],
      ['list', '', undefined],
    ])
    expect(spans[0]).toMatchObject({ store: 'photos', requestId: 'req-1' })
    const byName = Object.fromEntries(counters.snapshot().map((counter) => [counter.operation, counter]))
    expect(byName['stat']).toMatchObject({ calls: 2, errors: { NotFound: 1 }, store: 'photos' })
    expect(byName['read']).toMatchObject({ calls: 1, readBytes: 100 })
    expect(byName['stat']?.durations.reduce((a, b) => a + b)).toBe(2)
  })
})

describe('layers', () => {
  it('cannot claim what was not there below them', async () => {
    const backend = new ScriptedBackend(rich)
    const lying: Layer = {
      name: 'lying',
      attach: ({ capabilities }) => ({
        capabilities: { ...capabilities, ops: { ...capabilities.ops, url: 'native' } },
      }),
    }
    const spec = { plugin: scriptedPlugin(backend), options: {} }
    expect(await codeOf(openStore(spec, { layers: [lying] }))).toBe('InvalidConfig')
    const taking: Layer = {
      name: 'taking',
      attach: ({ capabilities }) => ({
        capabilities: { ...capabilities, ops: { ...capabilities.ops, append: undefined } },
      }),
    }
    const store = await openStore(spec, { layers: [taking] })
    expect(store.can('append')).toBe(false)
    expect(await codeOf(store.append('a', 'x'))).toBe('Unsupported')
  })

  it('go around the operations they name, the first one outermost', async () => {
    const backend = new ScriptedBackend(rich)
    backend.put('a', 'x')
    const told: string[] = []
    const named = (name: string): Layer => ({
      name,
      attach: () => ({
        around: {
          stat: (next) => (context, key, options) => {
            told.push(name)
            return next(context, key, options)
          },
        },
      }),
    })
    const store = await openStore(
      { plugin: scriptedPlugin(backend), options: {} },
      { layers: [named('outer'), named('inner')] },
    )
    await store.stat('a')
    await store.read('a')
    expect(told).toEqual(['outer', 'inner'])
  })

  it('survive chaos below them: everything ends well or in a StorageError, and nothing is lost', async () => {
    let state = 42
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    }
    for (const afterwards of [false, true]) {
      const { store, backend } = await openScripted(
        rich,
        { retry: { attempts: 5, base: 0 } },
        { layers: [chaos({ failures: 0.3, afterwards, random })] },
      )
      const expected = new Map<string, string>()
      for (let round = 0; round < 300; round++) {
        const key = `k${Math.floor(random() * 10)}`
        const code = await codeOf(store.write(key, `v${round}`))
        if (code === 'resolved') expected.set(key, `v${round}`)
        else expected.set(key, backend.text(key) ?? '')
        expect(['resolved', 'Unavailable']).toContain(code)
      }
      for (const [key, value] of expected) expect(backend.text(key)).toBe(value)
    }
  })
})

describe('a copy through this process under a limit of one call at a time', () => {
  it('does not wait for itself, nor do many of them for each other', async () => {
    const { store, backend } = await openScripted(
      { ...rich, ops: { write: 'native', delete: 'native' } },
      { concurrency: { max: 1 } },
    )
    backend.put('a', bytesOf(10_000))
    backend.fault = { body: (_seen, body) => chunked(body, 100) }
    await Promise.all(Array.from({ length: 5 }, (_, index) => store.copy('a', `copy${index}`)))
    expect(backend.files.size).toBe(6)
  })
})

describe('a body whose hash is wrong', () => {
  it('is Corrupt, whatever the client makes of the broken body, and the client is aborted', async () => {
    const { store, backend } = await openScripted(rich, { retry: false })
    let aborted = false
    backend.writing = async (context, _key, source) => {
      context.signal.addEventListener('abort', () => {
        aborted = true
      })
      try {
        for await (const chunk of source.open(0) ?? []) if (chunk.length < 0) break
      } catch {
        throw storageError('Unavailable', 'the client says the connection broke')
      }
    }
    const write = store.write('a', chunked(bytesOf(1000), 100), { hashes: { crc32: '00000000' } })
    expect(await codeOf(write)).toBe('Corrupt')
    expect(aborted).toBe(true)
  })
})
