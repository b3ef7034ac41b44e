// A2–A6, A14: the part of Kubo's API that is served, asked by a client that was made for Kubo, and by hand.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { create, type KuboRPCClient } from 'kubo-rpc-client'
import { expect, onTestFinished, test } from 'vitest'
import { ask, askJson, type Answer } from './ask.ts'
import { serveContent } from './content-server.ts'
import { serve, serveStore, withMethods, type Served } from './serve.ts'

const run = promisify(execFile)

async function started(): Promise<Served & { readonly client: KuboRPCClient }> {
  const served = await serveContent({ ipfsStore: 'files' })
  return { ...served, client: create({ url: served.base }) }
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

function sample(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => (index * index) >> 7)
}

/** A body of parts, as a form sends it. */
function form(files: Readonly<Record<string, string | Uint8Array>>): { headers: Record<string, string>; body: Buffer } {
  const parts = Object.entries(files).flatMap(([name, body]) => [
    Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
  return {
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: Buffer.concat([...parts, Buffer.from('--b--\r\n')]),
  }
}

const linesOf = (answer: Answer): Record<string, unknown>[] =>
  answer.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const hello = new TextEncoder().encode('hello world\n')
const helloV0 = 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'
const helloV1 = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'

test('kubo-rpc-client adds, reads, pins, lists and unpins (A2–A6)', async () => {
  const { client, store } = await started()
  const added = await client.add(hello)
  expect([added.cid.toString(), added.size, added.path]).toEqual([helloV0, 20, helloV0])
  expect((await client.add(hello, { cidVersion: 1 })).cid.toString()).toBe(helloV1)
  expect((await collected(client.cat(helloV0))).toString()).toBe('hello world\n')
  expect((await collected(client.cat(`/ipfs/${helloV1}`, { offset: 6, length: 5 }))).toString()).toBe('world')
  expect(await collected(client.cat(helloV1, { offset: 100 }))).toHaveLength(0)
  const pins = async (options: object = {}): Promise<unknown[]> => {
    const found: unknown[] = []
    for await (const { cid, type, name } of client.pin.ls(options)) found.push([cid.toString(), type, name])
    return found
  }
  expect(await pins()).toEqual([
    [helloV0, 'recursive', undefined],
    [helloV1, 'recursive', undefined],
  ])
  expect((await client.pin.rm(helloV0)).toString()).toBe(helloV0)
  await expect(client.pin.rm(helloV0)).rejects.toThrow(/not pinned/)
  expect((await client.pin.add(helloV1, { name: 'greeting' })).toString()).toBe(helloV1)
  expect(await pins({ names: true })).toEqual([[helloV1, 'recursive', 'greeting']])
  expect(await pins({ paths: [helloV1], type: 'recursive' })).toEqual([[helloV1, 'recursive', undefined]])
  await expect(pins({ paths: [helloV0] })).rejects.toThrow(/is not pinned/)
  expect((await store.pins.get(helloV1)).name).toBe('greeting')
})

test('kubo-rpc-client adds a large file with progress, and a tree, whose directories come last (A2)', async () => {
  const { client, store } = await started()
  const bytes = sample(5_000_000)
  const seen: number[] = []
  const options = { cidVersion: 1, progress: (count: number) => void seen.push(count) } as const
  const { cid } = await client.add([bytes], options)
  expect((await collected(client.cat(cid))).equals(bytes)).toBe(true)
  expect([seen.length > 1, seen.at(-1)]).toEqual([true, bytes.length])
  expect(seen).toEqual(seen.toSorted((one, other) => one - other))
  const names: string[] = []
  let root = ''
  const files = [
    { path: 'tree/späß.txt', content: 'one' },
    { path: 'tree/sub/b', content: 'two' },
    { path: 'tree/sub/c', content: new Uint8Array() },
    { path: 'tree/empty' },
  ]
  for await (const { path, cid: made } of client.addAll(files, { cidVersion: 1 })) {
    names.push(path)
    root = made.toString()
  }
  expect(names).toEqual(['tree/späß.txt', 'tree/sub/b', 'tree/sub/c', 'tree/sub', 'tree/empty', 'tree'])
  expect((await collected(client.cat(`${root}/sub/b`))).toString()).toBe('two')
  expect((await collected(client.cat(`${root}/späß.txt`))).toString()).toBe('one')
  expect(await store.pins.get(root)).toMatchObject({ mode: 'recursive' })
  const wrapped: string[] = []
  for await (const { path } of client.addAll([{ path: 'x', content: 'x' }], { wrapWithDirectory: true }))
    wrapped.push(path)
  expect(wrapped).toEqual(['x', ''])
})

test('curl adds and reads a file, by POST and by GET, with parameters in the query or as JSON (A14)', async () => {
  const { base } = await started()
  const folder = await mkdtemp(join(tmpdir(), 'kit-kubo-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'hello.txt'), hello)
  const curl = async (...words: string[]): Promise<string> =>
    (await run('curl', ['-sS', ...words], { cwd: folder })).stdout
  const added = JSON.parse(await curl('-F', 'file=@hello.txt', `${base}/api/v0/add`)) as unknown
  expect(added).toEqual({ Name: 'hello.txt', Hash: helloV0, Size: '20' })
  expect(await curl('-X', 'POST', `${base}/api/v0/cat?arg=${helloV0}`)).toBe('hello world\n')
  expect(await curl(`${base}/api/v0/cat?arg=${helloV0}&offset=6`)).toBe('world\n')
  const json = ['-H', 'Content-Type: application/json']
  const body = JSON.stringify({ arg: `/ipfs/${helloV0}`, offset: 1, length: 4 })
  expect(await curl(...json, '-d', body, `${base}/api/v0/cat`)).toBe('ello')
  expect(JSON.parse(await curl(`${base}/api/v0/pin/ls`))).toEqual({ Keys: { [helloV0]: { Type: 'recursive' } } })
  const listed = await curl(...json, '-d', '{"type":"direct"}', `${base}/api/v0/pin/ls`)
  expect(JSON.parse(listed)).toEqual({ Keys: {} })
  const removed = await curl(...json, '-d', JSON.stringify({ arg: [helloV0] }), `${base}/api/v0/pin/rm`)
  expect(JSON.parse(removed)).toEqual({ Pins: [helloV0] })
})

test('only-hash stores nothing, pin=false pins nothing, and a pin may have a name', async () => {
  const { base, store } = await started()
  const only = await ask(base, 'POST', '/api/v0/add?only-hash=true&cid-version=1', form({ a: hello }))
  expect(linesOf(only)).toEqual([{ Name: 'a', Hash: helloV1, Size: '12' }])
  expect(await store.blocks.has(helloV1)).toBe(false)
  await ask(base, 'POST', '/api/v0/add?pin=false&cid-version=1', form({ a: hello }))
  await expect(store.pins.get(helloV1)).rejects.toMatchObject({ code: 'NotFound' })
  await ask(base, 'POST', '/api/v0/add?pin-name=mine', form({ a: hello }))
  expect(await store.pins.get(helloV0)).toMatchObject({ name: 'mine' })
})

test('what would give another CID than is asked for is refused, and so is what is not known', async () => {
  const { base } = await started()
  for (const query of [
    'chunker=size-1024',
    'cid-version=1&chunker=size-262144',
    'raw-leaves=true',
    'hash=blake3',
    'trickle=true',
    'nocopy=1',
  ]) {
    const answer = await ask(base, 'POST', `/api/v0/add?${query}`, form({ a: 'a' }))
    expect([query, answer.status, answer.code]).toEqual([query, 422, 'Unsupported'])
    expect(answer.json()).toEqual({ Message: expect.stringMatching(/\w/), Code: 0, Type: 'error' })
  }
  for (const query of ['to-files=x', 'cid-version=2', 'pin=perhaps', 'arg=x', 'pin=true&pin=false', 'timeout=soon']) {
    const answer = await ask(base, 'POST', `/api/v0/add?${query}`, form({ a: 'a' }))
    expect([query, answer.status, answer.json()['Code']]).toEqual([query, 400, 1])
  }
})

test('bodies that are none, names that lead elsewhere and paths that are not there are refused in the form of Kubo', async () => {
  const { base, store } = await started()
  const boundary = { 'content-type': 'multipart/form-data; boundary=b' }
  const bodies: readonly (readonly [number, string, Record<string, string>])[] = [
    [415, 'x', {}],
    [415, 'x', { 'content-type': 'application/json' }],
    [400, '', boundary],
    [400, 'no boundary in it', boundary],
    [400, '--b--\r\n', boundary],
    [400, '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nbroken off', boundary],
    [400, `--b\r\n${'x'.repeat(40_000)}`, boundary],
    [400, form({ '../a': 'a' }).body.toString(), boundary],
    [400, form({ '%2E%2E': 'a' }).body.toString(), boundary],
    [400, form({ '%': 'a' }).body.toString(), boundary],
    [400, form({ 'a//b': 'a' }).body.toString(), boundary],
  ]
  for (const [status, body, headers] of bodies) {
    const answer = await ask(base, 'POST', '/api/v0/add', { body, headers })
    expect([body.slice(0, 60), answer.status, answer.json()]).toEqual([
      body.slice(0, 60),
      status,
      { Message: expect.any(String), Code: expect.any(Number), Type: 'error' },
    ])
  }
  for await (const { pins } of store.pins.list({})) expect(pins).toEqual([])
  const missing = await ask(base, 'POST', `/api/v0/cat?arg=${helloV1}`)
  expect([missing.status, missing.code, missing.json()['Type']]).toEqual([400, 'NotFound', 'error'])
  expect((await ask(base, 'POST', '/api/v0/cat')).json()['Message']).toMatch(/"arg" is required/)
  expect((await ask(base, 'GET', '/api/v0/add')).status).toBe(405)
  const notJson = await ask(base, 'POST', '/api/v0/cat', { body: 'arg=x' })
  expect([notJson.status, notJson.json()['Type']]).toEqual([415, 'error'])
  expect((await askJson(base, 'POST', '/api/v0/cat', { arg: { a: 1 } })).status).toBe(400)
  expect((await askJson(base, 'POST', '/api/v0/cat', [1])).status).toBe(400)
})

test('the same bytes twice without a name are added once, and a quoted name is what it says', async () => {
  const { base, client } = await started()
  const cids: string[] = []
  for await (const { cid } of client.addAll([{ content: hello }, { content: hello }])) cids.push(cid.toString())
  expect(cids).toEqual([helloV0, helloV0])
  const named = await ask(base, 'POST', '/api/v0/add', form({ 'a\\"b\\\\c': hello }))
  expect(linesOf(named)).toMatchObject([{ Name: 'a"b\\c', Hash: helloV0 }])
})

test('one name twice breaks the answer off, so that nobody takes it for whole', async () => {
  const { base } = await started()
  const first = form({ 'd/a': 'a' }).body.toString().replace('--b--\r\n', '')
  const body = first + form({ 'd/a': 'b' }).body.toString()
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  await expect(ask(base, 'POST', '/api/v0/add', { body, headers })).rejects.toThrow(/aborted|hang up|reset/i)
})

test('a body beyond the limit is TooLarge, and a client that goes away in the midst leaves no pin', async () => {
  const { base, store } = await serveContent({ ipfsStore: 'files', limits: { maxBodyBytes: 1_000_000 } })
  const large = await ask(base, 'POST', '/api/v0/add', form({ a: sample(1_000_001) }))
  expect([large.status, large.code, large.json()['Type']]).toEqual([413, 'TooLarge', 'error'])
  const { headers, body } = form({ a: sample(600_000) })
  const { hostname, port } = new URL(base)
  const going = request({ hostname, port, method: 'POST', path: '/api/v0/add', headers, agent: false })
  going.on('error', () => undefined)
  going.write(body.subarray(0, 400_000))
  await new Promise((resolve) => setTimeout(resolve, 100))
  going.destroy()
  expect(linesOf(await ask(base, 'POST', '/api/v0/add', form({ b: hello })))).toMatchObject([{ Hash: helloV0 }])
  const pins: string[] = []
  for await (const page of store.pins.list({})) pins.push(...page.pins.map(({ cid }) => cid))
  expect(pins).toEqual([helloV0])
})

test('a command takes no longer than its timeout', async () => {
  const { base, store } = await serveContent({ ipfsStore: 'files' })
  const { base: slow } = await serveStore(
    withMethods(store, {
      content: {
        ...store.content,
        async read(_path, _options, call) {
          if (call?.signal !== undefined) await once(call.signal, 'abort')
          call?.signal?.throwIfAborted()
          throw new Error('the call has no signal')
        },
      },
    }),
    { ipfsStore: 'files' },
  )
  const answer = await ask(slow, 'POST', `/api/v0/cat?arg=${helloV0}&timeout=50ms`)
  expect([answer.status, answer.json()['Message']]).toEqual([504, expect.stringContaining('context deadline exceeded')])
  expect((await ask(base, 'POST', `/api/v0/cat?arg=${helloV0}&timeout=1m30s`)).code).toBe('NotFound')
})

test('without a store that is named for it, it says so', async () => {
  const { base } = await serve('memory')
  const answer = await ask(base, 'POST', '/api/v0/add', form({ a: 'a' }))
  expect([answer.status, answer.code]).toEqual([422, 'Unsupported'])
  expect(answer.json()['Message']).toMatch(/--ipfs-store/)
})
