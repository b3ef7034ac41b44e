import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { bytesSource, collect, errorCode, openStore, type Bytes, type Store } from '@kit/core'
import { cidOf, importFile, readCar } from '@kit/content'
import { startKubo, temporaryFolder, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubo, plugin, type IpfsOptions, type KuboClient } from '../src/index.ts'
import { missing, nodes, urlOf } from './nodes.ts'

const signal = new AbortController().signal

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => errorCode(error),
  )
}

/** No two blocks of it alike. */
function noise(length: number): Bytes {
  const bytes = new Uint8Array(length)
  for (let at = 0, state = 1; at < length; at++) bytes[at] = state = (state * 73 + 41 + (at >> 12)) & 255
  return bytes
}

describe.skipIf(missing).each(nodes)('a store on $name', ({ options }) => {
  let node: Kubo
  let client: KuboClient
  let root = 0
  beforeAll(async () => {
    node = await startKubo(options)
    client = kubo({ url: urlOf(node) })
  })
  afterAll(async () => {
    await client.close()
    await node.stop()
  })
  const opened = (more: IpfsOptions = {}): Promise<Store> =>
    openStore(plugin({ url: urlOf(node), root: `/store-${++root}`, ...more }))

  it('writes files that the command line reads, by path and by CID, and reads what that has written', async () => {
    await using store = await opened()
    const { cid, etag, size } = await store.write('a/b.txt', 'from Kit')
    expect([etag, size]).toEqual([`"${cid}"`, 8])
    expect(await node.ipfs(['files', 'read', `/store-${root}/a/b.txt`])).toBe('from Kit')
    expect(await node.ipfs(['cat', String(cid)])).toBe('from Kit')
    await node.ipfs(['files', 'write', '--create', `/store-${root}/a/theirs`], 'from Kubo')
    expect(await (await store.read('a/theirs')).text()).toBe('from Kubo')
    expect((await all(store.list('a'))).map(({ key }) => key).toSorted()).toEqual(['a/b.txt', 'a/theirs'])
  })

  it('gives the CIDs that Kit computes by itself, in both profiles (C4, B-IPFS-6)', async () => {
    const bytes = noise(2_500_000)
    for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) {
      await using store = await opened({ profile })
      const writer = { put: (): void => undefined }
      const { cid } = await importFile(bytesSource(bytes), writer, { profile, signal })
      expect((await store.write('x', bytes)).cid).toBe(cid)
      expect((await store.content.put(bytesSource(bytes), { profile })).cid).toBe(cid)
    }
    await using store = await opened()
    expect(await codeOf(store.content.put(bytesSource(bytes), { profile: 'no-such' }))).toBe('Unsupported')
  })

  it('keeps mode and time, to the millisecond and before 1970, and refuses what Kubo would drop', async () => {
    await using store = await opened()
    for (const modified of [new Date(1_234_567_890_123), new Date(-1_000_000_001)]) {
      await store.write('f', 'x', { mode: 0o4755, modified })
      const { mode, modified: kept } = await store.stat('f')
      expect([mode, kept]).toEqual([0o4755, modified])
      expect((await all(store.list('')))[0]).toMatchObject({ mode: 0o4755, modified })
    }
    expect(await codeOf(store.write('g', 'x', { mode: 0 }))).toBe('Unsupported')
    expect(await codeOf(store.write('g', 'x', { modified: new Date(500) }))).toBe('Unsupported')
    expect(await codeOf(store.stat('g'))).toBe('NotFound')
  })

  it('loses nothing that 8 writers put into one tree at once, through two stores', async () => {
    await using store = await opened()
    await using same = await openStore(plugin({ url: urlOf(node), root: `/store-${root}` }))
    const keys: string[] = []
    const writer = async (name: number): Promise<void> => {
      for (let index = 0; index < 15; index++) {
        const key = `${index % 3}/${index % 2 === 0 ? 'sub/' : ''}${name}-${index}`
        await (name % 2 === 0 ? store : same).write(key, key)
        keys.push(key)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)))
    const entries = await all(store.list('', { recursive: true }))
    const listed = entries.filter(({ kind }) => kind === 'file').map(({ key }) => key)
    expect(listed.toSorted()).toEqual(keys.toSorted())
    for (const key of keys.slice(0, 10)) expect(await (await same.read(key)).text()).toBe(key)
  })

  it('moves between directories of one name, and never into a directory', async () => {
    await using store = await opened()
    await store.write('a/same/f', 'moved')
    await store.write('b/same/other', 'x')
    await store.move('a/same/f', 'b/same/f')
    expect(await codeOf(store.stat('a/same/f'))).toBe('NotFound')
    expect(await (await store.read('b/same/f')).text()).toBe('moved')
    expect(await codeOf(store.move('b/same/f', 'a/same'))).toBe('IsDirectory')
    expect(await (await store.read('b/same/f')).text()).toBe('moved')
  })

  it('copies by name: no bytes pass through here', async () => {
    await using store = await opened()
    const { cid } = await store.write('from', noise(3_000_000))
    const { usedBytes: before = 0 } = await store.usage()
    expect((await store.copy('from', 'deep/to')).cid).toBe(cid)
    const { usedBytes: after = 0 } = await store.usage()
    expect(after - before).toBeLessThan(100_000)
  })

  it('tells symbolic links, which it does not follow', async () => {
    await using store = await opened()
    const tree = await all(client.addTree([{ path: 'l', kind: 'link', target: 'there' }]))
    await client.files.cp(`/ipfs/${tree.at(-1)?.cid}`, `/store-${root}/d`)
    expect(await all(store.list('d'))).toMatchObject([{ key: 'd/l', kind: 'link', target: 'there' }])
    expect(await store.stat('d/l')).toMatchObject({ kind: 'link', target: 'there' })
    expect(await codeOf(store.read('d/l'))).toBe('Unsupported')
  })

  it('gives content verified, by ranges and paths, or as the daemon gives it where that is trusted', async () => {
    const bytes = noise(3_200_000)
    for (const trust of ['nobody', 'daemon'] as const) {
      await using store = await opened({ trust })
      await store.write('d/f', bytes)
      const { cid } = await client.files.stat(`/store-${root}/d`)
      const { cid: file, size } = await store.content.stat(`${cid}/f`)
      expect(size).toBe(bytes.byteLength)
      for (const range of [undefined, { from: 1_048_575, to: 1_048_577 }, { last: 5 }, { from: 3_000_000 }]) {
        const { body, from, entry } = await store.content.read(`${file}`, { range })
        const came = await collect(body)
        const expected = range === undefined ? bytes : bytes.slice(from, from + came.byteLength)
        expect(Buffer.compare(came, expected)).toBe(0)
        expect(entry.size).toBe(bytes.byteLength)
      }
      expect(await codeOf(store.content.read(file ?? '', { range: { from: 9_000_000 } }))).toBe('InvalidRange')
      expect((await all(store.content.list(cid))).flatMap((page) => page.entries)).toMatchObject([{ size }])
      expect(await codeOf(store.content.read(cid, {}))).toBe('IsDirectory')
    }
  })

  it('never gives bytes that are not those of the CID, whatever the daemon has on its disk (C5)', async () => {
    await using store = await opened()
    const { cid = '' } = await store.write('f', noise(2_000_000))
    const [leaf = ''] = await all(client.refs(cid))
    await using proxy = await lying(urlOf(node), leaf)
    await using lied = await openStore(plugin({ url: proxy.url, root: `/store-${root}`, layers: { retry: false } }))
    const reading = await lied.read('f')
    expect(await codeOf(reading.bytes())).toBe('Corrupt')
  })

  it('exchanges CARs with the command line, and knows their roots (C4)', async () => {
    await using store = await opened()
    const { cid = '' } = await store.write('f', noise(2_200_000))
    const car = await collect(await store.content.car(cid, { scope: 'all' }))
    const reading = await readCar(
      (async function* one() {
        yield car
      })(),
      { signal },
    )
    expect(reading.roots).toEqual([cid])
    await reading[Symbol.asyncDispose]()
    const imported = JSON.parse(await runWithBytes(node, ['dag', 'import', '--enc=json', '--pin-roots'], car))
    expect(imported.Root.Cid['/']).toBe(cid)
    const theirs = new Uint8Array(await collect(await client.dag.export(cid)))
    expect(await store.content.importCar(bytesSource(theirs), {})).toEqual([cid])
    expect(await store.content.importCar(bytesSource(theirs), { pin: true })).toEqual([cid])
    expect(await store.pins.get(cid)).toMatchObject({ mode: 'recursive' })
    const broken = theirs.slice()
    broken[theirs.byteLength - 1] = (broken[theirs.byteLength - 1] ?? 0) ^ 1
    expect(await codeOf(store.content.importCar(bytesSource(broken), {}))).toBe('Corrupt')
  })

  it('keeps many blocks, and collects what nothing holds, but nothing that is being written', async () => {
    await using store = await opened()
    const blocks = Array.from({ length: 30 }, (_, index) => new TextEncoder().encode(`block ${index} of ${root}`))
    const cids = blocks.map((bytes) => cidOf('raw', bytes))
    async function* given(): AsyncGenerator<{ cid: string; bytes: Bytes }> {
      for (const [index, bytes] of blocks.entries()) yield { cid: cids[index] ?? '', bytes }
    }
    await store.blocks.putMany(given())
    for (const cid of cids) expect(await store.blocks.has(cid)).toBe(true)
    await store.pins.add(cids[0] ?? '', { name: 'kept' })
    const writes = Promise.all(
      Array.from({ length: 8 }, (_, index) => store.write(`w-${index}`, noise(300_000 + index))),
    )
    const gone = (await all(store.blocks.collect())).map(({ cid }) => cid)
    await writes
    expect(gone).toEqual(expect.arrayContaining(cids.slice(1)))
    expect(await store.blocks.has(cids[0] ?? '')).toBe(true)
    for (let index = 0; index < 8; index++) {
      expect(Buffer.compare(await (await store.read(`w-${index}`)).bytes(), noise(300_000 + index))).toBe(0)
    }
  })

  it('lists pins in pages, by name and mode, and refuses what Kubo cannot keep of a pin', async () => {
    await using store = await opened()
    const cids: string[] = []
    for (let index = 0; index < 7; index++) {
      const { cid = '' } = await store.content.put(bytesSource(noise(100 + index)), { profile: 'unixfs-v1-2025' })
      cids.push(cid)
      await store.pins.add(cid, { name: index < 5 ? `page-${root}` : `page-${root}-other` })
    }
    const pages = await all(store.pins.list({ name: `page-${root}`, limit: 2 }))
    expect(pages.map((page) => page.pins.length)).toEqual([2, 2, 1])
    expect(pages.flatMap((page) => page.pins.map(({ cid }) => cid)).toSorted()).toEqual(cids.slice(0, 5).toSorted())
    expect(await codeOf(store.pins.add(cids[0] ?? '', { copies: { min: 2, max: 3 } }))).toBe('Unsupported')
    expect(await codeOf(store.pins.add(cids[0] ?? '', { metadata: { a: 'b' } }))).toBe('Unsupported')
    expect(await codeOf(all(store.pins.list({ cursor: 'x' })))).toBe('InvalidConfig')
  })

  it('publishes names and resolves them (B-IPFS-5)', async () => {
    await using store = await opened()
    const { cid = '' } = await store.write('f', 'named')
    const { name } = await store.ipns.publish('self', cid, { lifetimeSeconds: 600 })
    expect(await store.ipns.resolve(name)).toMatchObject({ path: `/ipfs/${cid}` })
    expect(await codeOf(store.ipns.publish('nobody', cid, {}))).toBe('NotFound')
  })

  it('answers to ping and to a probe, and tells what the repository holds', async () => {
    await using store = await opened()
    await store.ping()
    expect((await store.probe()).ops.write).toBe('native')
    expect(await store.usage()).toMatchObject({ usedBytes: expect.any(Number), totalBytes: expect.any(Number) })
  })

  it('can be all of the files, where two names of content are not taken for that', async () => {
    await using store = await opened({ root: '/' })
    await store.write('ipfs/x', 'a name')
    expect(await (await store.read('ipfs/x')).text()).toBe('a name')
    expect((await all(store.list('ipfs'))).map(({ key }) => key)).toEqual(['ipfs/x'])
    await store.delete('ipfs/x')
  })
})

/** A way to the daemon on which one block is given as zeroes. */
async function lying(url: string, cid: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const target = url.startsWith('/unix')
    ? { socketPath: url.slice('/unix'.length) }
    : { host: new URL(url).hostname, port: new URL(url).port }
  const server = createServer((asked, answer) => {
    if (asked.url?.includes(`block/get?arg=${cid}`) === true) return void answer.end(new Uint8Array(1 << 20))
    const onward = request(
      { ...target, path: asked.url, method: 'POST', headers: asked.headers, agent: false },
      (came) => {
        answer.writeHead(came.statusCode ?? 500, came.headers)
        came.pipe(answer)
      },
    )
    asked.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function runWithBytes(node: Kubo, args: readonly string[], bytes: Bytes): Promise<string> {
  await using folder = await temporaryFolder('car')
  await writeFile(`${folder.path}/x.car`, bytes)
  return await node.ipfs([...args, `${folder.path}/x.car`])
}
