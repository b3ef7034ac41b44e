import { bytesSource, collect, errorCode, type Bytes, type Entry } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidFromBytes, cidOf, parseCid } from '../../src/cid/index.ts'
import { encodeNode } from '../../src/codecs/index.ts'
import { contentOf } from '../../src/reader/index.ts'
import { importTree, type TreeEntry } from '../../src/trees/index.ts'
import { encodeUnixFs } from '../../src/unixfs/index.ts'
import { memoryBlocks, type MemoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const signal = never
const text = (body: string): Bytes => new TextEncoder().encode(body)
const file = (path: string, body: string): TreeEntry => ({ kind: 'file', path, source: bytesSource(text(body)) })
const link = (path: string, target: string): TreeEntry => ({ kind: 'link', path, target })

async function tree(entries: readonly TreeEntry[]): Promise<{ readonly root: string; readonly blocks: MemoryBlocks }> {
  const blocks = memoryBlocks()
  const { cid } = await importTree(entries, blocks, { profile: 'unixfs-v1-2025', signal })
  return { root: cid, blocks }
}

async function code(work: Promise<unknown>): Promise<string | undefined> {
  return errorCode(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
}

async function entriesOf(blocks: MemoryBlocks, path: string): Promise<Entry[]> {
  const found: Entry[] = []
  for await (const { entries } of contentOf(blocks).list(path, { signal })) found.push(...entries)
  return found
}

describe('a path below a CID', () => {
  it('leads through directories, sharded ones too', async () => {
    const many = Array.from({ length: 6000 }, (_, index) =>
      file(`many/a name that is long enough ${index}`, `${index}`),
    )
    const { root, blocks } = await tree([file('a/b/c.txt', 'deep'), ...many])
    const content = contentOf(blocks)
    const { entry, body } = await content.read(`${root}/a/b/c.txt`, { signal })
    expect(entry).toMatchObject({ kind: 'file', key: `${root}/a/b/c.txt`, size: 4 })
    expect(await collect(body)).toEqual(text('deep'))
    blocks.reads.length = 0
    const found = await content.read(`${root}/many/a name that is long enough 4321`, { signal })
    expect(await collect(found.body)).toEqual(text('4321'))
    expect(blocks.reads.length).toBeLessThan(8)
    expect(new Set(blocks.reads).size).toBe(blocks.reads.length)
    expect(await entriesOf(blocks, `${root}/many`)).toHaveLength(6000)
  })

  it('takes every spelling of the CID and gives the canonical one', async () => {
    const { root, blocks } = await tree([file('a', 'x')])
    const { base36 } = await import('multiformats/bases/base36')
    const spelt = base36.encode(parseCid(root).bytes)
    expect(await contentOf(blocks).stat(`${spelt}/a`, { signal })).toMatchObject({ key: `${root}/a` })
  })

  it('is told apart when it is none', async () => {
    const { root, blocks } = await tree([file('a', 'x'), file('d/b', 'y')])
    const content = contentOf(blocks)
    for (const bad of [
      '',
      'x',
      `${root}/`,
      `${root}//a`,
      `${root}/./a`,
      `${root}/../a`,
      `/${root}`,
      `${root}/\0`,
      `${root}/${'a/'.repeat(2000)}a`,
    ]) {
      expect(await code(content.stat(bad, { signal }))).toBe('InvalidKey')
    }
    expect(await code(content.stat(`${root}/b`, { signal }))).toBe('NotFound')
    expect(await code(content.stat(`${root}/a/x`, { signal }))).toBe('NotDirectory')
    expect(await code(content.read(`${root}/d`, { signal }))).toBe('IsDirectory')
    expect(await code(entriesOf(blocks, `${root}/a`))).toBe('NotDirectory')
    expect(await code(entriesOf(blocks, `${root}/x`))).toBe('NotFound')
  })

  it('goes through links that stay below the CID, and through no others', async () => {
    const { root, blocks } = await tree([
      link('absolute', '/etc/passwd'),
      link('circle', 'circle'),
      link('d/up', '../x'),
      link('here', './d/.//up'),
      link('out', '../../etc/passwd'),
      link('sly', 'd/../../x'),
      link('to-d', 'd'),
      file('x', 'found'),
    ])
    const content = contentOf(blocks)
    for (const path of ['x', 'd/up', 'to-d/up', 'here']) {
      const { entry, body } = await content.read(`${root}/${path}`, { signal })
      expect(entry.key).toBe(`${root}/${path}`)
      expect(await collect(body)).toEqual(text('found'))
    }
    for (const path of ['absolute', 'out', 'sly']) {
      expect(await code(content.read(`${root}/${path}`, { signal }))).toBe('PermissionDenied')
      expect(await content.stat(`${root}/${path}`, { signal })).toMatchObject({ kind: 'link' })
    }
    expect(await code(content.read(`${root}/circle`, { signal }))).toBe('NotFound')
    expect(await content.resolve(`${root}/to-d/up`, { signal })).toMatchObject({
      cid: (await content.stat(`${root}/d/up`, { signal })).cid,
      rest: [],
    })
  })

  it('steps through dag-cbor and dag-json to what they link to', async () => {
    const { root, blocks } = await tree([file('dir/name', 'found')])
    for (const codec of ['dag-cbor', 'dag-json'] as const) {
      const inner = encodeNode(codec, { list: [1, { tree: { '/': root } }], text: 'plain', bytes: patternBytes(3) })
      blocks.blocks.set(inner.cid, inner.bytes)
      const content = contentOf(blocks)
      const { body } = await content.read(`${inner.cid}/list/1/tree/dir/name`, { signal })
      expect(await collect(body)).toEqual(text('found'))
      expect(await content.resolve(`${inner.cid}/text`, { signal })).toEqual({
        path: `${inner.cid}/text`,
        cid: inner.cid,
        rest: ['text'],
      })
      expect(await code(content.read(`${inner.cid}/text`, { signal }))).toBe('Unsupported')
      for (const missing of [
        'x',
        'list/2',
        'list/length',
        'list/01',
        'text/0',
        'bytes/0',
        'toString',
        '__proto__',
        'constructor/name',
      ]) {
        expect(await code(content.resolve(`${inner.cid}/${missing}`, { signal }))).toBe('NotFound')
      }
      const whole = await content.read(inner.cid, { signal })
      expect(whole.entry).toMatchObject({
        kind: 'file',
        size: inner.bytes.byteLength,
        contentType: `application/vnd.ipld.${codec}`,
      })
      expect(await collect(whole.body)).toEqual(inner.bytes)
    }
  })

  it('lists what is there with kind, size, mode and time', async () => {
    const modified = new Date(1_700_000_000_000)
    const { root, blocks } = await tree([
      { ...file('a', 'one'), mode: 0o600, modified },
      file('b', 'three'),
      { kind: 'directory', path: 'd', mode: 0o700 },
      { ...link('l', 'a'), modified },
      { kind: 'file', path: 'large', source: bytesSource(patternBytes(3_000_000)) },
    ])
    const entries = await entriesOf(blocks, root)
    expect(entries.map(({ cid: _cid, etag: _etag, ...rest }) => rest)).toEqual([
      { kind: 'file', key: `${root}/a`, size: 3, mode: 0o600, modified },
      { kind: 'file', key: `${root}/b`, size: 5 },
      { kind: 'directory', key: `${root}/d`, mode: 0o700 },
      { kind: 'link', key: `${root}/l`, target: 'a', modified },
      { kind: 'file', key: `${root}/large`, size: 3_000_000 },
    ])
    for (const entry of entries) expect(await contentOf(blocks).stat(entry.key, { signal })).toEqual(entry)
  })

  it('says that it does not know a codec, and reads nothing through it', async () => {
    const bytes = Uint8Array.of(1, 0x72, 0x12, 32, ...parseCid(cidOf('raw', text('x'))).digest)
    const cid = cidFromBytes(bytes).text
    const blocks = memoryBlocks([[cid, text('x')]])
    expect(await code(contentOf(blocks).read(cid, { signal }))).toBe('Unsupported')
    const metadata = encodeUnixFs({ type: 'metadata', links: [] })
    const old = cidOf('dag-pb', metadata)
    expect(await code(contentOf(memoryBlocks([[old, metadata]])).stat(old, { signal }))).toBe('Unsupported')
  })

  it('lists what is of an unknown codec as a file without a size, beside the others', async () => {
    const blocks = memoryBlocks()
    const unknown = cidFromBytes(Uint8Array.of(1, 0x51, 0x12, 32, ...new Uint8Array(32))).text
    const known = cidOf('raw', text('x'))
    const directory = encodeUnixFs({
      type: 'directory',
      links: [
        { name: 'known', cid: known, size: 1 },
        { name: 'unknown', cid: unknown, size: 7 },
      ],
    })
    const root = cidOf('dag-pb', directory)
    blocks.blocks.set(root, directory)
    const entries = await entriesOf(blocks, root)
    expect(entries.map(({ key, kind, size }) => [key.slice(root.length + 1), kind, size])).toEqual([
      ['known', 'file', 1],
      ['unknown', 'file', undefined],
    ])
  })

  it('does not follow a link whose target is endless', async () => {
    const { root, blocks } = await tree([link('l', 'a/'.repeat(500_000)), file('x', 'x')])
    expect(await code(contentOf(blocks).read(`${root}/l`, { signal }))).toBe('TooLarge')
  })

  it('reads what a CID itself holds, without asking anybody', async () => {
    const held = (codec: number, body: Bytes): string =>
      cidFromBytes(Uint8Array.of(1, codec, 0, body.byteLength, ...body)).text
    const content = contentOf(memoryBlocks())
    const { body } = await content.read(held(0x55, text('inline')), { signal })
    expect(await collect(body)).toEqual(text('inline'))
    // An identity CID cannot hold itself, but its children can be identities too, as deep as the limit.
    let deep = held(0x55, text('x'))
    for (let level = 0; level < 3; level++) {
      const node = encodeUnixFs({
        type: 'file',
        links: [{ name: '', cid: deep, size: 1 }],
        blockSizes: [1],
        fileSize: 1,
      })
      deep = held(0x70, node)
    }
    expect(await collect((await content.read(deep, { signal })).body)).toEqual(text('x'))
  })
})

describe('importTree', () => {
  it('takes a recursive listing in order of keys, where a directory comes long before its entries', async () => {
    const { root, blocks } = await tree([
      { kind: 'directory', path: '', mode: 0o755 },
      { kind: 'directory', path: 'a', mode: 0o700 },
      file('a!b', '1'),
      file('a-b', '2'),
      { kind: 'directory', path: 'a/empty' },
      file('a/x/y', '3'),
      file('a0', '4'),
    ])
    const names = (await entriesOf(blocks, root)).map(({ key, kind }) => [key.slice(root.length + 1), kind])
    expect(names).toEqual([
      ['a', 'directory'],
      ['a!b', 'file'],
      ['a-b', 'file'],
      ['a0', 'file'],
    ])
    expect(await contentOf(blocks).stat(`${root}/a`, { signal })).toMatchObject({ mode: 0o700 })
    expect(await contentOf(blocks).stat(root, { signal })).toMatchObject({ mode: 0o755 })
    expect((await entriesOf(blocks, `${root}/a`)).map(({ key }) => key)).toEqual([`${root}/a/empty`, `${root}/a/x`])
  })

  it('makes the empty directory of nothing', async () => {
    const { root } = await tree([])
    expect(root).toBe('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
  })

  it.each<[string, readonly TreeEntry[]]>([
    ['a name twice', [file('a', '1'), file('a', '2')]],
    ['a file and a directory of one name', [file('a', '1'), file('a/b', '2')]],
    ['entries of a directory that do not come together', [file('a/1', '1'), file('b/1', '2'), file('a/2', '3')]],
  ])('refuses %s', async (_what, entries) => {
    expect(await code(tree(entries))).toBe('AlreadyExists')
  })

  it.each(['/a', 'a/', 'a//b', '../a', 'a/./b', 'a\0'])('refuses the path %j', async (path) => {
    expect(await code(tree([file(path, '1')]))).toBe('InvalidKey')
  })

  it('fails as one of its files fails, and begins no more of them', async () => {
    let opened = 0
    async function* entries(): AsyncGenerator<TreeEntry> {
      for (let index = 0; index < 1000; index++) {
        const open = async function* (): AsyncGenerator<Bytes> {
          opened++
          if (index === 7) throw new Error('file 7 broke')
          yield text('x')
        }
        yield { kind: 'file', path: `${index}`.padStart(4, '0'), source: { open } }
      }
    }
    const importing = importTree(entries(), memoryBlocks(), { profile: 'unixfs-v1-2025', signal })
    await expect(importing).rejects.toThrow('file 7 broke')
    expect(opened).toBeLessThan(20)
  })
})
