import { bytesSource, collect, errorCode, type Bytes, type Source } from '@kit/core'
import { cidOf } from '@kit/content'
import { connectKubo, startKubo, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubo, type KuboClient, type PubsubMessage, type TreeEntry } from '../src/index.ts'
import { missing, nodes, urlOf } from './nodes.ts'

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text)
const sourceOf = (text: string): Source => bytesSource(bytesOf(text))
const absent = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

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

describe.skipIf(missing).each(nodes)('the client of $name', ({ options }) => {
  let node: Kubo
  let client: KuboClient
  beforeAll(async () => {
    node = await startKubo(options)
    client = kubo({ url: urlOf(node) })
  })
  afterAll(async () => {
    await client.close()
    await node.stop()
  })

  it('adds what the command line reads, and reads what that has added (B-IPFS-3)', async () => {
    const { cid } = await client.add(sourceOf('hello'))
    expect(await node.ipfs(['cat', cid])).toBe('hello')
    const theirs = (await node.ipfs(['add', '--quieter'], 'theirs')).trim()
    expect(new TextDecoder().decode(await collect(await client.cat(theirs)))).toBe('theirs')
    expect(new TextDecoder().decode(await collect(await client.cat(theirs, { offset: 2, length: 3 })))).toBe('eir')
    expect(await codeOf(client.cat(absent))).toBe('NotFound')
  })

  it('makes the CIDs of both profiles, Qm for the older (B-IPFS-6)', async () => {
    const body = bytesSource(new Uint8Array(3_000_000).fill(7))
    for (const [profile, args] of [
      ['unixfs-v0-2015', ['--cid-version=0', '--chunker=size-262144', '--raw-leaves=false', '--max-file-links=174']],
      ['unixfs-v1-2025', ['--cid-version=1', '--chunker=size-1048576', '--raw-leaves', '--max-file-links=1024']],
    ] as const) {
      const { cid } = await client.add(body, { profile })
      const theirs = await node.ipfs(['add', '--quieter', '--only-hash', ...args], '\u0007'.repeat(3_000_000))
      expect(cid).toBe(theirs.trim())
      expect(cid.startsWith(profile === 'unixfs-v0-2015' ? 'Qm' : 'bafybei')).toBe(true)
      expect((await client.add(body, { profile, onlyHash: true })).cid).toBe(cid)
    }
  })

  it('adds a tree as a stream, with names that forms must escape, empty directories, links and attributes', async () => {
    const modified = new Date(1_234_567_890_123)
    const entries: TreeEntry[] = [
      { path: 'a "b" + c;%/ü.txt', body: sourceOf('odd') },
      { path: 'empty', kind: 'directory' },
      { path: 'link', kind: 'link', target: 'a/b' },
      { path: 'old', body: sourceOf('old'), mode: 0o640, modified },
    ]
    const added = await all(client.addTree(entries, { attributes: true }))
    const root = added.at(-1)
    expect(root?.path).toBe('')
    const listed = await all(client.ls(`/ipfs/${root?.cid}`))
    const brief = listed.map(({ name, kind, target, mode }) => [name, kind, target, mode])
    expect(brief).toEqual([
      ['a "b" + c;%', 'directory', undefined, undefined],
      ['empty', 'directory', undefined, undefined],
      ['link', 'link', 'a/b', undefined],
      ['old', 'file', undefined, 0o640],
    ])
    expect(listed.find(({ name }) => name === 'old')?.modified).toEqual(modified)
    expect(await node.ipfs(['cat', `${root?.cid}/a "b" + c;%/ü.txt`])).toBe('odd')
    const refused = all(client.addTree([{ path: 'x', body: sourceOf('x'), mode: 0o600 }]))
    expect(await codeOf(refused)).toBe('InvalidConfig')
  })

  it('keeps JSON, and says where something else is no JSON', async () => {
    const { cid } = await client.addJson({ days: [3, 'ä'] })
    expect(await client.getJson(cid)).toEqual({ days: [3, 'ä'] })
    expect(await codeOf(client.getJson((await client.add(sourceOf('{'))).cid))).toBe('Corrupt')
  })

  it('gives a tree as a tar archive', async () => {
    const { cid } = await client.add(sourceOf('in an archive'))
    const tar = Buffer.from(await collect(await client.get(cid)))
    expect(tar.toString('latin1', 0, 300)).toContain(cid)
    expect(tar.includes('in an archive')).toBe(true)
    expect([...(await collect(await client.get(cid, { compress: true }))).subarray(0, 2)]).toEqual([0x1f, 0x8b])
  })

  it('keeps files by path, and says of each refusal what it is', async () => {
    const { files } = client
    const { cid } = await client.add(sourceOf('file'))
    await files.cp(`/ipfs/${cid}`, '/t/a/f')
    expect(await files.stat('/t/a/f')).toMatchObject({ cid, kind: 'file', size: 4 })
    expect(await files.stat('/t/a')).toMatchObject({ kind: 'directory' })
    expect(await codeOf(files.cp(`/ipfs/${cid}`, '/t/a/f'))).toBe('AlreadyExists')
    expect(await codeOf(files.cp(`/ipfs/${cid}`, '/t/a', { replace: true }))).toBe('IsDirectory')
    expect(await codeOf(files.rm('/t/a'))).toBe('IsDirectory')
    expect(await codeOf(files.rm('/t/none'))).toBe('NotFound')
    expect(await codeOf(files.rm('/t/a/f/g'))).toBe('NotDirectory')
    expect(await codeOf(files.stat('/t/a/f/g'))).toBe('NotDirectory')
    expect(await codeOf(files.stat('/t/none'))).toBe('NotFound')
    expect(await codeOf(files.mkdir('/t/a/f'))).toBe('AlreadyExists')
    expect(await codeOf(files.mkdir('/t/a/f/g'))).toBe('NotDirectory')
    await files.mkdir('/t/a')
    await files.mv('/t/a/f', '/t/a/g')
    expect(await files.ls('/t/a')).toEqual(['g'])
    expect(await files.flush('/t/a')).toBe((await files.stat('/t/a')).cid)
    await files.rm('/t', { recursive: true })
    expect(await files.ls('/')).not.toContain('t')
  })

  it('keeps blocks under the CID that is theirs alone', async () => {
    const { block } = client
    const bytes = bytesOf('a block')
    const cid = cidOf('raw', bytes)
    expect(await block.has(cid)).toBe(false)
    expect(await codeOf(block.get(cid))).toBe('NotFound')
    await block.put(cid, bytes)
    expect(await block.has(cid)).toBe(true)
    expect(await block.get(cid)).toEqual(bytes)
    expect(await block.size(cid)).toBe(7)
    expect(await codeOf(block.put(absent, bytes))).toBe('Corrupt')
    await block.rm(cid)
    expect(await codeOf(block.rm(cid))).toBe('NotFound')
    expect(await codeOf(block.get('nonsense'))).toBe('InvalidKey')
  })

  it('keeps nodes, resolves paths in them, and says what is none', async () => {
    const { dag } = client
    const { cid: leaf } = await client.add(sourceOf('leaf'))
    const cid = await dag.put({ a: [1, { '/': leaf }], b: { c: 'd' } })
    expect(cid.startsWith('bafyrei')).toBe(true)
    expect(await dag.get(cid)).toEqual({ a: [1, { '/': leaf }], b: { c: 'd' } })
    expect(await dag.get(`${cid}/b/c`)).toBe('d')
    expect(await dag.resolve(`${cid}/a/1`)).toEqual({ cid: leaf, rest: '' })
    expect(await dag.resolve(`${cid}/b/c`)).toEqual({ cid, rest: 'b/c' })
    expect(await dag.stat(cid)).toMatchObject({ blocks: 2 })
    expect(await all(client.refs(cid, { recursive: true }))).toEqual([leaf])
    expect(await codeOf(dag.put({ '/': 'nonsense' }))).toBe('InvalidKey')
    expect(await codeOf(dag.put({ a: 1 }, { codec: 'dag-pb' }))).toBe('InvalidConfig')
    expect(await all(client.refsLocal())).toContain(leaf)
  })

  it('exports a CAR and takes it in again', async () => {
    const { cid } = await client.add(bytesSource(new Uint8Array(3_000_000).fill(1)))
    const car = await collect(await client.dag.export(cid))
    const imported = await client.dag.import(bytesSource(car), { pin: true })
    expect(imported.pinned).toEqual([cid])
    expect(imported.blocks).toBeGreaterThan(1)
    expect(await codeOf(client.dag.import(bytesSource(bytesOf('no CAR'))))).toBe('Corrupt')
  })

  it('pins directly, recursively and by name, many with some failing (B-IPFS-4, E5)', async () => {
    const { pin } = client
    const dir = (await all(client.addTree([{ path: 'f', body: sourceOf('pinned') }]))).at(-1)?.cid ?? ''
    const leaf = (await client.add(sourceOf('pinned'))).cid
    await pin.add(dir, { name: 'tree' })
    await pin.add(dir, { name: 'tree' })
    expect(await pin.get(dir)).toEqual({ cid: dir, mode: 'recursive', name: 'tree', status: 'pinned' })
    expect(await pin.get(leaf)).toMatchObject({ mode: 'indirect' })
    expect(await codeOf(pin.rm(leaf))).toBe('NotFound')
    expect(await codeOf(pin.add(dir, { mode: 'direct' }))).toBe('AlreadyExists')
    await pin.add(leaf, { mode: 'direct', name: 'leaf' })
    const listed = await all(pin.ls())
    expect(listed).toContainEqual({ cid: dir, mode: 'recursive', name: 'tree', status: 'pinned' })
    expect(listed).toContainEqual({ cid: leaf, mode: 'direct', name: 'leaf', status: 'pinned' })
    expect((await all(pin.ls({ mode: 'direct' }))).map(({ cid }) => cid)).toEqual([leaf])
    expect((await all(pin.ls({ name: 'tre' }))).map(({ cid }) => cid)).toEqual([dir])
    const other = (await client.add(sourceOf('other'))).cid
    const results = await all(pin.addMany([other, absent, leaf]))
    expect(results.map(({ cid, error }) => [cid, errorCode(error)])).toEqual([
      [other, undefined],
      [absent, 'NotFound'],
      [leaf, undefined],
    ])
    expect(await all(pin.verify())).toEqual([])
    await pin.update(dir, (await client.addJson({ new: 'version' })).cid)
    expect(await codeOf(pin.get(dir))).toBe('NotFound')
    expect(await pin.remote.services()).toEqual([])
    await pin.remote.addService('mine', 'http://127.0.0.1:9', 'key')
    expect(await pin.remote.services()).toEqual([{ name: 'mine', endpoint: 'http://127.0.0.1:9' }])
    expect(await codeOf(all(pin.remote.ls('mine')))).toBe('Unavailable')
    expect(await codeOf(pin.remote.rm('mine', {}))).toBe('InvalidConfig')
    await pin.remote.rmService('mine')
  })

  it('makes keys, publishes under them and resolves (B-IPFS-5)', async () => {
    const { key, name } = client
    const made = await key.gen('first')
    expect(await codeOf(key.gen('first'))).toBe('AlreadyExists')
    await key.rename('first', 'second')
    expect(await key.list()).toContainEqual({ name: 'second', id: made.id })
    const { cid } = await client.add(sourceOf('published'))
    const published = await name.publish(`/ipfs/${cid}`, { key: 'second', lifetimeSeconds: 3600, ttlSeconds: 60 })
    expect(published).toEqual({ name: made.id, path: `/ipfs/${cid}` })
    expect(await name.resolve(made.id)).toBe(`/ipfs/${cid}`)
    expect(await codeOf(name.publish(`/ipfs/${cid}`, { key: 'nobody' }))).toBe('NotFound')
    await key.rm('second')
    expect((await key.list()).map((each) => each.name)).toEqual(['self'])
  })

  it('tells of the node, and collects what nothing holds', async () => {
    expect(await client.version()).toContain(options.version)
    expect((await client.id()).agent).toContain('kubo/')
    await client.health()
    const { cid } = await client.add(sourceOf('garbage'))
    expect(await all(client.repo.gc())).toContain(cid)
    expect(await client.repo.stat()).toMatchObject({ path: node.repository, objects: expect.any(Number) })
    expect(await codeOf(client.swarm.peers())).toBe('Unsupported')
    expect(await codeOf(client.pubsub.topics())).toBe('Unsupported')
  })
})

describe.skipIf(missing)('two nodes that know each other', () => {
  let one: Kubo
  let other: Kubo
  let mine: KuboClient
  let theirs: KuboClient
  beforeAll(async () => {
    ;[one, other] = await Promise.all([
      startKubo({ swarm: true, pubsub: true }),
      startKubo({ version: '0.39', swarm: true, pubsub: true }),
    ])
    await connectKubo(one, other)
    ;[mine, theirs] = [kubo({ url: one.api }), kubo({ url: other.api })]
  })
  afterAll(async () => {
    await Promise.all([mine, theirs].map((client) => client.close()))
    await Promise.all([one, other].map((node) => node.stop()))
  })

  it('are peers of each other, and give each other blocks', async () => {
    const { id } = await theirs.id()
    expect((await mine.swarm.peers()).map((peer) => peer.id)).toEqual([id])
    expect((await mine.swarm.listening()).some((address) => address.includes('/tcp/'))).toBe(true)
    const body = new Uint8Array(2_000_000).fill(9)
    const { cid } = await mine.add(bytesSource(body))
    expect(await theirs.block.has(cid)).toBe(false)
    expect(await collect(await theirs.cat(cid))).toEqual(body)
    expect(await theirs.bitswap.stat()).toMatchObject({ blocksReceived: 3, wanted: 0 })
    expect((await theirs.bitswap.stat()).bytesReceived).toBeGreaterThan(2_000_000)
    expect(await theirs.bitswap.wantlist()).toEqual([])
    // Told once a second.
    const bytesIn = async (): Promise<number> => (await theirs.stats.bandwidth()).bytesIn
    await expect.poll(bytesIn, { timeout: 10_000 }).toBeGreaterThan(0)
    expect((await mine.id({ peer: id })).id).toBe(id)
  })

  it('pass messages by topics that are any text, whole and to every subscriber (B-IPFS-5)', async () => {
    const topic = 'news/ä? &'
    const data = new Uint8Array([0, 255, 10, 13, 128])
    const controller = new AbortController()
    const messages = await theirs.pubsub.subscribe(topic, { signal: controller.signal })
    expect(await theirs.pubsub.topics()).toEqual([topic])
    const { id } = await mine.id()
    await expect.poll(() => mine.pubsub.peers(topic), { timeout: 10_000 }).toHaveLength(1)
    const came: PubsubMessage[] = []
    const listening = (async () => {
      for await (const message of messages) {
        came.push(message)
        if (came.length === 2) break
      }
    })()
    await mine.pubsub.publish(topic, data)
    await mine.pubsub.publish(topic, bytesOf('second'))
    await listening
    expect(came.map((message) => [message.from, message.topics])).toEqual([
      [id, [topic]],
      [id, [topic]],
    ])
    expect(came[0]?.data).toEqual(data)
    await expect.poll(() => theirs.pubsub.topics()).toEqual([])
  })

  it('end a subscription with the signal, as it was cancelled', async () => {
    const controller = new AbortController()
    const messages = await mine.pubsub.subscribe('quiet', { signal: controller.signal })
    const listening = all(messages)
    controller.abort()
    expect(await codeOf(listening)).toBe('Aborted')
  })
})

describe.skipIf(missing)('a node that asks who calls', () => {
  it('is Kubo with a token or a login; without, with a wrong one, or elsewhere it is PermissionDenied', async () => {
    for (const [secret, right] of [
      ['bearer:abc', { token: 'abc' }],
      ['basic:ann:pass', { user: 'ann', password: 'pass' }],
    ] as const) {
      await using node = await startKubo({ authorization: { secret, paths: ['/api/v0/id', '/api/v0/diag'] } })
      await using allowed = kubo({ url: node.api, ...right })
      await allowed.health()
      expect(await codeOf(allowed.repo.stat())).toBe('PermissionDenied')
      // Allowed although it is none of the paths: no sign of health.
      expect(await allowed.version()).toContain('0.42')
      for (const wrong of [{}, { token: 'wrong' }]) {
        await using refused = kubo({ url: node.api, ...wrong })
        expect(await codeOf(refused.health())).toBe('PermissionDenied')
      }
    }
  })
})
