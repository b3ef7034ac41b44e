import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fs } from '../src/index.ts'
import {
  codeOf,
  collect,
  context,
  key,
  leftOver,
  methods,
  openBelow,
  openStore,
  source,
  stream,
  temporaryRoot,
} from './support.ts'

describe('the folder', () => {
  it('is made at the first use, not before (B-FS-1)', async () => {
    await using outer = openStore()
    const path = join(outer.root, 'a/b')
    await using store = openStore({ path })
    expect(existsSync(path)).toBe(false)
    await store.put('x', 'y')
    expect(readFileSync(join(path, 'x'), 'utf8')).toBe('y')
  })

  it('is not made with `create: false`: NotFound (B-FS-1)', async () => {
    await using outer = openStore()
    await using store = openStore({ path: join(outer.root, 'none'), create: false })
    expect(await codeOf(store.put('x', 'y'))).toBe('NotFound')
    expect(await codeOf(store.names())).toBe('NotFound')
    expect(existsSync(join(outer.root, 'none'))).toBe(false)
  })

  it('is refused when it is a file', async () => {
    await using outer = openStore()
    await outer.put('file', '')
    await using store = openStore({ path: join(outer.root, 'file') })
    expect(await codeOf(store.put('x', 'y'))).toBe('NotDirectory')
  })

  it('holds nothing but the objects after closing', async () => {
    const root = temporaryRoot()
    const store = openStore({ path: root })
    await store.put('a/b', 'c', {})
    await store.put('a/b', 'd', { ifMatch: (await store.stat('a/b')).etag })
    await store[Symbol.asyncDispose]()
    expect(existsSync(join(root, '.kit'))).toBe(false)
    expect(openBelow(root)).toEqual([])
    rmSync(root, { recursive: true })
  })
})

describe('the plugin', () => {
  it('is called fs, and also local and filesystem, and takes file: addresses (B-FS-1)', () => {
    expect([fs.type, ...fs.aliases, ...fs.schemes]).toEqual(['fs', 'local', 'filesystem', 'file'])
    expect(fs.address?.(new URL('file:///srv/a%20b'))).toEqual({ path: '/srv/a b' })
    expect(() => fs.address?.(new URL('file://host/srv'))).toThrow('file:///srv/photos')
    expect(fs.options.create.aliases).toEqual(['auto_create', 'autoCreate'])
  })

  it('says that a write survives a power cut only with `fsync`', () => {
    expect(fs.narrow?.({ path: '/x' }).write?.durable).toBe('process')
    expect(fs.narrow?.({ path: '/x', fsync: true }).write?.durable).toBe('power')
  })
})

describe('write', () => {
  it('gives the entry that stat, read and list give', async () => {
    await using store = openStore()
    const written = await store.put('a/b', 'text')
    expect(written).toMatchObject({ kind: 'file', key: 'a/b', size: 4, mode: 0o666 & ~process.umask() })
    expect(await store.stat('a/b')).toEqual(written)
    expect((await store.backend.read(context(), key('a/b'), {})).entry).toEqual(written)
    expect((await store.entries()).find((entry) => entry.key === 'a/b')).toEqual(written)
  })

  it('keeps `modified` to the millisecond and `mode` beyond the umask', async () => {
    await using store = openStore()
    for (const modified of [new Date(1_234_567_890_123), new Date(0), new Date(-1500)]) {
      const entry = await store.put('x', 'y', { modified, mode: 0o777 })
      expect([entry.modified, entry.mode]).toEqual([modified, 0o777])
      expect(statSync(join(store.root, 'x')).mode & 0o7777).toBe(0o777)
    }
  })

  it('gives every state an etag of its own, also with the same bytes and the same `modified`', async () => {
    await using store = openStore()
    const etags = new Set<string | undefined>()
    for (let round = 0; round < 200; round++) {
      etags.add((await store.put('x', 'same')).etag)
      etags.add((await store.put('x', 'same', { modified: new Date(1e12) })).etag)
    }
    expect(etags.size).toBe(400)
  })

  it('takes streams of chunks of any size', async () => {
    await using store = openStore()
    const sizes = [0, 1, 70_000, 3, 300_000, 100_000, 100_000, 100_000, 5, 1_048_576, 65_536]
    const parts = sizes.map((size, at) => new Uint8Array(size).fill(at + 1))
    const entry = await store.put('x', stream(parts))
    expect(entry.size).toBe(sizes.reduce((sum, size) => sum + size))
    expect(Buffer.compare(readFileSync(join(store.root, 'x')), Buffer.concat(parts))).toBe(0)
    expect((await store.put('empty', stream([]))).size).toBe(0)
  })

  it('publishes nothing when the body has another length than `size`', async () => {
    await using store = openStore()
    await store.put('x', 'old')
    expect(await codeOf(store.put('x', stream(['abc'], 4)))).toBe('Corrupt')
    expect(await codeOf(store.put('x', stream(['abc', 'de'], 4)))).toBe('Corrupt')
    expect(await codeOf(store.put('x', { ...source('abc'), size: 4 }))).toBe('Corrupt')
    expect(await store.get('x')).toBe('old')
    expect(leftOver(store.root)).toEqual([])
  })

  it('throws what the source threw, as it came, keeps the old value and leaves nothing', async () => {
    await using store = openStore()
    await store.put('x', 'old')
    const failure = Object.assign(new Error('mine'), { code: 'ENOENT' })
    const failing = async function* (): AsyncGenerator<string> {
      yield 'part'
      throw failure
    }
    await expect(store.put('x', stream(failing()))).rejects.toBe(failure)
    await expect(store.put('new/y', stream(failing()))).rejects.toBe(failure)
    expect(await store.names()).toEqual(['x'])
    expect(await store.get('x')).toBe('old')
    expect(leftOver(store.root)).toEqual([])
  })

  it('stops soon after an abort, though the source never gives anything, and ends the source', async () => {
    await using store = openStore()
    await store.put('x', 'old')
    const controller = new AbortController()
    let returned = false
    const hanging = {
      open: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          async return() {
            returned = true
            return { done: true as const, value: undefined }
          },
        }),
      }),
    }
    const writing = methods(store.backend).write(context(controller.signal), key('x'), hanging, {})
    setTimeout(() => controller.abort(), 20)
    expect(await codeOf(writing)).toBe('Aborted')
    expect(returned).toBe(true)
    expect(await store.get('x')).toBe('old')
    expect(leftOver(store.root)).toEqual([])
    expect(
      openBelow(store.root).filter((path) => path.includes('/.kit/tmp/') && path.split('/.kit/tmp/')[1]?.includes('/')),
    ).toEqual([])
  })

  it('refuses a directory with IsDirectory and a way through a file with NotDirectory', async () => {
    await using store = openStore()
    await store.put('a/b', 'c')
    for (const body of ['x', stream(['x'])]) expect(await codeOf(store.put('a', body))).toBe('IsDirectory')
    for (const body of ['x', stream(['x'])]) expect(await codeOf(store.put('a/b/c', body))).toBe('NotDirectory')
    expect(await codeOf(store.put('', 'x'))).toBe('IsDirectory')
  })

  it('replaces a link instead of writing through it', async () => {
    await using store = openStore()
    await store.put('target', 'old')
    symlinkSync('target', join(store.root, 'link'))
    expect((await store.put('link', 'new')).kind).toBe('file')
    expect([await store.get('target'), await store.get('link')]).toEqual(['old', 'new'])
  })

  it('makes parents only for a write that takes place', async () => {
    await using store = openStore()
    expect(await codeOf(store.put('a/b/c', 'x', { ifMatch: '"none"' }))).toBe('ConditionFailed')
    expect(await codeOf(store.put('a/b/c', stream(['x'], 9)))).toBe('Corrupt')
    expect(await store.names()).toEqual([])
    await store.put('a/b/c', 'x')
    expect(await store.names()).toEqual(['a', 'a/b', 'a/b/c'])
  })

  it('writes on after its directories and temporaries were removed behind it', async () => {
    await using store = openStore()
    await store.put('a/b/c', '1')
    rmSync(join(store.root, 'a'), { recursive: true })
    rmSync(join(store.root, '.kit'), { recursive: true })
    await store.put('a/b/c', '2')
    expect(await store.get('a/b/c')).toBe('2')
  })
})

describe('read', () => {
  it('gives small bodies whole and large ones as a stream, with any range', async () => {
    await using store = openStore()
    const all = new Uint8Array(3_000_001).map((_, at) => at * 7)
    await store.put('x', all)
    const ranges = [
      undefined,
      { from: 0, to: 1 },
      { from: 5 },
      { from: 1_048_575, to: 2_500_000 },
      { last: 10 },
      { last: 9e9 },
    ]
    for (const range of ranges) {
      const { body, from, entry } = await store.backend.read(context(), key('x'), { range })
      const end = range !== undefined && 'to' in range ? range.to : all.length
      expect(entry.size).toBe(all.length)
      expect(Buffer.compare(await collect(body), all.subarray(from, end))).toBe(0)
      expect(from).toBe(range === undefined ? 0 : 'last' in range ? Math.max(0, all.length - range.last) : range.from)
    }
    expect(openBelow(store.root).filter((path) => path.endsWith('/x'))).toEqual([])
  })

  it('refuses a range that starts at or beyond the end, save that of an empty object', async () => {
    await using store = openStore()
    await store.put('x', 'abc')
    await store.put('empty', '')
    const read = (name: string, from: number): Promise<unknown> =>
      store.backend.read(context(), key(name), { range: { from } })
    expect(await codeOf(read('x', 3))).toBe('InvalidRange')
    expect(await codeOf(read('x', 9))).toBe('InvalidRange')
    expect(await codeOf(read('empty', 1))).toBe('InvalidRange')
    expect(await codeOf(read('empty', 0))).toBe('success')
  })

  it('checks `ifMatch` and `ifNoneMatch` on read and stat', async () => {
    await using store = openStore()
    const { etag } = await store.put('x', 'abc')
    for (const method of ['read', 'stat'] as const) {
      const call = (options: object): Promise<unknown> => store.backend[method](context(), key('x'), options)
      expect(await codeOf(call({ ifMatch: etag }))).toBe('success')
      expect(await codeOf(call({ ifMatch: '"other"' }))).toBe('ConditionFailed')
      expect(await codeOf(call({ ifNoneMatch: etag }))).toBe('NotModified')
      expect(await codeOf(call({ ifNoneMatch: '"other"' }))).toBe('success')
    }
  })

  it('says what is wrong: nothing there, a directory, a way through a file', async () => {
    await using store = openStore()
    await store.put('a/b', 'c')
    expect(await codeOf(store.get('none'))).toBe('NotFound')
    expect(await codeOf(store.get('no/ne'))).toBe('NotFound')
    expect(await codeOf(store.get('a/b/c'))).toBe('NotFound')
    expect(await codeOf(store.stat('a/b/c'))).toBe('NotFound')
    expect(await codeOf(store.get('a'))).toBe('IsDirectory')
    expect(await codeOf(store.get(''))).toBe('IsDirectory')
    expect((await store.stat('a')).kind).toBe('directory')
    expect((await store.stat('')).kind).toBe('directory')
  })

  it('never waits for the other end of a pipe', async () => {
    await using store = openStore()
    execFileSync('mkfifo', [join(store.root, 'pipe')])
    expect(await codeOf(store.get('pipe'))).toBe('Unsupported')
    expect(await codeOf(store.stat('pipe'))).toBe('Unsupported')
    expect(await store.names()).toEqual([])
  })

  it('closes the file when a stream is left, started or not, and when the call is aborted', async () => {
    await using store = openStore()
    await store.put('x', new Uint8Array(4_000_000))
    const open = (): string[] => openBelow(store.root).filter((path) => path.endsWith('/x'))
    const read = async (signal?: AbortSignal): Promise<AsyncIterator<Uint8Array>> =>
      ((await store.backend.read(context(signal), key('x'), {})).body as AsyncIterable<Uint8Array>)[
        Symbol.asyncIterator
      ]()
    const unstarted = await read()
    expect(open()).toHaveLength(1)
    await unstarted.return?.()
    expect(open()).toEqual([])
    const started = await read()
    await started.next()
    await started.return?.()
    expect(open()).toEqual([])
    const controller = new AbortController()
    const aborted = await read(controller.signal)
    await aborted.next()
    controller.abort()
    expect(await codeOf(aborted.next())).toBe('Aborted')
    expect(open()).toEqual([])
  })

  it('finds out that a file was cut short while it was read', async () => {
    await using store = openStore()
    await store.put('x', new Uint8Array(8_000_000))
    const { body } = await store.backend.read(context(), key('x'), {})
    const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await iterator.next()
    writeFileSync(join(store.root, 'x'), 'short')
    const rest = async (): Promise<void> => {
      while ((await iterator.next()).done !== true);
    }
    expect(await codeOf(rest())).toBe('Corrupt')
    expect(openBelow(store.root).filter((path) => path.endsWith('/x'))).toEqual([])
  })

  it('says PermissionDenied where the system does', async () => {
    await using store = openStore()
    await store.put('x', 'abc')
    chmodSync(join(store.root, 'x'), 0)
    // Root may read everything.
    expect(await codeOf(store.get('x'))).toBe(process.getuid?.() === 0 ? 'success' : 'PermissionDenied')
  })
})
