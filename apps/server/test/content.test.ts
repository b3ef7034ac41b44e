// Content, blocks, pins and collection over the API, on the embedded content store.
import { cidOf, encodeNode, readCar } from '@kit/content'
import { bytesSource, openStore } from '@kit/core'
import { memory } from '@kit/backend-memory'
import { expect, test } from 'vitest'
import { ask, askJson, type Answer } from './ask.ts'
import { serveContent } from './content-server.ts'
import { at, serveStore } from './serve.ts'

const call = { signal: new AbortController().signal }

/** Bytes that no two blocks share. */
function sample(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let state = seed
  for (let index = 0; index < size; index++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    bytes[index] = state >> 16
  }
  return bytes
}

async function add(base: string, bytes: Uint8Array, query = ''): Promise<string> {
  const answer = await ask(base, 'POST', at(`content${query}`), { body: bytes })
  expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"cid"')])
  return (answer.json()['entry'] as { readonly cid: string }).cid
}

const lines = (answer: Answer): Record<string, unknown>[] =>
  answer.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('a file is added, told of, and read whole, by range and on condition of its CID', async () => {
  const { base } = await serveContent()
  const bytes = sample(2_500_000)
  const cid = await add(base, bytes)
  expect(await add(base, bytes)).toBe(cid)
  const whole = await ask(base, 'GET', at(`content/${cid}`))
  expect([whole.status, whole.body.equals(bytes)]).toEqual([200, true])
  expect(whole.headers).toMatchObject({
    etag: `"${cid}"`,
    'cache-control': 'private, max-age=31536000, immutable',
    'content-length': '2500000',
    'content-disposition': 'attachment',
    'accept-ranges': 'bytes',
  })
  const part = await ask(base, 'GET', at(`content/${cid}`), { headers: { range: 'bytes=1048570-1048585' } })
  expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 1048570-1048585/2500000'])
  expect(part.body.equals(bytes.subarray(1_048_570, 1_048_586))).toBe(true)
  const last = await ask(base, 'GET', at(`content/${cid}`), { headers: { range: 'bytes=-5' } })
  expect([last.status, last.body.equals(bytes.subarray(-5))]).toEqual([206, true])
  const beyond = await ask(base, 'GET', at(`content/${cid}`), { headers: { range: 'bytes=2500000-' } })
  expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */2500000'])
  const same = await ask(base, 'GET', at(`content/${cid}`), { headers: { 'if-none-match': `"x", "${cid}"` } })
  expect([same.status, same.text, same.headers.etag]).toEqual([304, '', `"${cid}"`])
  const other = await ask(base, 'GET', at(`content/${cid}`), { headers: { 'if-match': '"x"' } })
  expect([other.status, other.code]).toEqual([412, 'ConditionFailed'])
  const ranged = { range: 'bytes=0-1', 'if-range': '"x"' }
  expect((await ask(base, 'GET', at(`content/${cid}`), { headers: ranged })).status).toBe(200)
  const head = await ask(base, 'HEAD', at(`content/${cid}`))
  expect([head.status, head.headers['content-length'], head.headers.etag]).toEqual([200, '2500000', `"${cid}"`])
  const entry = await ask(base, 'GET', at(`content/${cid}?format=entry`))
  expect(entry.json()['entry']).toMatchObject({ kind: 'file', cid, size: 2_500_000, etag: `"${cid}"` })
})

test('the profile decides over the CID, and one that is none is refused before the body is taken', async () => {
  const { base } = await serveContent()
  const hello = new TextEncoder().encode('hello world\n')
  expect(await add(base, hello)).toBe('bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4')
  expect(await add(base, hello, '?profile=unixfs-v0-2015')).toBe('QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o')
  const wrong = await ask(base, 'POST', at('content?profile=mine'), { body: hello })
  expect([wrong.status, wrong.code]).toEqual([400, 'InvalidConfig'])
})

test('a body that is cut off, or is not what its digest says, adds nothing', async () => {
  const { base, store } = await serveContent()
  const digest = { 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
  const wrong = await ask(base, 'POST', at('content?pin=true'), { body: sample(100_000), headers: digest })
  expect([wrong.status, wrong.code]).toEqual([400, 'Corrupt'])
  for await (const { pins } of store.pins.list({})) expect(pins).toEqual([])
})

test('empty content has a CID, and a range of it is all of it or 416', async () => {
  const { base } = await serveContent()
  const cid = await add(base, new Uint8Array())
  const whole = await ask(base, 'GET', at(`content/${cid}`))
  expect([whole.status, whole.headers['content-length']]).toEqual([200, '0'])
  expect((await ask(base, 'GET', at(`content/${cid}`), { headers: { range: 'bytes=0-9' } })).status).toBe(200)
  expect((await ask(base, 'GET', at(`content/${cid}`), { headers: { range: 'bytes=5-9' } })).status).toBe(416)
})

test('the tree of paths is read by CID too: directories by pages and lines, files below them, a CAR of all', async () => {
  const { base, store } = await serveContent()
  for (let index = 0; index < 25; index++) await store.write(`d/${index}.txt`, `file ${index}`)
  await store.write('d/sub/deep.txt', 'deep')
  const { cid } = await store.stat('d')
  const listed = await ask(base, 'GET', at(`content?path=${cid}`), { headers: { accept: 'application/x-ndjson' } })
  expect(listed.headers['content-type']).toBe('application/x-ndjson')
  const names = lines(listed).map(({ key }) => key)
  expect(names).toHaveLength(26)
  const paged: unknown[] = []
  let next: string | undefined
  do {
    const query = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`
    const page = (await ask(base, 'GET', at(`content?path=${cid}&limit=10${query}`))).json()
    paged.push(...(page['entries'] as { readonly key: string }[]).map(({ key }) => key))
    next = page['next'] as string | undefined
  } while (next !== undefined)
  expect(paged).toEqual(names)
  const deep = await ask(base, 'GET', at(`content/${cid}/sub/deep.txt`))
  expect([deep.status, deep.text]).toEqual([200, 'deep'])
  const directory = await ask(base, 'GET', at(`content/${cid}`))
  expect([directory.status, directory.code]).toEqual([409, 'IsDirectory'])
  const told = await ask(base, 'GET', at(`content/${cid}/sub?format=entry`))
  expect(told.json()['entry']).toMatchObject({ kind: 'directory', key: `${cid}/sub` })
  const file = await ask(base, 'GET', at(`content?path=${cid}/0.txt`))
  expect([file.status, file.code]).toEqual([409, 'NotDirectory'])
  const missing = await ask(base, 'GET', at(`content/${cid}/none`))
  expect([missing.status, missing.code]).toEqual([404, 'NotFound'])
  const forged = await ask(base, 'GET', at(`content?path=${cid}&cursor=10`))
  expect([forged.status, forged.code]).toEqual([400, 'InvalidConfig'])
})

test('a CAR goes out with every block once, and comes in with its roots, in another store', async () => {
  const [one, other] = [await serveContent(), await serveContent()]
  await one.store.write('d/a', sample(1_500_000))
  await one.store.write('d/b', 'b')
  const { cid = '' } = await one.store.stat('d')
  const car = await ask(one.base, 'GET', at(`content/${cid}?format=car`))
  expect([car.status, car.headers['content-type']]).toEqual([200, 'application/vnd.ipld.car; version=1'])
  async function* stream(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield new Uint8Array(car.body)
  }
  await using read = await readCar(stream(), call)
  expect(read.roots).toEqual([cid])
  const blocks: string[] = []
  for await (const block of read.blocks) blocks.push(block.cid)
  expect([blocks[0], new Set(blocks).size]).toEqual([cid, blocks.length])
  const taken = await ask(other.base, 'POST', at('content?format=car&pin'), { body: car.body })
  expect([taken.status, taken.json()['roots']]).toEqual([201, [cid]])
  const part = await ask(other.base, 'GET', at(`content/${cid}/a`), { headers: { range: 'bytes=1048576-1048579' } })
  expect(part.body.equals(sample(1_500_000).subarray(1_048_576, 1_048_580))).toBe(true)
  expect((await ask(other.base, 'GET', at(`pins/${cid}`))).json()['pin']).toMatchObject({ cid, mode: 'recursive' })
  const block = await ask(one.base, 'GET', at(`content/${cid}?format=car&scope=block`))
  expect(block.body.length).toBeLessThan(400)
  for (const query of ['?scope=all', '?format=zip', '?format=car&scope=half', '?format=car&format=car']) {
    expect([query, (await ask(one.base, 'GET', at(`content/${cid}${query}`))).status]).toEqual([query, 400])
  }
})

test('a CAR with a wrong block, and one that is cut off, are refused as what the client sent', async () => {
  const { base, store } = await serveContent()
  const { cid } = await store.content.put(bytesSource(sample(1_200_000)), { profile: 'unixfs-v1-2025' })
  const car = (await ask(base, 'GET', at(`content/${cid}?format=car`))).body
  const other = await serveContent()
  const flipped = Buffer.from(car)
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1
  for (const body of [flipped, car.subarray(0, -10), Buffer.from('no CAR at all')]) {
    const answer = await ask(other.base, 'POST', at('content?format=car&pin=true'), { body })
    expect([answer.status, answer.code]).toEqual([400, 'Corrupt'])
  }
  for await (const { pins } of other.store.pins.list({})) expect(pins).toEqual([])
})

test('blocks of any codec are put, had and got, and bytes that are not those of the CID are refused', async () => {
  const { base } = await serveContent()
  const { cid, bytes } = encodeNode('dag-cbor', { hello: 'world' })
  expect((await ask(base, 'HEAD', at(`blocks/${cid}`))).status).toBe(404)
  expect((await ask(base, 'PUT', at(`blocks/${cid}`), { body: bytes })).json()).toMatchObject({ success: true, cid })
  const got = await ask(base, 'GET', at(`blocks/${cid}`))
  expect([got.status, got.body.equals(bytes), got.headers['content-type'], got.headers.etag]).toEqual([
    200,
    true,
    'application/vnd.ipld.raw',
    `"${cid}"`,
  ])
  const same = await ask(base, 'GET', at(`blocks/${cid}`), { headers: { 'if-none-match': `"${cid}"` } })
  expect([same.status, same.text]).toEqual([304, ''])
  expect((await ask(base, 'HEAD', at(`blocks/${cid}`))).status).toBe(200)
  const raw = cidOf('raw', sample(3000))
  const inChunks = new Blob([sample(3000)]).stream()
  const put = await fetch(base + at(`blocks/${raw}`), { method: 'PUT', body: inChunks, duplex: 'half' })
  expect(put.status).toBe(200)
  const wrong = await ask(base, 'PUT', at(`blocks/${raw}`), { body: sample(3001) })
  expect([wrong.status, wrong.code]).toEqual([400, 'Corrupt'])
  const large = sample(2 ** 22)
  const beyond = await ask(base, 'PUT', at(`blocks/${cidOf('raw', large)}`), { body: large })
  expect([beyond.status, beyond.code]).toEqual([413, 'TooLarge'])
  const none = await ask(base, 'GET', at('blocks/none'))
  expect([none.status, none.code]).toEqual([400, 'InvalidKey'])
})

test('what is not pinned is collected, told block by block; what is pinned stays', async () => {
  const { base } = await serveContent()
  const kept = await add(base, sample(1_500_000, 1), '?pin=true')
  const lost = await add(base, sample(1_500_000, 2))
  const named = await askJson(base, 'POST', at('pins'), { cid: kept, name: 'mine', metadata: { of: 'test' } })
  expect(named.json()['pin']).toMatchObject({ cid: kept, mode: 'recursive', name: 'mine', status: 'pinned' })
  const gone = await ask(base, 'POST', at('collect'), { headers: { accept: 'application/x-ndjson' } })
  expect([gone.status, gone.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
  expect(lines(gone).map(({ cid }) => cid)).toContain(lost)
  expect(lines(gone).map(({ cid }) => cid)).not.toContain(kept)
  expect((await ask(base, 'GET', at(`content/${lost}`))).status).toBe(404)
  expect((await ask(base, 'GET', at(`content/${kept}`))).body.equals(sample(1_500_000, 1))).toBe(true)
  expect((await ask(base, 'DELETE', at(`pins/${kept}`))).status).toBe(204)
  expect((await ask(base, 'DELETE', at(`pins/${kept}`))).code).toBe('NotFound')
  const counted = (await ask(base, 'POST', at('collect'))).json()
  expect(counted).toMatchObject({ success: true, blocks: 3 })
  expect(counted['bytes']).toBeGreaterThan(1_500_000)
})

test('pins are listed by pages, as lines, by name and by mode', async () => {
  const { base } = await serveContent()
  const cids: string[] = []
  for (let index = 0; index < 7; index++) {
    const cid = await add(base, sample(10, index))
    cids.push(cid)
    await askJson(base, 'POST', at('pins'), { cid, name: `pin ${index}`, mode: index < 2 ? 'direct' : 'recursive' })
  }
  const paged: unknown[] = []
  let next: string | undefined
  do {
    const query = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`
    const page = (await ask(base, 'GET', at(`pins?limit=3${query}`))).json()
    paged.push(...(page['pins'] as { readonly cid: string }[]).map(({ cid }) => cid))
    next = page['next'] as string | undefined
  } while (next !== undefined)
  expect(paged).toEqual(cids.toSorted())
  const all = await ask(base, 'GET', at('pins'), { headers: { accept: 'application/x-ndjson' } })
  expect(lines(all).map(({ cid }) => cid)).toEqual(cids.toSorted())
  const direct = (await ask(base, 'GET', at('pins?mode=direct'))).json()['pins']
  expect(direct).toHaveLength(2)
  const named = (await ask(base, 'GET', at('pins?name=pin%203'))).json()['pins']
  expect(named).toMatchObject([{ cid: cids[3], name: 'pin 3' }])
  expect((await ask(base, 'GET', at('pins?cursor=x'))).code).toBe('InvalidConfig')
  expect((await ask(base, 'GET', at('pins?mode=half'))).code).toBe('InvalidConfig')
})

test('an object becomes what it was in a kept version, under conditions, and is there again after it was deleted', async () => {
  const { base, store } = await serveContent()
  await store.write('a', 'one', { mode: 0o600 })
  const now = await store.write('a', 'two')
  const { entries } = (await ask(base, 'GET', at('versions/a'))).json() as {
    readonly entries: readonly { readonly version: string; readonly etag: string }[]
  }
  expect(entries).toHaveLength(2)
  const version = entries[1]?.version
  const stale = await askJson(base, 'POST', at('restore'), { key: 'a', version, ifMatch: '"x"' })
  expect([stale.status, stale.code]).toEqual([412, 'ConditionFailed'])
  const restored = await askJson(base, 'POST', at('restore'), { key: 'a', version, ifMatch: now.etag })
  expect(restored.json()['entry']).toMatchObject({ key: 'a', size: 3, mode: 0o600 })
  expect(await (await store.read('a')).text()).toBe('one')
  await store.delete('a')
  expect((await askJson(base, 'POST', at('restore'), { key: 'a', version, ifAbsent: true })).status).toBe(200)
  expect(await (await store.read('a')).text()).toBe('one')
  const none = await askJson(base, 'POST', at('restore'), { key: 'a', version: 'none' })
  expect(none.status).toBeGreaterThanOrEqual(400)
})

test('the difference of two versions of the tree is told path by path', async () => {
  const { base, store } = await serveContent()
  await store.write('same/a', 'a')
  await store.write('d/changed', 'one')
  const { version: first = '' } = await store.write('gone/deep/x', 'x')
  await store.write('d/changed', 'two')
  await store.delete('gone/deep/x')
  await store.directories.remove('gone/deep')
  await store.directories.remove('gone')
  await store.write('gone', 'a file now')
  const { version: last = '' } = await store.write('new/y', 'y')
  const answer = await ask(base, 'GET', at(`diff?from=${first}/root&to=${last}/root`))
  const told = lines(answer).map(({ path, change, kind }) => [path, change, kind].join(' '))
  expect(told.toSorted()).toEqual([
    'd changed directory',
    'd/changed changed file',
    'gone added file',
    'gone removed directory',
    'gone/deep removed directory',
    'gone/deep/x removed file',
    'new added directory',
    'new/y added file',
  ])
  expect((await ask(base, 'GET', at(`diff?from=${last}/root&to=${last}/root`))).text).toBe('')
  const all = lines(await ask(base, 'GET', at(`diff?to=${first}/root`)))
  expect(all.every(({ change }) => change === 'added')).toBe(true)
})

test('a store without content refuses all of it by name, before anything is sent', async () => {
  const { base } = await serveStore(await openStore(memory({}), { name: 'files' }))
  const cid = cidOf('raw', sample(1))
  for (const [method, path] of [
    ['GET', `content/${cid}`],
    ['GET', `content?path=${cid}`],
    ['POST', 'content'],
    ['GET', `blocks/${cid}`],
    ['GET', 'pins'],
    ['POST', 'collect'],
    ['GET', 'ipns/self'],
  ] as const) {
    const answer = await ask(base, method, at(path))
    expect([path, answer.status, answer.code]).toEqual([path, 422, 'Unsupported'])
  }
})

test('the store behind it is not believed: a block with other bytes is Corrupt, and none of it is sent', async () => {
  const { base, store } = await serveContent()
  const lying = new Proxy(store, {
    get: (target, name) => {
      if (name === 'blocks') return { ...target.blocks, get: async () => sample(10) }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { base: second } = await serveStore(lying)
  const cid = await add(base, sample(9))
  const answer = await ask(second, 'GET', at(`blocks/${cid}`))
  expect([answer.status, answer.code]).toEqual([502, 'Corrupt'])
})
