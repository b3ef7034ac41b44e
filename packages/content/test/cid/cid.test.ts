import fc from 'fast-check'
import { base16 } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64 } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { errorCode } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidFromBytes, cidOf, codecs, isCid, parseCid } from '../../src/cid/index.ts'

const anyCid = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((digest) => CID.createV0(create(0x12, digest))),
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.uint8Array({ maxLength: 128 }),
    )
    .map(([codec, hash, digest]) => CID.createV1(codec, create(hash, digest))),
)

describe('parseCid (C4)', () => {
  it('reads every base that it promises, and gives one text for one CID', () => {
    fc.assert(
      fc.property(anyCid, (theirs) => {
        const bases = theirs.version === 0 ? [base58btc] : [base32, base32upper, base36, base36upper, base58btc]
        for (const base of bases) {
          const cid = parseCid(theirs.toString(base))
          expect(cid).toMatchObject({ version: theirs.version, codec: theirs.code, hash: theirs.multihash.code })
          expect(cid.text).toBe(theirs.toString())
          expect(cid.bytes).toEqual(theirs.bytes)
          expect([...cid.digest]).toEqual([...theirs.multihash.digest])
        }
        expect(cidFromBytes(theirs.bytes)).toEqual(parseCid(theirs.toString()))
      }),
    )
  })

  it('refuses any other text with InvalidKey, and accepts none that another implementation refuses', () => {
    const near = fc.tuple(anyCid, fc.nat(), fc.string({ minLength: 0, maxLength: 2 })).map(([cid, at, put]) => {
      const text = cid.toString()
      const where = at % (text.length + 1)
      return text.slice(0, where) + put + text.slice(where + (at % 3))
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        let ours: string | undefined
        try {
          ours = parseCid(text).text
        } catch (error) {
          expect(errorCode(error)).toBe('InvalidKey')
        }
        expect(isCid(text)).toBe(ours !== undefined)
        if (ours === undefined) return
        const base = text.startsWith('B')
          ? base32upper
          : text.startsWith('k')
            ? base36
            : text.startsWith('K')
              ? base36upper
              : undefined
        expect(CID.decode(CID.parse(text, base).bytes).toString()).toBe(ours)
      }),
      { numRuns: 2000 },
    )
  })

  const v1 = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
  const v0 = CID.parse('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
  it.each([
    ['nothing', ''],
    ['base16, which nobody types', v1.toString(base16)],
    ['base64, whose letters paths cannot tell', v1.toString(base64)],
    ['version 0 with a base before it', base58btc.encode(v0.bytes)],
    ['version 1 without a base', base58btc.baseEncode(v1.bytes)],
    ['a text with more behind it', `${v1.toString()}a`],
    ['bits that belong to no byte', `${v1.toString().slice(0, -1)}f`],
    ['a digest longer than peers take', CID.createV1(0x55, create(0, new Uint8Array(129))).toString()],
    ['an endless text', `b${'a'.repeat(1_000_000)}`],
    ['version 2', base32.encode(Uint8Array.of(2, 0x55, 0, 0))],
    ['version 3', base32.encode(Uint8Array.of(3, 0x55, 0, 0))],
    ['a padded varint', base32.encode(Uint8Array.of(1, 0xd5, 0, 0, 0))],
    ['a codec beyond any number', base32.encode(Uint8Array.of(1, ...Array.from({ length: 9 }, () => 0xff), 1, 0, 0))],
    ['a digest shorter than it says', base32.encode(Uint8Array.of(1, 0x55, 0x12, 32, 1))],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCid(text)).toThrow(expect.objectContaining({ code: 'InvalidKey' }))
  })
})

describe('cidOf', () => {
  it('names a block as Kubo does', () => {
    const bytes = new TextEncoder().encode('hello world')
    expect(cidOf('raw', bytes)).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
    expect(cidOf('dag-pb', Uint8Array.of(10, 2, 8, 1), { version: 0 })).toBe(
      'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
    )
    for (const codec of ['raw', 'dag-pb', 'dag-cbor', 'dag-json'] as const) {
      expect(CID.parse(cidOf(codec, bytes)).code).toBe(codecs[codec])
    }
  })

  it('gives version 0 to dag-pb alone', () => {
    expect(() => cidOf('raw', new Uint8Array(), { version: 0 })).toThrow(
      expect.objectContaining({ code: 'InvalidConfig' }),
    )
  })
})
