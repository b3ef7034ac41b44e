import { cidOf, contentOf, encodeNode, readCar } from '@kit/content'
import { bytesSource, collect, openStore, type Bytes, type Store } from '@kit/core'
import { startFaultProxy } from '@kit/test-servers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugin } from '../src/index.ts'
import { served, type Served } from './served.ts'

const call = { signal: new AbortController().signal }

async function opened(): Promise<{ readonly server: Served; readonly store: Store }> {
  const server = await served('content')
  const store = await openStore(plugin({ url: server.url, store: server.name, layers: { retry: false } }))
  onTestFinished(async () => {
    await store.close()
    await server[Symbol.asyncDispose]()
  })
  return { server, store }
}

function sample(size: number, seed = 1): Bytes {
  return Uint8Array.from({ length: size }, (_, index) => (index * (index + seed)) >> 5)
}

describe('content of another Kit', () => {
  it('is put, read by range, listed, and leaves and comes in as a CAR', async () => {
    const { store } = await opened()
    const bytes = sample(2_600_000)
    const { cid = '' } = await store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025', pin: true })
    const { body, from } = await store.content.read(cid, { range: { from: 1_048_570, to: 1_048_580 } })
    expect([from, await collect(body, 100)]).toEqual([1_048_570, bytes.subarray(1_048_570, 1_048_580)])
    expect(await store.pins.get(cid)).toMatchObject({ cid, mode: 'recursive', status: 'pinned' })

    for (const name of ['b', 'a', 'ü']) await store.write(`d/${name}`, name)
    const { cid: tree = '' } = await store.stat('d')
    const names: string[] = []
    for await (const { entries } of store.content.list(tree)) names.push(...entries.map(({ key }) => key))
    expect(names).toEqual(['a', 'b', 'ü'].map((name) => `${tree}/${name}`))
    const car = await collect(await store.content.car(tree, { scope: 'all' }), 100_000)
    const { store: other } = await opened()
    expect(await other.content.importCar(bytesSource(car), { pin: true })).toEqual([tree])
    const read = await other.content.read(`${tree}/ü`, {})
    expect(new TextDecoder().decode(await collect(read.body, 10))).toBe('ü')
    await using reading = await readCar(one(car), call)
    expect(reading.roots).toEqual([tree])
  })

  it('is put block by block, in any codec, and what nothing holds is collected and told', async () => {
    const { store } = await opened()
    const leaves = Array.from({ length: 30 }, (_, index) => sample(1000, index)).map((bytes) => ({
      cid: cidOf('raw', bytes),
      bytes,
    }))
    async function* all(): AsyncGenerator<(typeof leaves)[number]> {
      yield* leaves
    }
    await store.blocks.putMany(all())
    const node = encodeNode('dag-cbor', { leaf: { '/': leaves[0]?.cid } })
    await store.blocks.put(node.cid, node.bytes)
    expect(await store.blocks.has(node.cid)).toBe(true)
    await store.pins.add(node.cid, { name: 'root', metadata: { of: 'test' } })
    const gone: string[] = []
    for await (const { cid } of store.blocks.collect()) gone.push(cid)
    expect(new Set(gone)).toEqual(new Set(leaves.slice(1).map(({ cid }) => cid)))
    const reader = contentOf({ get: (cid) => store.blocks.get(cid) })
    const { body } = await reader.read(`${node.cid}/leaf`, call)
    expect(await collect(body, 1000)).toEqual(leaves[0]?.bytes)
    const pins: unknown[] = []
    for await (const page of store.pins.list({ limit: 1 })) pins.push(...page.pins)
    expect(pins).toMatchObject([{ cid: node.cid, name: 'root', mode: 'recursive', metadata: { of: 'test' } }])
  })

  it('that is not what its CID says is Corrupt, wherever the bytes were changed', async () => {
    const { server, store } = await opened()
    const bytes = sample(1000)
    const { cid = '' } = await store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025' })
    const proxy = await startFaultProxy({ target: server.url, http: true })
    onTestFinished(() => proxy.stop())
    const wrong = { status: 200, body: 'something else' }
    await proxy.set({ inject: [{ when: ({ url }) => url.includes('/blocks/'), times: Infinity, answer: wrong }] })
    await using lied = await openStore(plugin({ url: proxy.endpoint, store: server.name, layers: { retry: false } }))
    await expect(lied.blocks.get(cid)).rejects.toMatchObject({ code: 'Corrupt' })
    await expect(lied.content.read(cid, {})).rejects.toMatchObject({ code: 'Corrupt' })
    await expect(store.blocks.put(cid, sample(1001))).rejects.toMatchObject({ code: 'Corrupt' })
  })

  it('is none of a directory of a store, nor of a store that has none', async () => {
    const { server } = await opened()
    await using below = await openStore(plugin({ url: server.url, store: server.name, prefix: 'd' }))
    expect(['blocks', 'content', 'pins', 'ipns'].some((name) => below.can(name as 'blocks'))).toBe(false)
    const without = await served('memory')
    onTestFinished(() => without[Symbol.asyncDispose]())
    await using store = await openStore(plugin({ url: without.url, store: without.name, layers: { retry: false } }))
    await expect(store.content.stat(cidOf('raw', sample(1)))).rejects.toMatchObject({ code: 'Unsupported' })
    expect((await store.probe()).ops.content).toBeUndefined()
  })

  it('has names only where the store there has them', async () => {
    const { store } = await opened()
    await expect(store.ipns.resolve('self')).rejects.toMatchObject({ code: 'Unsupported' })
    await expect(store.ipns.publish('self', cidOf('raw', sample(1)), {})).rejects.toMatchObject({ code: 'Unsupported' })
  })
})

async function* one(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes
}
