import { errorCode, openStore, type Bytes, type Store } from '@kit/core'
import { startFaultProxy, startKubo, type Kubo } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { plugin, type IpfsOptions } from '../src/index.ts'
import { missing, nodes, urlOf } from './nodes.ts'

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => errorCode(error),
  )
}

/** A body that waits in its middle until it is told to go on. */
function halting(): { readonly body: AsyncIterable<Bytes>; readonly halted: Promise<void>; goOn(): void } {
  const halted = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  async function* body(): AsyncGenerator<Bytes> {
    for (let index = 0; index < 40; index++) {
      if (index === 20) {
        halted.resolve()
        await resumed.promise
      }
      yield new Uint8Array(250_000).fill(index)
    }
  }
  return { body: body(), halted: halted.promise, goOn: () => resumed.resolve() }
}

const once = { retry: false } as const

describe.skipIf(missing).each(nodes)('$name', ({ options }) => {
  const storeOf = (node: Kubo, more: IpfsOptions & { readonly layers?: object } = {}): Promise<Store> =>
    openStore(plugin({ url: urlOf(node), layers: once, ...more }))

  it('that is killed in the middle of an upload leaves the old file, and the retry on its successor is whole', async () => {
    await using node = await startKubo(options)
    await using store = await storeOf(node)
    await store.write('dir/old', 'as it was')
    const { body, halted, goOn } = halting()
    const replacing = store.write('dir/old', body)
    const making = store.write('dir/new', new Uint8Array(1000))
    await making
    await halted
    const failed = codeOf(replacing)
    await node.kill()
    goOn()
    expect(await failed).toBe('Unavailable')
    expect(await codeOf(store.read('dir/old'))).toBe('Unavailable')
    expect(await codeOf(store.write('dir/x', 'y'))).toBe('Unavailable')
    await using successor = await startKubo({ ...options, successorOf: node })
    expect(await successor.ipfs(['files', 'ls', '/kit/dir'])).toBe('new\nold\n')
    expect(await (await store.read('dir/old')).text()).toBe('as it was')
    await store.write('dir/old', 'again')
    expect(await (await store.read('dir/old')).text()).toBe('again')
  })

  it('that is killed at any moment of a replacement has the old file or the new one, whole', async () => {
    let node = await startKubo(options)
    const sizes = [300_000, 700_001]
    const bodies = sizes.map((size) => new Uint8Array(size).fill(size % 251))
    const nodesToStop = [node]
    try {
      for (const delay of [1, 5, 12, 30]) {
        await using store = await storeOf(node)
        await store.write('replaced', bodies[0] ?? '')
        const writing = (async () => {
          for (let index = 1; ; index++) await store.write('replaced', bodies[index % 2] ?? '')
        })()
        const failed = codeOf(writing)
        await new Promise((resolve) => setTimeout(resolve, delay))
        await node.kill()
        expect(await failed).toBe('Unavailable')
        node = await startKubo({ ...options, successorOf: node })
        nodesToStop.push(node)
        const bytes = await (await store.read('replaced')).bytes()
        expect(sizes).toContain(bytes.byteLength)
        expect(bytes.every((byte) => byte === bytes.byteLength % 251)).toBe(true)
        expect(await node.ipfs(['files', 'ls', '/kit'])).toBe('replaced\n')
      }
    } finally {
      for (const each of nodesToStop) await each.stop()
    }
  })

  it('that stands still is a Timeout, a cancelled call ends at once, and all goes on when it does', async () => {
    await using node = await startKubo(options)
    await using store = await storeOf(node)
    await using impatient = await storeOf(node, { layers: { ...once, stall: 500 } })
    await store.write('f', 'before')
    await node.pause()
    expect(await codeOf(impatient.stat('f'))).toBe('Timeout')
    expect(await codeOf(impatient.write('g', new Uint8Array(5_000_000)))).toBe('Timeout')
    const cancelled = store.read('f', { signal: AbortSignal.timeout(50) })
    expect(await codeOf(cancelled)).toBe('Aborted')
    node.resume()
    expect(await (await store.read('f')).text()).toBe('before')
    await store.write('g', 'after')
    expect(await (await store.read('g')).text()).toBe('after')
  })

  it('that is not there, or was stopped, is Unavailable and says where', async () => {
    await using node = await startKubo(options)
    await using store = await storeOf(node)
    await store.write('f', 'x')
    await node.stop()
    await expect(store.read('f')).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringMatching(/no daemon answers at|ECONNRESET|socket hang up/),
    })
    await expect(store.ping()).rejects.toMatchObject({
      code: 'Unavailable',
      applied: 'no',
      message: expect.stringMatching(/no daemon answers at (?:http:\/\/127\.0\.0\.1:\d+|unix:\/)/),
    })
  })
})

const isNaming = ({ url }: { readonly url: string }): boolean => url.startsWith('/api/v0/files/cp')

describe.skipIf(missing)('Kubo behind a network that fails', () => {
  it('gets a whole file by the retry of an upload that was cut off, and nothing of the first try', async () => {
    await using node = await startKubo()
    await using proxy = await startFaultProxy({ target: node.api })
    await using store = await openStore(plugin({ url: proxy.endpoint, layers: { retry: { attempts: 3, base: 10 } } }))
    await store.write('f', 'old')
    await proxy.set({ limit: { direction: 'up', afterBytes: 1_000_000, fate: 'reset', times: 1 } })
    const bytes = new Uint8Array(3_000_000).fill(3)
    await store.write('f', bytes)
    expect((await (await store.read('f')).bytes()).byteLength).toBe(3_000_000)
    await proxy.set({ limit: { direction: 'up', afterBytes: 1_000_000, fate: 'reset', times: 1 } })
    async function* stream(): AsyncGenerator<Bytes> {
      for (let index = 0; index < 60; index++) yield new Uint8Array(100_000)
    }
    await store.write('f', stream()).catch(() => undefined)
    const { size } = await store.stat('f')
    expect([3_000_000, 6_000_000]).toContain(size)
    expect(await node.ipfs(['files', 'ls', '/kit'])).toBe('f\n')
  })

  it('is asked again where the answer to a change was lost, and the change is there once', async () => {
    await using node = await startKubo()
    await using proxy = await startFaultProxy({ target: node.api, http: true })
    await using store = await openStore(plugin({ url: proxy.endpoint, layers: { retry: { attempts: 3, base: 10 } } }))
    await store.write('f', 'old')
    await proxy.set({ inject: [{ when: isNaming, forward: true, answer: 'reset' }] })
    await store.write('f', 'new')
    expect(await (await store.read('f')).text()).toBe('new')
    await proxy.set({ inject: [{ when: isNaming, forward: true, answer: 'reset' }] })
    const made = await codeOf(store.write('g', 'made', { ifAbsent: true }))
    expect([undefined, 'Conflict']).toContain(made)
    expect(await (await store.read('g')).text()).toBe('made')
  })
})
