import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
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
    expect(['InvalidConfig', 'AlreadyExists']).toContain(await codeOf(store.put('x', 'y')))
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

describe('delete', () => {
  it('counts what is not there as success, keeps the parents, and removes no directory', async () => {
    await using store = openStore()
    const { delete: remove } = methods(store.backend)
    await store.put('a/b', 'c')
    await remove(context(), key('a/b'), {})
    await remove(context(), key('a/b'), {})
    await remove(context(), key('no/ne'), {})
    expect(await store.names()).toEqual(['a'])
    expect(await codeOf(remove(context(), key('a'), {}))).toBe('IsDirectory')
    expect(await codeOf(remove(context(), key(''), {}))).toBe('IsDirectory')
  })

  it('removes a link itself', async () => {
    await using store = openStore()
    await store.put('target', 'x')
    symlinkSync('target', join(store.root, 'link'))
    await methods(store.backend).delete(context(), key('link'), {})
    expect(await store.names()).toEqual(['target'])
  })
})

describe('copy and move', () => {
  it('copy gives another object with the attributes, and pins the source by `fromEtag`', async () => {
    await using store = openStore()
    const { copy } = methods(store.backend)
    const from = await store.put('a', 'text', { modified: new Date(1e12), mode: 0o640 })
    const to = await copy(context(), key('a'), key('d/b'), { fromEtag: from.etag })
    expect(to).toMatchObject({ key: 'd/b', size: 4, mode: 0o640, modified: new Date(1e12) })
    expect(await store.stat('d/b')).toEqual(to)
    await store.put('a', 'other')
    expect(await store.get('d/b')).toBe('text')
    expect(await codeOf(copy(context(), key('a'), key('e'), { fromEtag: from.etag }))).toBe('ConditionFailed')
    expect(await codeOf(copy(context(), key('none'), key('e'), {}))).toBe('NotFound')
    expect(await codeOf(copy(context(), key('d'), key('e'), {}))).toBe('IsDirectory')
    expect(await codeOf(copy(context(), key('a'), key('d/b'), { ifAbsent: true }))).toBe('AlreadyExists')
    expect(leftOver(store.root)).toEqual([])
  })

  it('move takes the old name away, and does nothing onto itself', async () => {
    await using store = openStore()
    const { move } = methods(store.backend)
    const before = await store.put('a', 'text')
    expect(await move(context(), key('a'), key('a'), {})).toEqual(before)
    const moved = await move(context(), key('a'), key('d/b'), {})
    expect(await store.stat('d/b')).toEqual(moved)
    expect(await codeOf(store.stat('a'))).toBe('NotFound')
    const again = await move(context(), key('d/b'), key('c'), { ifAbsent: true })
    expect(await store.stat('c')).toEqual(again)
    expect(await store.names()).toEqual(['c', 'd'])
    expect(await codeOf(move(context(), key('none'), key('x/y'), {}))).toBe('NotFound')
    expect(await codeOf(move(context(), key('d'), key('x'), {}))).toBe('IsDirectory')
    expect(await codeOf(move(context(), key('c'), key('d'), {}))).toBe('IsDirectory')
    expect(await codeOf(move(context(), key('c'), key('c'), { ifAbsent: true }))).toBe('AlreadyExists')
    expect(await store.names()).toEqual(['c', 'd'])
  })
})

describe('update, directories, links, usage', () => {
  it('update sets the named attributes and leaves the bytes', async () => {
    await using store = openStore()
    const { update } = methods(store.backend)
    await store.put('a', 'text', { mode: 0o600 })
    const later = await update(context(), key('a'), { modified: new Date(5e11) })
    expect(later).toMatchObject({ modified: new Date(5e11), mode: 0o600, size: 4 })
    expect(await update(context(), key('a'), { mode: 0o644 })).toMatchObject({ modified: new Date(5e11), mode: 0o644 })
    expect(await codeOf(update(context(), key('none'), { mode: 0o644 }))).toBe('NotFound')
    symlinkSync('a', join(store.root, 'link'))
    expect(await codeOf(update(context(), key('link'), { mode: 0o600 }))).toBe('Unsupported')
  })

  it('directories are made with their parents and removed when they are empty', async () => {
    await using store = openStore()
    const { directories } = methods(store.backend)
    await directories?.make(context(), key('a/b'))
    await directories?.make(context(), key('a/b'))
    await store.put('f', '')
    expect(await codeOf(directories?.make(context(), key('f')) ?? Promise.resolve())).toBe('AlreadyExists')
    expect(await codeOf(directories?.make(context(), key('f/x')) ?? Promise.resolve())).toBe('NotDirectory')
    const remove = (name: string): Promise<string> =>
      codeOf(directories?.remove(context(), key(name)) ?? Promise.resolve())
    expect(await remove('a')).toBe('NotEmpty')
    expect(await remove('f')).toBe('NotDirectory')
    expect(await remove('none')).toBe('NotFound')
    expect(await remove('a/b')).toBe('success')
    expect(await store.names()).toEqual(['a', 'f'])
  })

  it('links are kept as they are spelt, read through below the root, and never followed out of it', async () => {
    await using store = openStore()
    const { links } = methods(store.backend)
    await store.put('d/file', 'text')
    await links?.make(context(), key('in'), 'd/file')
    await links?.make(context(), key('out'), '/etc/hostname')
    await links?.make(context(), key('nowhere'), 'none')
    await links?.make(context(), key('circle'), 'circle')
    expect(await store.stat('in')).toMatchObject({ kind: 'link', target: 'd/file' })
    expect(await store.get('in')).toBe('text')
    expect(await codeOf(store.get('out'))).toBe('PermissionDenied')
    expect(await codeOf(store.get('nowhere'))).toBe('NotFound')
    expect(await codeOf(store.get('circle'))).toBe('NotFound')
    expect((await store.entries()).find((entry) => entry.key === 'out')).toMatchObject({
      kind: 'link',
      target: '/etc/hostname',
    })
    expect(await codeOf(links?.make(context(), key('in'), 'x') ?? Promise.resolve())).toBe('AlreadyExists')
  })

  it('usage tells what the filesystem tells', async () => {
    await using store = openStore()
    const { totalBytes = 0, freeBytes = 0, usedBytes } = await methods(store.backend).usage(context())
    expect(totalBytes).toBeGreaterThan(freeBytes)
    expect(usedBytes).toBeUndefined()
    await methods(store.backend).ping(context())
  })

  it('rejects at once what is aborted already, and everything after closing', async () => {
    await using store = openStore()
    await store.put('x', 'y')
    const all = methods(store.backend)
    const calls = (signal?: AbortSignal): Promise<unknown>[] => [
      all.stat(context(signal), key('x'), {}),
      all.read(context(signal), key('x'), {}),
      all.write(context(signal), key('x'), source('z'), {}),
      all.delete(context(signal), key('x'), {}),
      all.copy(context(signal), key('x'), key('y'), {}),
      all.move(context(signal), key('x'), key('y'), {}),
      all.update(context(signal), key('x'), {}),
      all.usage(context(signal)),
      all.open(context(signal), key('x'), 'read'),
      all.list(context(signal), key(''), {})[Symbol.asyncIterator]().next(),
      all.changes(context(signal))[Symbol.asyncIterator]().next(),
    ]
    for (const call of calls(AbortSignal.abort())) expect(await codeOf(call)).toBe('Aborted')
    expect(await store.names()).toEqual(['x'])
    await all.close()
    await all.close()
    for (const call of calls()) expect(await codeOf(call)).toBe('Aborted')
    expect(openBelow(store.root)).toEqual([])
  })

  it('sees what others do to the folder', async () => {
    await using store = openStore()
    mkdirSync(join(store.root, 'd'))
    writeFileSync(join(store.root, 'd/x'), 'foreign')
    const { etag } = await store.stat('d/x')
    utimesSync(join(store.root, 'd/x'), 1, 1)
    expect((await store.stat('d/x')).etag).not.toBe(etag)
    expect(await store.get('d/x')).toBe('foreign')
  })
})
