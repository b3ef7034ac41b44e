import { collect } from '@kit/core'
import { cidOf, encodeUnixFs } from '@kit/content'
import { startKubo, tryProvide, whyMissing } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { noise } from './file-dag.ts'
import { blockMap, carType, honest, rawBlock, startTestGateway, type Block } from './hostile-gateway.ts'
import { addTree } from './kubo-content.ts'
import { opened } from './opened.ts'

function directory(entries: Readonly<Record<string, Block>>): Block {
  const links = Object.entries(entries).map(([name, { cid, bytes }]) => ({ name, cid, size: bytes.byteLength }))
  const bytes = encodeUnixFs({ type: 'directory', links })
  return { cid: cidOf('dag-pb', bytes), bytes }
}

const text = new TextEncoder().encode('what is there')
const file = rawBlock(text)
const evil = rawBlock(new TextEncoder().encode('something else'))
const inner = directory({ 'file.txt': file })
const root = directory({ inner, other: file })
const blocks = blockMap([file, inner, root])
const path = `${root.cid}/inner/file.txt`

describe('a path over a gateway', () => {
  it('is walked through verified directories, in one request', async () => {
    await using gateway = await startTestGateway(honest(blocks, () => [root.cid, inner.cid, file.cid]))
    await using store = await opened([gateway.url])
    expect(await (await store.read(path)).bytes()).toEqual(text)
    expect(gateway.seen.map((seen) => seen.path)).toEqual([`/ipfs/${path}`])
    expect(await store.content.stat(path)).toMatchObject({ kind: 'file', size: text.byteLength, cid: file.cid })
    expect(gateway.seen.at(-1)?.query.get('dag-scope')).toBe('block')
  })

  it('that is there is found, though the gateway says 404 of it', async () => {
    await using gateway = await startTestGateway((seen, response, self) => {
      if (seen.query.get('format') === 'car') return void response.writeHead(404).end('no such path')
      return honest(blocks)(seen, response, self)
    })
    await using store = await opened([gateway.url])
    expect(await (await store.read(path)).bytes()).toEqual(text)
  })

  it('that is not there is NotFound by the directory itself, whatever is sent along', async () => {
    const absent = `${root.cid}/inner/none.txt`
    await using gateway = await startTestGateway(honest(blocks, () => [root.cid, inner.cid, file.cid]))
    await using store = await opened([gateway.url])
    await expect(store.read(absent)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringMatching(/none\.txt/),
    })
    await expect(store.read(`${path}/below`)).rejects.toMatchObject({ code: 'NotDirectory' })
  })

  it('never leads through a directory that the gateway made up', async () => {
    const forged = { cid: inner.cid, bytes: directory({ 'file.txt': evil }).bytes }
    const lying = blockMap([root, forged, evil])
    await using gateway = await startTestGateway(honest(lying, () => [root.cid, forged.cid, evil.cid]))
    await using store = await opened([gateway.url])
    await expect(store.read(path)).rejects.toMatchObject({ code: 'Corrupt' })
    await expect(store.content.stat(path)).rejects.toMatchObject({ code: 'Corrupt' })
    await expect(Array.fromAsync(store.content.list(`${root.cid}/inner`))).rejects.toMatchObject({ code: 'Corrupt' })
    const sent = store.content.car(`${root.cid}/inner`, { scope: 'all' }).then((car) => collect(car))
    await expect(sent).rejects.toMatchObject({ code: 'Corrupt' })
  })

  it('with a name that is no name is InvalidKey, and asked of nobody', async () => {
    await using gateway = await startTestGateway(honest(blocks))
    await using store = await opened([gateway.url])
    for (const wrong of ['..', 'a//b', 'a/../b', '.', 'a\0b', '\ud800']) {
      await expect(store.content.read(`${root.cid}/${wrong}`, {})).rejects.toMatchObject({ code: 'InvalidKey' })
    }
    expect(gateway.seen).toEqual([])
  })

  it('begins with a CID: any other key is NotFound, and asked of nobody', async () => {
    await using gateway = await startTestGateway(honest(blocks))
    await using store = await opened([gateway.url])
    await expect(store.stat('docs/file.txt')).rejects.toMatchObject({ code: 'NotFound' })
    expect(gateway.seen).toEqual([])
  })

  it('has the CID as its etag, and conditions on it', async () => {
    await using gateway = await startTestGateway(honest(blocks, () => [root.cid, inner.cid, file.cid]))
    await using store = await opened([gateway.url])
    const etag = `"${file.cid}"`
    expect((await store.stat(path)).etag).toBe(etag)
    expect((await store.read(path, { ifMatch: etag })).entry.etag).toBe(etag)
    await expect(store.read(path, { ifNoneMatch: etag })).rejects.toMatchObject({ code: 'NotModified' })
    await expect(store.stat(path, { ifMatch: '"other"' })).rejects.toMatchObject({ code: 'ConditionFailed' })
  })

  it('of a CAR that comes without its content type is read all the same, for only the blocks count', async () => {
    await using gateway = await startTestGateway((seen, response, self) => {
      const { writeHead } = response
      response.writeHead = (status: number): typeof response => writeHead.call(response, status)
      return honest(blocks, () => [root.cid, inner.cid, file.cid])(seen, response, self)
    })
    await using store = await opened([gateway.url])
    expect(await (await store.read(path)).bytes()).toEqual(text)
    expect(carType).toContain('vnd.ipld.car')
  })
})

const missing = whyMissing(await tryProvide('kubo'))
if (missing !== undefined) process.stderr.write(`skipped: kubo: ${missing}\n`)

describe.skipIf(missing !== undefined)("a tree over Kubo's gateway", () => {
  it('is listed, read in part and exported as a CAR that Kubo takes in', async () => {
    await using kubo = await startKubo()
    const bytes = noise(3_000_000)
    const tree = await addTree(kubo, [
      { path: 'a/large.bin', bytes },
      { path: 'a/ö %2F?#&+.txt', bytes: text },
    ])
    await using store = await opened([kubo.gateway])
    const entries = (await Array.fromAsync(store.content.list(`${tree}/a`))).flatMap((page) => page.entries)
    expect(entries.map(({ key, size }) => [key, size])).toEqual([
      [`${tree}/a/large.bin`, bytes.byteLength],
      [`${tree}/a/ö %2F?#&+.txt`, text.byteLength],
    ])
    expect(await (await store.read(`${tree}/a/ö %2F?#&+.txt`)).bytes()).toEqual(text)
    const part = await store.content.read(`${tree}/a/large.bin`, { range: { last: 300_000 } })
    expect(part.from).toBe(2_700_000)
    expect(Buffer.compare(await collect(part.body), bytes.subarray(2_700_000))).toBe(0)
    const car = await collect(await store.content.car(tree, { scope: 'all' }))
    await using other = await startKubo()
    const form = new FormData()
    form.append('file', new Blob([car]))
    const imported = await fetch(`${other.api}/api/v0/dag/import?pin-roots=false`, { method: 'POST', body: form })
    expect(imported.status).toBe(200)
    await imported.text()
    await using copy = await opened([other.gateway])
    expect(Buffer.compare(await collect((await copy.content.read(`${tree}/a/large.bin`, {})).body), bytes)).toBe(0)
  })

  it('is served under the name localhost too, from which Kubo redirects', async () => {
    await using kubo = await startKubo()
    const tree = await addTree(kubo, [{ path: 'file', bytes: text }])
    await using store = await opened([kubo.gateway.replace('127.0.0.1', 'localhost')])
    await store.ping()
    expect(await (await store.read(`${tree}/file`)).bytes()).toEqual(text)
  })
})
