import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareKeys, type Capabilities, type StoreEntry } from '../../src/index.ts'
import { bare, bytesOf, chunked, codeOf, openScripted, rich } from '../scripted-backend.ts'

const keysOf = async (entries: AsyncIterable<StoreEntry>): Promise<string[]> => {
  const keys: string[] = []
  for await (const entry of entries) keys.push(entry.key)
  return keys
}

describe('what core makes for a backend that leaves it out', () => {
  it('reports it as emulated, and what it cannot make as absent', async () => {
    const { store } = await openScripted(bare)
    expect(store.capabilities.read).toMatchObject({ range: 'emulated', ifMatch: 'emulated', ifNoneMatch: 'emulated' })
    expect(store.capabilities.write).toMatchObject({ atomic: 'emulated', unknownSize: 'emulated' })
    expect(store.capabilities.list).toMatchObject({ recursive: 'emulated', after: 'emulated', ordered: 'emulated' })
    expect(store.capabilities.ops).toMatchObject({
      copy: 'emulated',
      deleteMany: 'emulated',
      move: 'native',
      ping: 'emulated',
    })
    expect(store.can('append')).toBe(false)
    expect(store.capabilities.write?.ifAbsent).toBeUndefined()
  })

  it('reads every range, bodies whole and streamed', async () => {
    const { store, backend } = await openScripted(bare)
    const bytes = bytesOf(1000)
    backend.put('a', bytes)
    const range = fc.oneof(
      fc.record({ from: fc.nat(1100), to: fc.nat(1100) }).filter(({ from, to }) => to >= from),
      fc.record({ from: fc.nat(1100) }),
      fc.record({ last: fc.nat(1100) }),
    )
    await fc.assert(
      fc.asyncProperty(range, fc.boolean(), async (wanted, streams) => {
        backend.fault = streams ? { body: (_seen, body) => chunked(body, 77) } : {}
        const from = 'last' in wanted ? Math.max(0, 1000 - wanted.last) : wanted.from
        if (from >= 1000 && !('last' in wanted)) {
          expect(await codeOf(store.read('a', { range: wanted }))).toBe('InvalidRange')
          return
        }
        await using reading = await store.read('a', { range: wanted })
        expect(reading.from).toBe(from)
        expect(await reading.bytes()).toEqual(bytes.slice(from, 'to' in wanted ? wanted.to : undefined))
      }),
    )
    expect(backend.openBodies).toBe(0)
  })

  it('checks conditions of reads by the etag, and frees the body of one that fails', async () => {
    const { store, backend } = await openScripted(bare)
    const etag = backend.put('a', 'x')
    backend.fault = { body: (_seen, body) => chunked(body, 1) }
    expect(await codeOf(store.read('a', { ifMatch: '"other"' }))).toBe('ConditionFailed')
    expect(await codeOf(store.read('a', { ifNoneMatch: etag }))).toBe('NotModified')
    expect(await codeOf(store.stat('a', { ifNoneMatch: etag }))).toBe('NotModified')
    expect(await (await store.read('a', { ifMatch: etag })).text()).toBe('x')
    expect(backend.openBodies).toBe(0)
  })

  it('replaces through a temporary name, so that no part is ever seen, and leaves none behind', async () => {
    const { store, backend } = await openScripted(bare)
    backend.put('d/a', 'old')
    const during: (string | undefined)[] = []
    const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      for (const part of ['one', 'two', 'three']) {
        yield new TextEncoder().encode(part)
        during.push(backend.text('d/a'))
      }
    }
    await store.write('d/a', source(), { size: 11 })
    expect(during).toEqual(['old', 'old', 'old'])
    expect(backend.text('d/a')).toBe('onetwothree')
    backend.fault = {
      before: ({ operation }) => {
        if (operation === 'move') throw new Error('no')
      },
    }
    expect(await codeOf(store.write('d/a', 'new'))).toBe('Unexpected')
    expect([...backend.files.keys()]).toEqual(['d/a'])
    expect(backend.text('d/a')).toBe('onetwothree')
  })

  it('takes a body of unknown length into memory up to a bound', async () => {
    const { store, backend } = await openScripted(bare)
    await store.write('a', chunked(bytesOf(1000), 100))
    expect(backend.files.get('a')?.bytes).toEqual(bytesOf(1000))
    expect(await codeOf(store.write('b', chunked(new Uint8Array(17 * 2 ** 20), 2 ** 20)))).toBe('TooLarge')
    expect(backend.files.has('b')).toBe(false)
  })

  it('makes missing parents where the store needs them, for bytes, streams and moves', async () => {
    const needs: Capabilities = {
      ...rich,
      write: { durable: 'process', attributes: [], atomic: 'native', unknownSize: 'native', parents: 'required' },
    }
    const { store, backend } = await openScripted(needs)
    await store.write('a/b/c', 'x')
    await store.write('a/d/e', chunked(bytesOf(10), 5))
    await store.write('f', 'y')
    expect([...backend.files.keys()].toSorted()).toEqual(['a/b/c', 'a/d/e', 'f'])
    expect(backend.count('directories.make')).toBe(2)
  })

  it('copies and moves within the store, with conditions and attributes', async () => {
    const capabilities: Capabilities = { ...rich, ops: { write: 'native', delete: 'native' } }
    const { store, backend } = await openScripted(capabilities)
    const { etag } = await store.write('a', 'x', { contentType: 'text/plain', metadata: { tag: 'v' } })
    const made = await store.copy('a', 'b', { ifAbsent: true, fromEtag: etag })
    expect(made).toMatchObject({ key: 'b', contentType: 'text/plain', metadata: { tag: 'v' } })
    expect(await codeOf(store.copy('a', 'b', { ifAbsent: true }))).toBe('AlreadyExists')
    expect(await codeOf(store.copy('a', 'c', { fromEtag: '"0"' }))).toBe('ConditionFailed')
    expect(await codeOf(store.copy('nothing', 'c'))).toBe('NotFound')
    await store.move('b', 'c')
    expect([...backend.files.keys()].toSorted()).toEqual(['a', 'c'])
    expect((await store.copy('c', 'c')).key).toBe('c')
    expect((await store.move('c', 'c')).key).toBe('c')
    expect(backend.text('c')).toBe('x')
  })

  it('deletes many, one result for each key', async () => {
    const { store, backend } = await openScripted(bare)
    for (let index = 0; index < 40; index++) backend.put(`k${index}`, 'x')
    backend.fault = {
      before: ({ operation, key }) => {
        if (operation === 'delete' && key === 'k7') throw new Error('stuck')
      },
    }
    const results = new Map<string, unknown>()
    for await (const { key, error } of store.deleteMany([...backend.files.keys(), 'absent', '../evil']))
      results.set(key, error)
    expect(results.size).toBe(42)
    expect(
      [...results]
        .filter(([, error]) => error !== undefined)
        .map(([key]) => key)
        .toSorted(),
    ).toEqual(['../evil', 'k7'])
    expect([...backend.files.keys()]).toEqual(['k7'])
  })

  for (const ordered of [undefined, 'native'] as const) {
    it(`lists recursively, ordered and after a key, over a listing that is ${ordered === undefined ? 'in no order' : 'in order'}`, async () => {
      const capabilities: Capabilities = { ...bare, list: { pageMax: 3, fields: ['size'], ordered } }
      const segment = fc.constantFrom('a', 'a-b', 'a.txt', 'b', 'é', '\u{1F600}', '\uffff')
      const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { maxLength: 25 }), name, async (names, after) => {
          const { store, backend } = await openScripted(capabilities)
          const files = names.filter((key) => !names.some((other) => other.startsWith(`${key}/`)))
          for (const key of files) backend.put(key, 'x')
          const all = [...files, ...backend.folders].toSorted(compareKeys)
          expect((await keysOf(store.list('', { recursive: true }))).toSorted(compareKeys)).toEqual(all)
          expect(await keysOf(store.list('', { recursive: true, ordered: true }))).toEqual(all)
          expect(await keysOf(store.list('', { recursive: true, after }))).toEqual(
            all.filter((key) => compareKeys(key, after) > 0),
          )
        }),
        { numRuns: 60 },
      )
    })
  }

  it('lists encoded keys in the order of keys, not of names', async () => {
    const capabilities: Capabilities = {
      ...bare,
      keys: { ...bare.keys, forbidden: ':' },
      list: { pageMax: 10, fields: ['size'], ordered: 'native', after: 'native', recursive: 'native' },
    }
    const { store } = await openScripted(capabilities)
    for (const key of ['a', 'b:c', 'd']) await store.write(key, 'x')
    expect(await keysOf(store.list('', { ordered: true }))).toEqual(['a', 'b:c', 'd'])
    expect(await keysOf(store.list('', { after: 'a' }))).toEqual(['b:c', 'd'])
    expect(store.capabilities.list).toMatchObject({ ordered: 'emulated', after: 'emulated' })
  })

  it('answers ping by looking at the root', async () => {
    const { store, backend } = await openScripted(bare)
    await store.ping()
    backend.fault = {
      before: () => {
        throw Object.assign(new Error('down'), { name: 'Error' })
      },
    }
    expect(await codeOf(store.ping())).toBe('Unexpected')
  })

  it('tells of an implied directory only when asked', async () => {
    const { store, backend } = await openScripted(bare)
    backend.files.set('p/q', { bytes: new Uint8Array(1), etag: '"1"' })
    expect(await codeOf(store.stat('p'))).toBe('NotFound')
    expect(await store.stat('p', { implied: true })).toMatchObject({ kind: 'directory', key: 'p' })
    expect(await codeOf(store.stat('nothing', { implied: true }))).toBe('NotFound')
  })
})

describe('gates', () => {
  it('refuse with Unsupported, before any I/O, what is not declared', async () => {
    const { store, backend } = await openScripted(bare)
    const calls: [string, Promise<unknown>][] = [
      ['append', store.append('a', 'x')],
      ['url', store.url('a', { expiresInSeconds: 1 })],
      ['ifAbsent', store.write('a', 'x', { ifAbsent: true })],
      ['ifMatch', store.write('a', 'x', { ifMatch: '"1"' })],
      ['contentType', store.write('a', 'x', { contentType: 'text/plain' })],
      ['version', store.stat('a', { version: '1' })],
      ['delete', store.delete('a', { ifMatch: '"1"' })],
      ['copy', store.copy('a', 'b', { ifAbsent: true })],
      ['usage', store.usage()],
      ['open', store.open('a', 'read')],
      ['upload', store.upload.start('a', {})],
      ['pins', store.pins.get('cid')],
      ['blocks', store.blocks.get('cid')],
    ]
    for (const [name, call] of calls) expect([name, await codeOf(call)]).toEqual([name, 'Unsupported'])
    const lists = [
      store.changes(),
      store.versions('a'),
      store.search({}),
      store.list('', { cursor: 'c' }),
      store.pins.list({}),
    ]
    for (const list of lists) expect(await codeOf(list[Symbol.asyncIterator]().next())).toBe('Unsupported')
    expect(backend.seen).toEqual([])
  })

  it('refuse a hash that nothing here can check', async () => {
    const { store, backend } = await openScripted(rich)
    expect(await codeOf(store.write('a', 'x', { hashes: { blake3: '00' } }))).toBe('Unsupported')
    expect(backend.files.size).toBe(0)
  })

  it('refuse hostile keys, ranges and metadata before any I/O', async () => {
    const { store, backend } = await openScripted(rich)
    for (const key of ['../a', '/a', 'a//b', 'a\0', '\ud800']) {
      for (const call of [
        store.stat(key),
        store.read(key),
        store.write(key, 'x'),
        store.delete(key),
        store.copy('a', key),
        store.move(key, 'b'),
      ]) {
        expect(await codeOf(call)).toBe('InvalidKey')
      }
      expect(await codeOf(store.list(key)[Symbol.asyncIterator]().next())).toBe('InvalidKey')
    }
    for (const range of [{ from: -1 }, { from: 0.5 }, { from: 2, to: 1 }, { last: -1 }, { from: Number.NaN }]) {
      expect(await codeOf(store.read('a', { range }))).toBe('InvalidRange')
    }
    const bad = [{ Upper: 'x' }, { 'a b': 'x' }, { a: 'line\nbreak' }, { a: '\ud800' }]
    for (const metadata of bad as Record<string, string>[])
      expect(await codeOf(store.write('a', 'x', { metadata }))).toBe('InvalidConfig')
    expect(await codeOf(store.write('a', 'x', { contentType: 'text/plain\r\nset-cookie: a=b' }))).toBe('InvalidConfig')
    expect(await codeOf(store.write('a', 'x', { ifMatch: 'W/"1"' }))).toBe('ConditionFailed')
    expect(await codeOf(store.write('a', 'x', { ifMatch: '"1"', ifAbsent: true }))).toBe('InvalidConfig')
    expect(backend.seen).toEqual([])
  })

  it('drop an attribute only where the configuration says so by name, and conditions never', async () => {
    const { store, backend } = await openScripted(bare)
    expect(await codeOf(store.write('a', 'x', { contentType: 'text/plain' }))).toBe('Unsupported')
    const { openStore } = await import('../../src/index.ts')
    const { scriptedPlugin } = await import('../scripted-backend.ts')
    const spec = { plugin: scriptedPlugin(backend), options: { onUnsupported: { contentType: 'drop' } } }
    const relaxed = await openStore(spec)
    await relaxed.write('a', 'x', { contentType: 'text/plain' })
    expect(await codeOf(relaxed.write('a', 'x', { cacheControl: 'no-store' }))).toBe('Unsupported')
    expect(await codeOf(relaxed.write('a', 'x', { ifAbsent: true }))).toBe('Unsupported')
  })
})

describe('the root', () => {
  it('is a directory, and no operation on one object reaches the backend with it', async () => {
    const { store, backend } = await openScripted(rich)
    expect(await store.stat('')).toEqual({ kind: 'directory', key: '' })
    const calls: Record<string, () => Promise<unknown>> = {
      read: () => store.read(''),
      write: () => store.write('', 'x'),
      delete: () => store.delete(''),
      copy: () => store.copy('', 'b'),
      'copy to': () => store.copy('a', ''),
      move: () => store.move('', 'b'),
      append: () => store.append('', 'x'),
      update: () => store.update('', {}),
    }
    for (const [name, call] of Object.entries(calls))
      expect([name, await codeOf(call())]).toEqual([name, 'IsDirectory'])
    expect(backend.seen).toEqual([])
  })
})

describe('what servers say otherwise', () => {
  it('means the same everywhere: failed conditions, and ranges of empty objects', async () => {
    const { store, backend } = await openScripted(rich)
    const { storageError } = await import('../../src/index.ts')
    const answer = (code: 'ConditionFailed' | 'NotFound' | 'InvalidRange') => (): void => {
      throw storageError(code, 'as the server says it')
    }
    backend.writing = async () => answer('ConditionFailed')()
    expect(await codeOf(store.write('a', 'x', { ifAbsent: true }))).toBe('AlreadyExists')
    backend.writing = async () => answer('NotFound')()
    expect(await codeOf(store.write('a', 'x', { ifMatch: '"1"' }))).toBe('ConditionFailed')
    const { read } = backend
    backend.read = async (context, key, options) =>
      options.range === undefined ? read.call(backend, context, key, options) : (answer('InvalidRange')() as never)
    backend.put('empty', '')
    backend.put('full', 'text')
    for (const range of [{ from: 0 }, { from: 0, to: 5 }, { last: 3 }]) {
      expect(await (await store.read('empty', { range })).bytes()).toHaveLength(0)
      expect(await codeOf(store.read('full', { range }))).toBe('InvalidRange')
    }
    expect(await codeOf(store.read('empty', { range: { from: 1 } }))).toBe('InvalidRange')
    expect(await (await store.read('full', { range: { from: 2, to: 2 } })).bytes()).toHaveLength(0)
    expect(await codeOf(store.read('full', { range: { from: 9, to: 9 } }))).toBe('InvalidRange')
  })

  it('a copy and a move under conditions that the store ignores go through this process', async () => {
    const { store, backend } = await openScripted({ ...rich, copy: undefined, move: undefined })
    expect(store.capabilities.copy).toEqual({ ifAbsent: 'emulated', ifMatch: 'emulated', fromEtag: 'emulated' })
    const etag = backend.put('a', 'x')
    await store.copy('a', 'b')
    await store.copy('a', 'c', { ifAbsent: true, fromEtag: etag })
    expect(backend.count('copy')).toBe(1)
    expect(await codeOf(store.move('a', 'b', { ifAbsent: true }))).toBe('AlreadyExists')
    expect(backend.count('move')).toBe(0)
    expect(backend.text('a')).toBe('x')
  })

  it('a copy of what is missing makes no directory', async () => {
    const { store, backend } = await openScripted({
      ...rich,
      write: { ...rich.write, durable: 'process', attributes: [], atomic: 'native', parents: 'required' },
    })
    expect(await codeOf(store.copy('nothing', 'new/dir/b'))).toBe('NotFound')
    expect(backend.folders.size).toBe(0)
    backend.put('file', 'x')
    backend.directories.make = async () => {
      const { storageError } = await import('../../src/index.ts')
      throw storageError('AlreadyExists', 'a file')
    }
    expect(await codeOf(store.write('file/below', 'x'))).toBe('NotDirectory')
  })

  it('temporary names are neither listed nor written', async () => {
    const { store, backend } = await openScripted(bare)
    backend.put('d/.kit-tmp-left-behind', 'x')
    backend.put('d/a', 'x')
    expect(await keysOf(store.list('d'))).toEqual(['d/a'])
    expect(await codeOf(store.write('d/.kit-tmp-mine', 'x'))).toBe('InvalidKey')
  })

  it('pages larger than asked for are cut', async () => {
    const { store, backend } = await openScripted({ ...bare, list: { pageMax: 1000, fields: ['size'] } })
    for (let index = 0; index < 10; index++) backend.put(`k${index}`, 'x')
    const list = backend.list.bind(backend)
    backend.list = (context, directory, options) => list(context, directory, { ...options, limit: 1000 })
    const sizes: number[] = []
    for await (const page of store.list('', { limit: 4 }).pages()) sizes.push(page.entries.length)
    expect(sizes).toEqual([4, 4, 2])
  })
})
