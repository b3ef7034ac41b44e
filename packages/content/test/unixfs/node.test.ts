import * as dagPb from '@ipld/dag-pb'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { errorCode } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidOf } from '../../src/cid/index.ts'
import { linksOf } from '../../src/codecs/index.ts'
import { decodeUnixFs, encodeUnixFs, type UnixFsNode } from '../../src/unixfs/index.ts'
import { decodePb, encodePb } from '../../src/unixfs/protobuf.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map((given) => new Uint8Array(given))
const cids = fc
  .tuple(bytes, fc.constantFrom<'raw' | 'dag-pb' | 'v0'>('raw', 'dag-pb', 'v0'))
  .map(([of, kind]) => (kind === 'v0' ? cidOf('dag-pb', of, { version: 0 }) : cidOf(kind, of)))
const size = fc.oneof(fc.nat(300), fc.maxSafeNat())
const name = fc.string({ unit: 'grapheme', maxLength: 20 })
const links = fc.array(fc.record({ name, cid: cids, size }), { maxLength: 5 })

const nodes: fc.Arbitrary<UnixFsNode> = fc.record(
  {
    type: fc.constantFrom('raw', 'directory', 'file', 'metadata', 'symlink', 'hamt-shard'),
    links,
    data: bytes,
    fileSize: size,
    blockSizes: fc.array(size, { minLength: 1, maxLength: 5 }),
    hashType: fc.nat(),
    fanout: fc.nat(),
    mode: fc.nat(0o7777),
    modified: fc.record(
      {
        seconds: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
        nanoseconds: fc.integer({ min: 1, max: 999_999_999 }),
      },
      { requiredKeys: ['seconds'] },
    ),
  },
  { requiredKeys: ['type', 'links'] },
)

describe('nodes of UnixFS', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(nodes, (node) => {
        expect(decodeUnixFs(encodeUnixFs(node))).toEqual(node)
      }),
    )
  })

  it('are read by another implementation, and written byte for byte as it writes them', () => {
    fc.assert(
      fc.property(links, fc.option(bytes, { nil: undefined }), (given, data) => {
        const sorted = given.toSorted((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
        const ours = encodePb(data === undefined ? { links: sorted } : { links: sorted, data })
        const theirs = dagPb.createNode(
          data ?? new Uint8Array(),
          sorted.map(({ name: Name, cid, size: Tsize }) => ({ Name, Hash: CID.parse(cid), Tsize })),
        )
        if (data === undefined) delete theirs.Data
        expect(ours).toEqual(dagPb.encode(theirs))
      }),
    )
  })

  it('that were damaged are Corrupt, or what another implementation reads too', () => {
    const edit = fc.tuple(fc.nat(), fc.constantFrom('set', 'insert', 'remove', 'cut'), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(
        fc.oneof(nodes.map(encodeUnixFs), bytes),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (block, edits) => {
          const damaged = [...block]
          for (const [at, kind, value] of edits) {
            const where = at % (damaged.length + 1)
            if (kind === 'set') damaged[where] = value
            else if (kind === 'insert') damaged.splice(where, 0, value)
            else damaged.splice(where, kind === 'cut' ? damaged.length : 1)
          }
          const given = Uint8Array.from(damaged)
          for (const read of [
            decodePb,
            decodeUnixFs,
            (block: typeof given) => linksOf(cidOf('dag-pb', block), block),
          ]) {
            try {
              read(given)
            } catch (error) {
              expect([errorCode(error), error]).toEqual(['Corrupt', error])
              return
            }
          }
          const theirs = dagPb.decode(given)
          const ours = decodePb(given)
          expect(ours.links.map(({ cid }) => cid)).toEqual(theirs.Links.map(({ Hash }) => Hash.toString()))
          expect(ours.links.map(({ size: told }) => told)).toEqual(theirs.Links.map(({ Tsize }) => Tsize))
          expect(ours.data).toEqual(theirs.Data)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['no UnixFS data', encodePb({ links: [] })],
    ['an unknown type', encodePb({ links: [], data: Uint8Array.of(8, 6) })],
    ['no type', encodePb({ links: [], data: Uint8Array.of(24, 0) })],
    ['a data field twice', Uint8Array.of(10, 2, 8, 1, 10, 2, 8, 1)],
    [
      'more nanoseconds than a second',
      encodePb({ links: [], data: Uint8Array.of(8, 1, 66, 7, 8, 0, 21, 0xff, 0xff, 0xff, 0xff) }),
    ],
  ])('with %s are Corrupt', (_what, block) => {
    expect(() => decodeUnixFs(block)).toThrow(expect.objectContaining({ code: 'Corrupt' }))
  })

  it('may have fields that nobody knows yet', () => {
    const data = Uint8Array.of(8, 1, 0x78, 5, 0x7a, 2, 1, 2, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8)
    expect(decodeUnixFs(encodePb({ links: [], data }))).toEqual({ type: 'directory', links: [] })
  })
})
