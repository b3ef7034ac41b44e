import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import {
  type Backend,
  bytesSource,
  type ByteStream,
  type Bytes,
  collect,
  definePlugin,
  openStore,
  type Plugin,
  storageError,
  type Store,
  type StoreSpec,
} from '@kit/core'
import { temporaryFolder } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { addressable, cidOf, contentOverPaths, encodeNode, importFile } from '../../src/index.ts'
import { memoryBlocks } from '../directories/memory-blocks.ts'
import { codeOf, context } from '../paths/subject.ts'

const profiles = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const

function sample(length: number): Bytes {
  const bytes = new Uint8Array(length)
  for (let at = 0, value = 1; at < length; at++) bytes[at] = (value = (value * 16_807) % 2_147_483_647) & 0xff
  return bytes
}

/** The Backend form in which a wrapper gets a store. */
async function backendOf(spec: StoreSpec): Promise<{ store: Store; backend: Backend }> {
  let below: Backend | undefined
  const capture: Plugin<{ over: StoreSpec }> = definePlugin<{ over: StoreSpec }>({
    contract: 0,
    type: 'capture',
    options: { over: { type: 'store', description: 'Captured.' } },
    capabilities: (await openStore(memory({}))).capabilities,
    open(_, { over: [first] }) {
      if (first === undefined) throw new Error('nothing is below')
      below = first
      return first
    },
  })
  const store = await openStore(capture({ over: spec }))
  if (below === undefined) throw new Error('nothing was captured')
  return { store, backend: below }
}

async function read(backend: Backend, path: string, range?: { from: number; to?: number }): Promise<Bytes> {
  const result = await backend.content?.read(context, path, { range })
  return await collect(result?.body ?? new Uint8Array())
}

const put = async (
  backend: Backend,
  body: Bytes | (() => ByteStream),
  profile: (typeof profiles)[number],
): Promise<string> => {
  const source = body instanceof Uint8Array ? bytesSource(body) : { open: () => body() }
  const entry = await backend.content?.put?.(context, source, { profile })
  return entry?.cid ?? ''
}

async function* inChunks(bytes: Bytes, length: number): ByteStream {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.slice(at, at + length)
}

describe.each(profiles)('content of %s over a store of paths', (profile) => {
  it('has the CID that it has everywhere, whatever its size and however it comes', async () => {
    const { backend } = await backendOf(memory({}))
    const content = contentOverPaths(backend)
    const chunk = profile === 'unixfs-v1-2025' ? 1 << 20 : 256 << 10
    for (const length of [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk + 17]) {
      const bytes = sample(length)
      const { cid } = await importFile(bytesSource(bytes), memoryBlocks(), { profile, signal: context.signal })
      expect(await put(content, bytes, profile)).toBe(cid)
      expect(await put(content, () => inChunks(bytes, 100_000), profile)).toBe(cid)
      expect(Buffer.compare(await read(content, cid), bytes)).toBe(0)
      expect((await content.content?.stat(context, cid))?.size).toBe(length)
      if (length > chunk) {
        for (const [from, to] of [
          [0, 1],
          [chunk - 1, chunk + 1],
          [length - 5, length],
        ] as const) {
          expect(Buffer.compare(await read(content, cid, { from, to }), bytes.subarray(from, to))).toBe(0)
        }
      }
    }
  }, 30_000)

  it('is read in part without the rest, each part checked', async () => {
    const { backend } = await backendOf(memory({}))
    const bytes = sample(6 << 20)
    const cid = await put(contentOverPaths(backend), bytes, profile)
    let pulled = 0
    const counting: Backend = {
      ...backend,
      async read(...given) {
        const result = await backend.read(...given)
        const body = await collect(result.body)
        pulled += body.byteLength
        return { ...result, body }
      },
    }
    expect(await read(contentOverPaths(counting), cid, { from: 3_000_000, to: 3_000_010 })).toEqual(
      bytes.slice(3_000_000, 3_000_010),
    )
    expect(pulled).toBeLessThan(1.2 * (1 << 20))
  })

  it('is a plain file beside its inner nodes, found whole by other programs', async () => {
    await using folder = await temporaryFolder('cas')
    await using store = await openStore(addressable({ over: fs({ path: folder.path }) }))
    const bytes = sample(3 << 20)
    const { cid = '' } = await store.content.put(bytesSource(bytes), { profile })
    const path = join(folder.path, '.content/files', cid.slice(-3, -1))
    expect((await readdir(path)).toSorted()).toEqual([cid, `${cid}.car`])
    expect(Buffer.compare(await readFile(join(path, cid)), bytes)).toBe(0)
  })

  it('that was changed on the disk is Corrupt, and never given', async () => {
    await using folder = await temporaryFolder('cas')
    await using store = await openStore(addressable({ over: fs({ path: folder.path }), layers: { retry: false } }))
    const bytes = sample(3 << 20)
    const { cid = '' } = await store.content.put(bytesSource(bytes), { profile })
    const small = (await store.content.put(bytesSource(sample(1000)), { profile })).cid ?? ''
    const all = async (name: string): Promise<string> => {
      const got = store.content
        .read(name, {})
        .then(async ({ body }) => Buffer.compare(await collect(body), name === cid ? bytes : sample(1000)))
      return await codeOf(got.then((same) => (same === 0 ? undefined : Promise.reject(new Error('wrong bytes')))))
    }
    const body = join(folder.path, '.content/files', cid.slice(-3, -1), cid)
    const block = join(folder.path, '.content/blocks', small.slice(-3, -1), small)
    for (const [file, name] of [
      [body, cid],
      [`${body}.car`, cid],
      [block, small],
    ] as const) {
      const right = await readFile(file)
      for (const wrong of [
        Buffer.concat([
          right.subarray(0, right.length >> 1),
          Buffer.from([(right[right.length >> 1] ?? 0) ^ 1]),
          right.subarray((right.length >> 1) + 1),
        ]),
        right.subarray(0, -1),
        Buffer.alloc(0),
      ]) {
        await writeFile(file, wrong)
        expect(await all(name)).toBe('Corrupt')
      }
      await writeFile(file, right)
      expect(await all(name)).toBe('success')
    }
  })
})

describe('content over paths', () => {
  it('leaves nothing of a body that fails, whose failure is told as it is', async () => {
    const { backend } = await backendOf(memory({}))
    const content = contentOverPaths(backend)
    const failure = new TypeError('of the source')
    async function* failing(): ByteStream {
      yield* inChunks(sample(3 << 20), 1 << 20)
      throw failure
    }
    await expect(put(content, failing, 'unixfs-v1-2025')).rejects.toBe(failure)
    expect(await allKeys(backend)).toEqual([])
    const controller = new AbortController()
    async function* stalling(): ByteStream {
      yield sample(1 << 20)
      controller.abort()
      await new Promise(() => undefined)
    }
    const stalled = content.content?.put?.(
      { ...context, signal: controller.signal },
      { open: stalling },
      { profile: 'unixfs-v1-2025' },
    )
    expect(await codeOf(stalled ?? Promise.resolve())).toBe('Aborted')
    expect(await allKeys(backend)).toEqual([])
  })

  it('is whole or not there where the N-th call below fails, for every N', async () => {
    const bytes = sample((2 << 20) + 5)
    for (let failing = 1; ; failing++) {
      const { backend } = await backendOf(memory({}))
      let calls = 0
      const fault = (): void => {
        if (++calls === failing) throw storageError('Unavailable', 'as the test says')
      }
      const broken: Backend = {
        ...backend,
        stat: async (...given) => (fault(), backend.stat(...given)),
        write: async (...given) => (fault(), backend.write?.(...given)),
        move: async (...given) => (fault(), backend.move?.(...given)),
        delete: async (...given) => (fault(), backend.delete?.(...given)),
      }
      const { cid } = await importFile(bytesSource(bytes), memoryBlocks(), {
        profile: 'unixfs-v1-2025',
        signal: context.signal,
      })
      const code = await codeOf(put(contentOverPaths(broken), bytes, 'unixfs-v1-2025'))
      const content = contentOverPaths(backend)
      expect(await codeOf(read(content, cid))).toBe(code === 'success' ? 'success' : 'NotFound')
      expect((await allKeys(backend)).filter((key) => key.includes('staged'))).toEqual([])
      expect(await put(content, bytes, 'unixfs-v1-2025')).toBe(cid)
      expect(Buffer.compare(await read(content, cid), bytes)).toBe(0)
      if (calls < failing) break
    }
  })

  it('is hidden from the paths, and a name like its folder is a name like any other', async () => {
    await using store = await openStore(addressable({ over: memory({}) }))
    const { cid = '' } = await store.content.put(bytesSource(sample(3 << 20)), { profile: 'unixfs-v1-2025' })
    await store.write('a/b', 'x')
    await store.write('.content/mine', 'y')
    for (const recursive of [true, false]) {
      const keys: string[] = []
      for await (const { key } of store.list('', { recursive })) keys.push(key)
      expect(keys.toSorted()).toEqual(recursive ? ['.content/mine', 'a/b'] : ['.content', 'a'])
    }
    expect(await (await store.read('.content/mine')).text()).toBe('y')
    expect(await codeOf(store.read(`.content/files/${cid.slice(-3, -1)}/${cid}`))).toBe('NotFound')
    await store.delete('.content/mine')
    expect(await store.blocks.has(cid)).toBe(true)
  })

  it('goes to another store as a CAR, and comes back', async () => {
    await using one = await openStore(addressable({ over: memory({}) }))
    await using other = await openStore(addressable({ over: memory({}) }))
    const bytes = sample(3 << 20)
    const { cid = '' } = await one.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025', pin: true })
    const car = await one.content.car(cid, { scope: 'all' })
    let opened = false
    const source = { open: () => (opened ? null : ((opened = true), car)) }
    expect(await other.content.importCar(source, { pin: true })).toEqual([cid])
    const { body } = await other.content.read(cid, {})
    expect(Buffer.compare(await collect(body), bytes)).toBe(0)
    expect((await other.pins.get(cid)).mode).toBe('recursive')
  })

  it('pins only what is there, all of it', async () => {
    await using store = await openStore(addressable({ over: memory({}) }))
    const missing = cidOf('raw', sample(10))
    const { cid, bytes } = encodeNode('dag-cbor', { child: { '/': missing } })
    expect(await codeOf(store.pins.add(cid, {}))).toBe('NotFound')
    await store.blocks.put(cid, bytes)
    expect(await codeOf(store.pins.add(cid, {}))).toBe('NotFound')
    expect((await store.pins.add(cid, { mode: 'direct', name: 'alone' })).mode).toBe('direct')
    await store.blocks.put(missing, sample(10))
    expect((await store.pins.add(cid, {})).mode).toBe('recursive')
    expect(await codeOf(store.pins.add(cid, { copies: { min: 2, max: 2 } }))).toBe('Unsupported')
    expect(await codeOf(store.blocks.put(missing, sample(11)))).toBe('Corrupt')
  })

  it('is refused over a store that answers to CIDs by itself, and of an unknown profile', async () => {
    expect(await codeOf(openStore(addressable({ over: addressable({ over: memory({}) }) })))).toBe('InvalidConfig')
    await using store = await openStore(addressable({ over: memory({}) }))
    expect(await codeOf(store.content.put(bytesSource(sample(1)), { profile: 'unixfs-v9' }))).toBe('InvalidConfig')
  })
})

async function allKeys({ list }: Backend): Promise<string[]> {
  const keys: string[] = []
  for await (const { entries } of list?.(context, '' as never, { recursive: true }) ?? [])
    keys.push(...entries.map(({ key }) => key))
  return keys
}
