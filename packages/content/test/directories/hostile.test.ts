import { type Bytes } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidOf, editDirectory, encodeUnixFs, lookUp, readDirectory, type UnixFsNode } from '../../src/index.ts'
import { hashName } from '../../src/directories/name-hash.ts'
import { memoryBlocks, type MemoryBlocks } from './memory-blocks.ts'
import { fileOf, signal } from './subject.ts'

type Links = readonly { readonly name: string; readonly cid: string; readonly size?: number }[]

const child = fileOf('x', 'unixfs-v1-2025')

function put({ blocks }: MemoryBlocks, node: UnixFsNode): string {
  const bytes = encodeUnixFs(node)
  const cid = cidOf('dag-pb', bytes)
  blocks.set(cid, bytes)
  return cid
}

function bitsOf(links: Links): Bytes {
  let bits = 0n
  for (const { name } of links) bits |= 1n << BigInt(Number.parseInt(name.slice(0, 2), 16))
  const hex = bits.toString(16)
  return new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

function putShard(blocks: MemoryBlocks, links: Links, changes: Partial<UnixFsNode> = {}): string {
  const data = changes.data ?? bitsOf(links)
  return put(blocks, { type: 'hamt-shard', links, hashType: 0x22, fanout: 256, ...changes, data })
}

/** The link name of a file in the first shard, or in a deeper one. */
function inSlot(name: string, depth = 0): string {
  return (
    Buffer.from(hashName(name))
      .toString('hex')
      .toUpperCase()
      .slice(2 * depth, 2 * depth + 2) + name
  )
}

async function codesOf(blocks: MemoryBlocks, cid: string, name: string): Promise<unknown[]> {
  const code = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error)
  const listed = (async () => {
    for await (const _ of readDirectory(blocks, cid, { signal }))
      if (blocks.reads.length > 1000) throw new Error('endless')
    return 'listed'
  })()
  const edit = editDirectory(blocks, blocks, cid, new Map([[name, child]]), { profile: 'unixfs-v1-2025', signal })
  return await Promise.all([
    listed.catch(code),
    lookUp(blocks, cid, name, { signal }).then(() => 'found', code),
    edit.then(() => 'edited', code),
  ])
}

describe('a directory that contradicts itself', () => {
  it.each<[string, Links]>([
    [
      'a name twice',
      [
        { name: 'a', ...child },
        { name: 'a', ...child },
      ],
    ],
    [
      'a name twice, out of order',
      [
        { name: 'b', ...child },
        { name: 'a', ...child },
        { name: 'b', ...child },
      ],
    ],
    ['an empty name', [{ name: '', ...child }]],
    ['a way out', [{ name: '..', ...child }]],
    ['itself', [{ name: '.', ...child }]],
    ['a path', [{ name: 'a/b', ...child }]],
    ['a NUL', [{ name: 'a\0', ...child }]],
  ])('by %s is Corrupt', async (_, links) => {
    const blocks = memoryBlocks()
    const cid = put(blocks, { type: 'directory', links })
    expect(await codesOf(blocks, cid, 'a')).toEqual(['Corrupt', 'Corrupt', 'Corrupt'])
  })

  it.each<[string, Links, Partial<UnixFsNode>]>([
    [
      'a slot in small letters',
      [
        { name: inSlot('g').toLowerCase(), ...child },
        { name: 'ffx', ...child },
      ],
      {},
    ],
    ['a slot that is no number', [{ name: 'G0name', ...child }], { data: new Uint8Array([1]) }],
    ['no slot', [{ name: '7', ...child }], { data: new Uint8Array([128]) }],
    [
      'a slot twice',
      [
        { name: '00', ...child },
        { name: '00a', ...child },
      ],
      { data: new Uint8Array([1]) },
    ],
    ['a path in a slot', [{ name: '00a/b', ...child }], { data: new Uint8Array([1]) }],
    ['a bit too many', [{ name: inSlot('a'), ...child }], { data: new Uint8Array([255, ...new Uint8Array(31)]) }],
    ['a bit too few', [{ name: inSlot('a'), ...child }], { data: new Uint8Array() }],
    ['bits without end', [{ name: inSlot('a'), ...child }], { data: new Uint8Array(1_000_000).fill(1) }],
    ['too many slots', [{ name: `0${inSlot('a')}`, ...child }], { fanout: 2048 }],
    ['no number of slots', [{ name: inSlot('a'), ...child }], { fanout: undefined }],
    ['slots that are no power of two', [{ name: inSlot('a'), ...child }], { fanout: 200 }],
  ])('by %s is Corrupt', async (_, links, changes) => {
    const blocks = memoryBlocks()
    expect(await codesOf(blocks, putShard(blocks, links, changes), 'a')).toEqual(['Corrupt', 'Corrupt', 'Corrupt'])
  })

  it('is refused where names are hashed in another way', async () => {
    const blocks = memoryBlocks()
    const cid = putShard(blocks, [{ name: inSlot('a'), ...child }], { hashType: 0x12 })
    expect(await codesOf(blocks, cid, 'a')).toEqual(['Unsupported', 'Unsupported', 'Unsupported'])
  })

  it('has no name that a look-up would not find: one in a wrong slot is Corrupt', async () => {
    const blocks = memoryBlocks()
    const right = inSlot('a')
    const wrong = `${right.startsWith('00') ? '01' : '00'}a`
    const [listed] = await codesOf(blocks, putShard(blocks, [{ name: wrong, ...child }]), 'b')
    expect(listed).toBe('Corrupt')
    const deep = putShard(blocks, [{ name: inSlot('a', 1), ...child }])
    const [below] = await codesOf(blocks, putShard(blocks, [{ name: wrong.slice(0, 2), cid: deep }]), 'b')
    expect(below).toBe('Corrupt')
  })

  it.each([
    ['is empty', (blocks: MemoryBlocks) => putShard(blocks, [])],
    [
      'is a directory in one block',
      (blocks: MemoryBlocks) => put(blocks, { type: 'directory', links: [{ name: 'a', ...child }] }),
    ],
    ['is a file', (blocks: MemoryBlocks) => put(blocks, { type: 'file', links: [], fileSize: 0 })],
    ['is bytes', () => child.cid],
    [
      'has other slots',
      (blocks: MemoryBlocks) => putShard(blocks, [{ name: '0x', ...child }], { fanout: 16, data: new Uint8Array([1]) }),
    ],
  ])('where a shard below %s', async (_, below) => {
    const blocks = memoryBlocks()
    const cid = putShard(blocks, [{ name: inSlot('a').slice(0, 2), cid: below(blocks) }])
    expect(await codesOf(blocks, cid, 'a')).toEqual(['Corrupt', 'Corrupt', 'Corrupt'])
  })

  it('in depth or width never costs more than a few reads', async () => {
    const slots = [...Array(256).keys()].map((slot) => slot.toString(16).toUpperCase().padStart(2, '0'))
    for (const last of ['empty', 'full']) {
      const blocks = memoryBlocks()
      // Nine levels of 256 links to one and the same shard: 256^9 shards, made of ten blocks.
      let cid = putShard(blocks, last === 'empty' ? [] : [{ name: inSlot('a', 7), ...child }])
      for (let level = 0; level < 9; level++) {
        const below = cid
        cid = putShard(
          blocks,
          slots.map((name) => ({ name, cid: below })),
        )
      }
      expect(await codesOf(blocks, cid, 'a')).toEqual(['Corrupt', 'Corrupt', 'Corrupt'])
      expect(blocks.reads.length).toBeLessThan(100)
    }
  })

  it('and a reader that gives other bytes than were asked for are Corrupt', async () => {
    const blocks = memoryBlocks()
    const cid = putShard(blocks, [
      { name: inSlot('a').slice(0, 2), cid: putShard(blocks, [{ name: inSlot('a', 1), ...child }]) },
    ])
    const other = encodeUnixFs({ type: 'directory', links: [{ name: 'a', ...child }] })
    for (const name of blocks.blocks.keys()) {
      const lying = memoryBlocks()
      for (const [each, bytes] of blocks.blocks) lying.blocks.set(each, each === name ? other : bytes)
      expect(await codesOf(lying, cid, 'a')).toEqual(['Corrupt', 'Corrupt', 'Corrupt'])
    }
  })

  it('is NotDirectory where it is a file, a link or bytes, and NotFound where it is missing', async () => {
    const blocks = memoryBlocks()
    for (const cid of [
      put(blocks, { type: 'file', links: [], fileSize: 0 }),
      put(blocks, { type: 'symlink', links: [], data: new Uint8Array([97]) }),
      child.cid,
    ]) {
      expect(await codesOf(blocks, cid, 'a')).toEqual(['NotDirectory', 'NotDirectory', 'NotDirectory'])
    }
    const missing = cidOf('dag-pb', new Uint8Array())
    expect(await codesOf(blocks, missing, 'a')).toEqual(['NotFound', 'NotFound', 'NotFound'])
  })
})

describe('directories that others wrote', () => {
  it('are read with their links in any order, the data first, and other numbers of slots', async () => {
    const blocks = memoryBlocks()
    const names = ['b', 'a', 'c']
    const unordered = put(blocks, { type: 'directory', links: names.map((name) => ({ name, ...child })) })
    const found: string[] = []
    for await (const { name } of readDirectory(blocks, unordered, { signal })) found.push(name)
    expect(found).toEqual(['a', 'b', 'c'])
    const options = { profile: 'unixfs-v1-2025', signal } as const
    const edits = new Map([...names, 'd'].map((name) => [name, child]))
    const ordered = await editDirectory(blocks, blocks, undefined, edits, options)
    expect(await editDirectory(blocks, blocks, unordered, new Map([['d', child]]), options)).toEqual(ordered)

    const bytes = encodeUnixFs({ type: 'directory', links: [{ name: 'a', ...child }] })
    const dataFirst = new Uint8Array(Buffer.concat([bytes.subarray(-4), bytes.subarray(0, -4)]))
    const cid = cidOf('dag-pb', dataFirst)
    blocks.blocks.set(cid, dataFirst)
    expect(await lookUp(blocks, cid, 'a', { signal })).toEqual(child)
    expect(
      (
        await editDirectory(
          blocks,
          blocks,
          cid,
          new Map([
            ['b', child],
            ['c', child],
            ['d', child],
          ]),
          options,
        )
      ).cid,
    ).toBe(ordered.cid)

    for (const fanout of [16, 1024]) {
      const width = (fanout - 1).toString(16).length
      const bits = Math.log2(fanout)
      const hash = BigInt(`0x${Buffer.from(hashName('name')).toString('hex')}`)
      const slot = Number(hash >> BigInt(64 - bits))
      const name = slot.toString(16).toUpperCase().padStart(width, '0') + 'name'
      const hex = (1n << BigInt(slot)).toString(16)
      const data = new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
      const sharded = putShard(blocks, [{ name, ...child }], { fanout, data })
      expect(await lookUp(blocks, sharded, 'name', { signal })).toEqual(child)
      expect(await lookUp(blocks, sharded, 'other', { signal })).toBeUndefined()
      const more = await editDirectory(
        blocks,
        blocks,
        sharded,
        new Map([
          ['other', child],
          ['name', child],
        ]),
        options,
      )
      expect(await lookUp(blocks, more.cid, 'other', { signal })).toEqual(child)
    }
  })
})
