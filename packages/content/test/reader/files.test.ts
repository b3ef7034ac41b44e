import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, flat, trickle } from 'ipfs-unixfs-importer/layout'
import { bytesSource, collect, errorCode, type Bytes } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidOf } from '../../src/cid/index.ts'
import { contentOf } from '../../src/reader/index.ts'
import { encodeUnixFs, importFile, importSymlink, type UnixFsNode } from '../../src/unixfs/index.ts'
import { memoryBlocks, type MemoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const signal = never

async function imported(
  bytes: Bytes,
  options: object,
): Promise<{ readonly cid: string; readonly blocks: MemoryBlocks }> {
  const blocks = memoryBlocks()
  const store = {
    async put(cid: { toString(): string }, block: Uint8Array) {
      blocks.blocks.set(cid.toString(), Uint8Array.from(block))
      return cid
    },
  }
  for await (const { cid } of importer([{ content: bytes }], store as never, options)) {
    return { cid: cid.toString(), blocks }
  }
  throw new Error('nothing was imported')
}

const layouts = fc.record({
  layout: fc.oneof(
    fc.integer({ min: 2, max: 9 }).map((maxChildrenPerNode) => balanced({ maxChildrenPerNode })),
    fc.integer({ min: 2, max: 9 }).map((maxChildrenPerNode) => trickle({ maxChildrenPerNode })),
    fc.constant(flat()),
  ),
  chunker: fc.integer({ min: 1, max: 60 }).map((chunkSize) => fixedSize({ chunkSize })),
  rawLeaves: fc.boolean(),
  leafType: fc.constantFrom('file', 'raw'),
  reduceSingleLeafToSelf: fc.boolean(),
  cidVersion: fc.constantFrom(0, 1),
})

/** Puts a node, whatever it says. */
function put(blocks: MemoryBlocks, node: UnixFsNode): string {
  const bytes = encodeUnixFs(node)
  const cid = cidOf('dag-pb', bytes)
  blocks.blocks.set(cid, bytes)
  return cid
}

async function failure(work: Promise<unknown>): Promise<string | undefined> {
  return errorCode(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
}

describe('reading a file by CID', () => {
  it('gives every range of every layout, and fetches each block it needs once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2000 }),
        layouts,
        fc.nat(2100),
        fc.nat(2100),
        async (size, options, one, other) => {
          const bytes = patternBytes(size, size)
          const { cid, blocks } = await imported(bytes, options)
          const content = contentOf(blocks)
          const whole = await content.read(cid, { signal })
          expect(whole.entry).toMatchObject({ kind: 'file', size, etag: `"${whole.entry.cid}"` })
          expect(await collect(whole.body)).toEqual(bytes)
          const [from, to] = [Math.min(one, other), Math.max(one, other)]
          if (from >= size && !(from === 0 && size === 0)) {
            expect(await failure(content.read(cid, { signal, range: { from, to } }))).toBe('InvalidRange')
            return
          }
          blocks.reads.length = 0
          const part = await content.read(cid, { signal, range: { from, to } })
          expect(part.from).toBe(from)
          expect(await collect(part.body)).toEqual(bytes.slice(from, to))
          const last = await content.read(cid, { signal, range: { last: to } })
          expect(await collect(last.body)).toEqual(bytes.slice(Math.max(0, size - to)))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('fetches only the blocks that hold some of the range', async () => {
    const blocks = memoryBlocks()
    const bytes = patternBytes(40 << 20)
    const { cid } = await importFile(bytesSource(bytes), blocks, { profile: 'unixfs-v1-2025', signal })
    const from = (17 << 20) + 5
    const { body } = await contentOf(blocks).read(cid, { signal, range: { from, to: from + (1 << 20) } })
    expect(Buffer.compare(await collect(body), bytes.subarray(from, from + (1 << 20)))).toBe(0)
    expect(blocks.reads).toHaveLength(3)
  })

  it('reads a bounded number of blocks ahead, and none after it has been ended', async () => {
    const blocks = memoryBlocks()
    const { cid } = await importFile(bytesSource(patternBytes(10 << 20)), blocks, { profile: 'unixfs-v0-2015', signal })
    const { body } = await contentOf(blocks).read(cid, { signal })
    if (body instanceof Uint8Array) throw new Error('more than one block came at once')
    for await (const chunk of body) {
      expect(chunk.byteLength).toBe(256 << 10)
      break
    }
    expect(blocks.reads.length).toBeLessThanOrEqual(10)
  })

  it('cancels the fetches that are under way when it is ended, and when the signal aborts', async () => {
    const blocks = memoryBlocks()
    const { cid } = await importFile(bytesSource(patternBytes(5 << 20)), blocks, { profile: 'unixfs-v1-2025', signal })
    const signals: AbortSignal[] = []
    let asked = 0
    const stuck = {
      get(asking: string, call: { readonly signal: AbortSignal }) {
        if (asked++ < 2) return blocks.get(asking, call)
        signals.push(call.signal)
        return new Promise<never>(() => {})
      },
    }
    const controller = new AbortController()
    const { body } = await contentOf(stuck).read(cid, { signal: controller.signal })
    const iterator = (body as AsyncIterable<Bytes>)[Symbol.asyncIterator]()
    expect((await iterator.next()).value?.byteLength).toBe(1 << 20)
    const waiting = iterator.next()
    controller.abort()
    expect(await failure(waiting)).toBe('Aborted')
    expect(signals.length).toBeGreaterThan(0)
    expect(signals.every((each) => each.aborted)).toBe(true)
  })

  it('keeps mode and time, and says what a link says', async () => {
    const blocks = memoryBlocks()
    const modified = new Date('2026-01-02T03:04:05.678Z')
    const options = { profile: 'unixfs-v1-2025', signal, mode: 0o640, modified } as const
    for (const size of [0, 5, 3_000_000]) {
      const { cid } = await importFile(bytesSource(patternBytes(size)), blocks, options)
      const entry = await contentOf(blocks).stat(cid, { signal })
      expect(entry).toEqual({ kind: 'file', key: cid, cid, etag: `"${cid}"`, size, mode: 0o640, modified })
    }
    const link = await importSymlink('../else where', blocks, options)
    expect(await contentOf(blocks).stat(link.cid, { signal })).toMatchObject({
      kind: 'link',
      target: '../else where',
      modified,
    })
    expect(await failure(contentOf(blocks).read(link.cid, { signal }))).toBe('PermissionDenied')
  })

  it('names a missing block', async () => {
    const blocks = memoryBlocks()
    const { cid } = await importFile(bytesSource(patternBytes(3 << 20)), blocks, { profile: 'unixfs-v1-2025', signal })
    const [lost = ''] = [...blocks.blocks.keys()].slice(1)
    blocks.blocks.delete(lost)
    const { body } = await contentOf(blocks).read(cid, { signal })
    await expect(collect(body)).rejects.toThrow(
      expect.objectContaining({ code: 'NotFound', message: expect.stringContaining(lost) }),
    )
  })
})

describe('a file that is not what it says (C5)', () => {
  it('never yields a byte of a block that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 800 }),
        layouts,
        fc.nat(),
        fc.nat(),
        async (size, options, which, where) => {
          const bytes = patternBytes(size, size)
          const { cid, blocks } = await imported(bytes, options)
          const [name = '', block = new Uint8Array()] = [...blocks.blocks][which % blocks.blocks.size] ?? []
          const at = where % block.byteLength
          block[at] = (block[at] ?? 0) ^ (1 << (where % 8))
          blocks.blocks.set(name, block)
          const seen: number[] = []
          const reading = (async () => {
            const { body } = await contentOf(blocks).read(cid, { signal })
            for await (const chunk of body instanceof Uint8Array ? [body] : body) seen.push(...chunk)
          })()
          expect(await failure(reading)).toBe('Corrupt')
          expect(Uint8Array.from(seen)).toEqual(bytes.slice(0, seen.length))
        },
      ),
      { numRuns: 100 },
    )
  })

  const leaf = patternBytes(10)
  const leafCid = cidOf('raw', leaf)
  const link = (cid: string): { name: string; cid: string; size: number } => ({ name: '', cid, size: 10 })
  it.each<[string, Omit<UnixFsNode, 'type'>]>([
    ['its child has fewer bytes than it says', { links: [link(leafCid)], blockSizes: [11], fileSize: 11 }],
    ['its child has more bytes than it says', { links: [link(leafCid)], blockSizes: [9], fileSize: 9 }],
    ['its parts are not as long as the whole', { links: [link(leafCid)], blockSizes: [10], fileSize: 11 }],
    ['it has a size too few', { links: [link(leafCid), link(leafCid)], blockSizes: [10], fileSize: 10 }],
    ['it has a size too many', { links: [link(leafCid)], blockSizes: [10, 0], fileSize: 10 }],
    ['its own bytes are not as many as it says', { links: [], data: leaf, fileSize: 11 }],
    ['it is larger than anything', { links: [link(leafCid), link(leafCid)], blockSizes: [2 ** 52, 2 ** 52 + 2 ** 51] }],
  ])('is Corrupt where %s', async (_why, node) => {
    const blocks = memoryBlocks([[leafCid, leaf]])
    const cid = put(blocks, { type: 'file', ...node })
    const reading = (async () => {
      const { body } = await contentOf(blocks).read(cid, { signal })
      await collect(body)
    })()
    expect(await failure(reading)).toBe('Corrupt')
  })

  it('is Corrupt where a child is a directory, or of a codec that files do not have', async () => {
    const blocks = memoryBlocks()
    const directory = put(blocks, { type: 'directory', links: [] })
    const cbor = cidOf('dag-cbor', Uint8Array.of(0xa0))
    blocks.blocks.set(cbor, Uint8Array.of(0xa0))
    for (const child of [directory, cbor]) {
      const cid = put(blocks, { type: 'file', links: [link(child)], blockSizes: [1], fileSize: 1 })
      const { body } = await contentOf(blocks).read(cid, { signal })
      expect(await failure(collect(body))).toBe('Corrupt')
    }
  })

  it('does not look at children without bytes, of which there can be endlessly many', async () => {
    const blocks = memoryBlocks([[leafCid, leaf]])
    let empty = put(blocks, { type: 'file', links: [], fileSize: 0 })
    for (let level = 0; level < 30; level++) {
      const links = Array.from({ length: 500 }, () => link(empty))
      empty = put(blocks, { type: 'file', links, blockSizes: links.map(() => 0), fileSize: 0 })
    }
    const cid = put(blocks, {
      type: 'file',
      links: [link(empty), link(leafCid), link(empty)],
      blockSizes: [0, 10, 0],
      fileSize: 10,
    })
    const { body } = await contentOf(blocks).read(cid, { signal })
    expect(await collect(body)).toEqual(leaf)
    expect(blocks.reads).toEqual([cid, leafCid])
  })

  it('is TooLarge where it is too deep, or holds too many links open', async () => {
    const blocks = memoryBlocks([[leafCid, leaf]])
    let deep = leafCid
    for (let level = 0; level < 70; level++)
      deep = put(blocks, { type: 'file', links: [link(deep)], blockSizes: [10], fileSize: 10 })
    const { body } = await contentOf(blocks).read(deep, { signal })
    expect(await failure(collect(body))).toBe('TooLarge')

    let wide = leafCid
    let size = 10
    for (let level = 0; level < 8; level++) {
      const links = Array.from({ length: 45 }, () => link(wide))
      const sizes = links.map(() => size)
      size *= links.length
      wide = put(blocks, { type: 'file', links, blockSizes: sizes, fileSize: size })
    }
    const read = await contentOf(blocks, { limits: { links: 300 } }).read(wide, { signal })
    expect(await failure(collect(read.body))).toBe('TooLarge')
  })

  it('is TooLarge where a block is longer than any peer passes on, and Unsupported where nobody can check it', async () => {
    const long = new Uint8Array(3 << 20)
    const cid = cidOf('raw', long)
    expect(await failure(contentOf(memoryBlocks([[cid, long]])).read(cid, { signal }))).toBe('TooLarge')
    // sha1, and sha2-256 cut to four bytes.
    for (const unknown of ['f01551114' + '00'.repeat(20), 'f0155120400000000']) {
      const bytes = Uint8Array.from(Buffer.from(unknown.slice(1), 'hex'))
      const { text } = (await import('../../src/cid/index.ts')).cidFromBytes(bytes)
      expect(await failure(contentOf({ get: async () => new Uint8Array(5) }).read(text, { signal }))).toBe(
        'Unsupported',
      )
    }
  })
})
