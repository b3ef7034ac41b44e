import { describe, expect, it } from 'vitest'
import { type Body } from '../../src/index.ts'
import { bare, bytesOf, chunked, codeOf, openScripted, rich } from '../scripted-backend.ts'

describe('bodies', () => {
  it('may be text, bytes, buffers, blobs, web streams, iterables and sources', async () => {
    const { store, backend } = await openScripted()
    const bytes = bytesOf(5000)
    const bodies: Record<string, Body> = {
      bytes,
      'a view of a larger buffer': Buffer.concat([Buffer.from([1, 2, 3]), bytes]).subarray(3),
      'shared memory': new Uint8Array(new SharedArrayBuffer(5000)).map((_, index) => bytes[index] ?? 0),
      'a buffer': bytes.buffer,
      'a blob': new Blob([bytes]),
      'a web stream': new Blob([bytes]).stream(),
      'an iterable': chunked(bytes, 333),
      'a source': { size: 5000, open: (from) => chunked(bytes.slice(from), 100) },
    }
    for (const [name, body] of Object.entries(bodies)) {
      await store.write('a', body)
      expect(backend.files.get('a')?.bytes, name).toEqual(bytes)
    }
    await store.write('a', 'Grüße')
    expect(backend.text('a')).toBe('Grüße')
    await store.write('empty', '')
    await store.write('empty2', chunked(new Uint8Array(), 1))
    expect(backend.files.get('empty2')?.bytes.byteLength).toBe(0)
  })

  it('of another length than was said publish nothing, one byte more or less', async () => {
    for (const capabilities of [rich, bare]) {
      const { store, backend } = await openScripted(capabilities)
      backend.put('a', 'old')
      for (const size of [99, 101, 0, 1e6]) {
        expect(await codeOf(store.write('a', chunked(bytesOf(100), 7), { size }))).toBe('Corrupt')
        expect(
          await codeOf(store.write('a', { size, bytes: bytesOf(100), open: () => chunked(bytesOf(100), 7) })),
        ).toBe('Corrupt')
      }
      expect([...backend.files.keys()]).toEqual(['a'])
      expect(backend.text('a')).toBe('old')
    }
  })

  it('tell their progress, written and read', async () => {
    const { store, backend } = await openScripted()
    const told: number[] = []
    const onProgress = ({ bytes }: { bytes: number }): void => void told.push(bytes)
    await store.write('a', chunked(bytesOf(100), 40), { onProgress, size: 100 })
    expect(told).toEqual([40, 80, 100])
    told.length = 0
    backend.fault = { body: (_seen, body) => chunked(body, 60) }
    await (await store.read('a', { onProgress })).bytes()
    expect(told).toEqual([60, 100])
  })

  it('that stand still hold up nobody who cancels, whatever the backend does', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', 'old')
    let ended = false
    const standing = (async function* () {
      yield new Uint8Array(10)
      try {
        await new Promise(() => undefined)
      } finally {
        ended = true
      }
    })()
    const controller = new AbortController()
    const writing = store.write('a', standing, { signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    expect(await codeOf(writing)).toBe('Aborted')
    expect(backend.text('a')).toBe('old')
    expect(ended).toBe(false)
  })

  it('that give something else than bytes are refused', async () => {
    const { store } = await openScripted()
    const wrong = (async function* () {
      yield 'text'
    })() as unknown as Body
    expect(await codeOf(store.write('a', wrong))).toBe('InvalidConfig')
  })
})

describe('a reading', () => {
  it('gives its body once, in any form', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', '{"days":3}')
    for (const streams of [false, true]) {
      backend.fault = streams ? { body: (_seen, body) => chunked(body, 3) } : {}
      expect(await (await store.read('a')).json()).toEqual({ days: 3 })
      expect(await (await (await store.read('a')).blob()).text()).toBe('{"days":3}')
      expect(await new Response((await store.read('a')).stream()).text()).toBe('{"days":3}')
      const reading = await store.read('a')
      expect(reading.whole !== undefined).toBe(!streams)
      expect(reading.size).toBe(10)
      await reading.text()
      expect(await codeOf(reading.text())).toBe('InvalidConfig')
      expect(() => reading.stream()).toThrow(/taken/)
      expect(await codeOf((await store.read('a')).bytes({ maxBytes: 9 }))).toBe('TooLarge')
    }
    backend.fault = {}
    backend.put('bad', 'not json')
    expect(await codeOf((await store.read('bad')).json())).toBe('Corrupt')
  })

  it('frees what was not read: disposed, broken off, cancelled, too large', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', bytesOf(1000))
    const signals: AbortSignal[] = []
    backend.fault = {
      before: (_seen, { signal }) => void signals.push(signal),
      body: (_seen, body) => chunked(body, 10),
    }
    {
      await using unread = await store.read('a')
      expect(unread.size).toBe(1000)
    }
    for await (const chunk of await store.read('a')) if (chunk.length > 0) break
    const partly = await store.read('a')
    const iterator = partly[Symbol.asyncIterator]()
    await iterator.next()
    await partly[Symbol.asyncDispose]()
    await (await store.read('a')).stream().cancel()
    const reader = (await store.read('a')).stream().getReader()
    await reader.read()
    await reader.cancel()
    await codeOf((await store.read('a')).bytes({ maxBytes: 100 }))
    expect(backend.openBodies).toBe(0)
    expect(signals).toHaveLength(6)
    expect(signals.every((signal) => signal.aborted)).toBe(true)
    const whole = await store.read('a')
    await whole.bytes()
    await whole[Symbol.asyncDispose]()
    expect(signals.at(-1)?.aborted).toBe(false)
  })
})
