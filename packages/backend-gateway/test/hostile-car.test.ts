import fc from 'fast-check'
import { collect, errorCode, type Bytes, type Store } from '@kit/core'
import { cidOf, encodeNode, encodeUnixFs, linksOf } from '@kit/content'
import { describe, expect, it } from 'vitest'
import { fileDag, inOrder, noise, type FileDag } from './file-dag.ts'
import {
  carBytes,
  carFrame,
  carType,
  honest,
  rawBlock,
  send,
  startTestGateway,
  type Behaviour,
  type Block,
  type TestGateway,
} from './hostile-gateway.ts'
import { eventually, opened } from './opened.ts'

const dag = await fileDag(noise(1_200_000))
const whole = carBytes([dag.root], inOrder(dag))
const typed = ['Corrupt', 'Unavailable', 'Timeout', 'NotFound', 'TooLarge']

async function contentOfStore(store: Store, path: string, range?: { from: number; to?: number }): Promise<Bytes> {
  const { body } = await store.content.read(path, { range })
  return await collect(body)
}

/** Sends CARs as told, and has no single blocks. */
function onlyCars(
  sendCar: (response: Parameters<Behaviour>[1], gateway: TestGateway) => void | Promise<void>,
): Behaviour {
  return ({ query }, response, gateway) => {
    if (query.get('format') !== 'car') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': carType })
    return sendCar(response, gateway)
  }
}

function withBlock(index: number, change: (block: Block) => Block): Buffer {
  return carBytes(
    [dag.root],
    inOrder(dag).map((block, at) => (at === index ? change(block) : block)),
  )
}

async function* endlessBlocks(): AsyncGenerator<Uint8Array> {
  yield carFrame(inOrder(dag)[0] ?? rawBlock(new Uint8Array()))
  for (let number = 0; ; number++) {
    const bytes = new Uint8Array(512 * 1024)
    new DataView(bytes.buffer).setUint32(0, number)
    yield carFrame(rawBlock(bytes))
  }
}

const header = carBytes([dag.root], [])

/** CARs that are not what they should be, where there is no other way to the blocks. */
const lies: readonly [string, Behaviour][] = [
  ['a changed byte in a leaf', onlyCars((response) => void response.end(withBlock(2, flipped)))],
  ['a changed byte in the root', onlyCars((response) => void response.end(withBlock(0, flipped)))],
  [
    'a leaf under the CID of another',
    onlyCars(async (response) => {
      const [, first, second] = inOrder(dag)
      void response.end(withBlock(1, () => ({ cid: first?.cid ?? '', bytes: second?.bytes ?? new Uint8Array() })))
    }),
  ],
  ['an end within a block', onlyCars((response) => void response.end(whole.subarray(0, 500_000)))],
  [
    'an end after a whole block',
    onlyCars((response) => void response.end(carBytes([dag.root], inOrder(dag).slice(0, 3)))),
  ],
  [
    'an end that is a break',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, whole.subarray(0, 500_000))
      response.destroy()
    }),
  ],
  ['no block', onlyCars((response) => void response.end(header))],
  ['nothing', onlyCars((response) => void response.end())],
  ['a page', onlyCars((response) => void response.end('<!doctype html><p>Not found'))],
  [
    'blocks without end that nobody asked for',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, header)
      for await (const frame of endlessBlocks()) if (!(await send(gateway, response, frame))) return
    }),
  ],
  [
    'the root without end',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, header)
      const frame = carFrame(inOrder(dag)[0] ?? rawBlock(new Uint8Array()))
      while (await send(gateway, response, frame));
    }),
  ],
  [
    'a block that says it is a gigabyte',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, header)
      await send(gateway, response, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04))
      while (await send(gateway, response, new Uint8Array(256 * 1024)));
    }),
  ],
  [
    'a header that says it is a gigabyte',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04))
      while (await send(gateway, response, new Uint8Array(256 * 1024)));
    }),
  ],
  [
    'a length without end',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, header)
      while (await send(gateway, response, new Uint8Array(256 * 1024).fill(0x80)));
    }),
  ],
  [
    'its first block and then silence',
    onlyCars(async (response, gateway) => {
      await send(gateway, response, carBytes([dag.root], inOrder(dag).slice(0, 1)))
    }),
  ],
  [
    'bytes that drip',
    onlyCars(async (response) => {
      for (let at = 0; at < whole.length && !response.destroyed; at++) {
        response.write(whole.subarray(at, at + 1))
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }),
  ],
  [
    'leaves whose CID holds other bytes itself',
    onlyCars(async (response) => {
      const identity = { cid: 'bafkqac3imvwgy3zao5xxe3de', bytes: new TextEncoder().encode('other words') }
      void response.end(carBytes([dag.root], [identity, ...inOrder(dag).slice(0, 2)]))
    }),
  ],
  [
    'leaves of another codec',
    onlyCars(async (response) => {
      const blocks = inOrder(dag).map((block, at) => (at === 0 ? block : rawBlock(block.bytes)))
      void response.end(carBytes([dag.root], blocks))
    }),
  ],
]

function flipped({ cid, bytes }: Block): Block {
  const changed = new Uint8Array(bytes)
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1
  return { cid, bytes: changed }
}

describe('a file from a gateway', () => {
  it('streams in one request, in order', async () => {
    await using gateway = await startTestGateway(honest(dag.blocks, () => dag.order))
    await using store = await opened([gateway.url])
    expect(await contentOfStore(store, dag.root)).toEqual(dag.bytes)
    expect(gateway.seen.map(({ query }) => [query.get('format'), query.get('dag-scope')])).toEqual([['car', 'entity']])
    expect(gateway.seen[0]?.headers.accept).toBe('application/vnd.ipld.car;version=1;order=dfs;dups=y')
  })

  it.each<[string, (order: readonly string[]) => readonly string[]]>([
    ['backwards', (order) => order.toReversed()],
    ['every block twice', (order) => order.flatMap((cid) => [cid, cid])],
    ['without some', (order) => order.filter((_, index) => index % 2 === 0)],
    ['the leaves before the root', (order) => [...order.slice(1), order[0] ?? '']],
  ])('comes whole where the CAR has its blocks %s', async (_, change) => {
    await using gateway = await startTestGateway(honest(dag.blocks, () => change(dag.order)))
    await using store = await opened([gateway.url])
    expect(await contentOfStore(store, dag.root)).toEqual(dag.bytes)
  })

  it('that repeats itself comes whole from a gateway that sends each block once, whatever was asked', async () => {
    const zeros = await fileDag(new Uint8Array(9_000_000))
    expect(zeros.blocks.size).toBeLessThan(5)
    await using gateway = await startTestGateway(honest(zeros.blocks, () => [...new Set(zeros.order)]))
    await using store = await opened([gateway.url])
    expect(Buffer.compare(await contentOfStore(store, zeros.root), zeros.bytes)).toBe(0)
    expect(gateway.seen).toHaveLength(1)
  })

  it('comes block by block from a gateway without CARs, which is asked for one once', async () => {
    await using gateway = await startTestGateway(honest(dag.blocks))
    await using store = await opened([gateway.url])
    expect(await contentOfStore(store, dag.root)).toEqual(dag.bytes)
    expect(await contentOfStore(store, dag.root)).toEqual(dag.bytes)
    expect(gateway.seen.filter(({ query }) => query.get('format') === 'car')).toHaveLength(1)
  })

  it.concurrent.each(lies)('is never more than true where there is only a CAR with %s', async (_, behaviour) => {
    await using gateway = await startTestGateway(behaviour)
    await using store = await opened([gateway.url])
    const began = performance.now()
    let came = 0
    let failure: unknown
    try {
      const { body } = await store.content.read(dag.root, {})
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        // Not one byte that the CID does not vouch for.
        expect(Buffer.compare(chunk, dag.bytes.subarray(came, came + chunk.byteLength))).toBe(0)
        came += chunk.byteLength
      }
    } catch (error) {
      failure = error
    }
    expect(typed).toContain(errorCode(failure))
    expect(came).toBeLessThan(dag.bytes.byteLength)
    if (came > 0) expect(errorCode(failure)).not.toBe('NotFound')
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(gateway.sentBytes).toBeLessThan(64 * 2 ** 20)
    await eventually(() => gateway.open() === 0)
  })

  it.concurrent.each(lies)(
    'comes whole from the honest one of two where the other has a CAR with %s',
    async (_, behaviour) => {
      await using lying = await startTestGateway(behaviour)
      await using right = await startTestGateway(honest(dag.blocks, () => dag.order))
      await using store = await opened([lying.url, right.url])
      expect(Buffer.compare(await contentOfStore(store, dag.root), dag.bytes)).toBe(0)
      await eventually(() => lying.open() === 0)
    },
  )

  it('is the same bytes or an error, whatever is done to the bytes of the CAR (property)', async () => {
    let car: Uint8Array = whole
    await using gateway = await startTestGateway(onlyCars((response) => void response.end(car)))
    await using store = await opened([gateway.url])
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      length: fc.nat(300_000),
      with: fc.uint8Array({ maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, length, with: put }) => {
        car = Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + length)])
        const came = await contentOfStore(store, dag.root).catch((error: unknown) => error)
        if (came instanceof Uint8Array) expect(Buffer.compare(came, dag.bytes)).toBe(0)
        else expect(typed).toContain(errorCode(came))
      }),
      { numRuns: 60 },
    )
  })

  it('goes on at another endpoint where one breaks off, from where it was', async () => {
    const large = await fileDag(noise(6_000_000, 7))
    const bytes = carBytes([large.root], inOrder(large))
    await using breaking = await startTestGateway(
      onlyCars(async (response, gateway) => {
        await send(gateway, response, bytes.subarray(0, 4_000_000))
        response.destroy()
      }),
    )
    await using right = await startTestGateway((seen, response, gateway) => {
      const from = Number(/^(\d+):/.exec(seen.query.get('entity-bytes') ?? '')?.[1] ?? '0')
      return honest(large.blocks, () => fromOffset(large, from))(seen, response, gateway)
    })
    await using store = await opened([breaking.url, right.url])
    expect(Buffer.compare(await contentOfStore(store, large.root), large.bytes)).toBe(0)
    const [resumed] = right.seen.filter(({ query }) => query.get('format') === 'car')
    expect(Number(resumed?.query.get('entity-bytes')?.split(':')[0])).toBeGreaterThan(1_000_000)
  })

  it('is asked for by the range that is read, and no more of it is taken', async () => {
    const large = await fileDag(noise(6_000_000, 9))
    await using gateway = await startTestGateway(honest(large.blocks, () => fromOffset(large, 3_000_000).slice(0, 4)))
    await using store = await opened([gateway.url])
    expect(await contentOfStore(store, large.root, { from: 3_000_000, to: 3_000_100 })).toEqual(
      large.bytes.subarray(3_000_000, 3_000_100),
    )
    expect(gateway.seen.map(({ query }) => query.get('entity-bytes'))).toEqual(['3000000:3000099'])
  })

  it('that is broken off frees its connection', async () => {
    const large = await fileDag(noise(30_000_000, 11))
    const bytes = carBytes([large.root], inOrder(large))
    await using gateway = await startTestGateway(
      onlyCars(async (response, self) => {
        for (let at = 0; at < bytes.length; at += 65_536) {
          if (!(await send(self, response, bytes.subarray(at, at + 65_536)))) return
        }
        response.end()
      }),
    )
    await using store = await opened([gateway.url])
    const { body } = await store.content.read(large.root, {})
    if (body instanceof Uint8Array) throw new Error('a stream was expected')
    for await (const _ of body) break
    await eventually(() => gateway.open() === 0)
    // What was not read was not fetched, but for what is on its way.
    expect(gateway.sentBytes).toBeLessThan(24_000_000)
    const unread = await store.content.read(large.root, {})
    if (unread.body instanceof Uint8Array) throw new Error('a stream was expected')
    // Nobody need end what was never begun: it lapses.
    await eventually(() => gateway.open() === 0)
  })
})

/** The blocks that a range from an offset needs: the root, and the leaves of it. */
function fromOffset(file: FileDag, from: number): string[] {
  const [root = '', ...leaves] = file.order
  return [root, ...leaves.slice(Math.floor(from / 262_144))]
}

describe('a DAG that is a bomb', () => {
  it('in depth ends as an error, in bounded time', async () => {
    const blocks = new Map<string, Bytes>()
    let { cid, bytes } = rawBlock(new Uint8Array(10))
    blocks.set(cid, bytes)
    for (let depth = 0; depth < 5000; depth++) {
      bytes = encodeUnixFs({ type: 'file', links: [{ name: '', cid, size: 10 }], blockSizes: [10], fileSize: 10 })
      cid = cidOf('dag-pb', bytes)
      blocks.set(cid, bytes)
    }
    const order = [...blocks.keys()].toReversed()
    await using gateway = await startTestGateway(honest(blocks, () => order))
    await using store = await opened([gateway.url])
    const came = await contentOfStore(store, cid).catch((error: unknown) => error)
    expect(typed).toContain(errorCode(came))
    expect(gateway.seen.length).toBeLessThan(100)
  })

  it('in fan-out, a tree of 2^60 blocks that are few, is walked once or refused', async () => {
    const blocks = new Map<string, Bytes>()
    let block = encodeNode('dag-cbor', { end: true })
    blocks.set(block.cid, block.bytes)
    for (let level = 0; level < 60; level++) {
      block = encodeNode('dag-cbor', [{ '/': block.cid }, { '/': block.cid }])
      blocks.set(block.cid, block.bytes)
    }
    const { cid: root } = block
    await using gateway = await startTestGateway(async (seen, response, self) => {
      if (seen.query.get('format') !== 'car') return honest(blocks)(seen, response, self)
      response.writeHead(200, { 'content-type': carType })
      await send(self, response, carBytes([root], []))
      // As an honest server with duplicates would have to: for ever.
      const endless = function* (cid: string): Generator<Block> {
        const bytes = blocks.get(cid) ?? new Uint8Array()
        yield { cid, bytes }
        const links = linksOf(cid, bytes)
        for (const link of links) yield* endless(link)
      }
      let batch: Uint8Array[] = []
      for (const one of endless(root)) {
        batch.push(carFrame(one))
        if (batch.length < 100) continue
        if (!(await send(self, response, Buffer.concat(batch)))) return
        batch = []
      }
    })
    await using store = await opened([gateway.url], { timeout: 3000 })
    const began = performance.now()
    const car = store.content.car(root, { scope: 'all' })
    const came = await car.then((stream) => collect(stream, 2 ** 20)).catch((error: unknown) => error)
    if (came instanceof Uint8Array) expect(came.byteLength).toBeLessThan(61 * 200)
    else expect(typed).toContain(errorCode(came))
    expect(performance.now() - began).toBeLessThan(20_000)
    await eventually(() => gateway.open() === 0)
  }, 30_000)
})
