import fc from 'fast-check'
import { errorCode, type Bytes } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidFromBytes, cidOf } from '../../src/cid/index.ts'
import { decodeNode, encodeNode, linksOf } from '../../src/codecs/index.ts'
import { patternBytes } from '../memory-blocks.ts'

const cids = fc.uint8Array({ maxLength: 8 }).map((bytes) => cidOf('raw', bytes))
const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
    cids.map((cid) => ({ '/': cid })),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ minLength: 2 }).filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
}))

/** The links of a value, found the long way. */
function linksIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  if ('/' in value && typeof value['/'] === 'string') return [value['/']]
  return Object.values(value).flatMap(linksIn)
}

describe('codecs', () => {
  for (const codec of ['dag-cbor', 'dag-json'] as const) {
    it(`${codec}: gives back the value, and its links without it`, () => {
      fc.assert(
        fc.property(values, (value) => {
          const { cid, bytes } = encodeNode(codec, value)
          expect(cid).toBe(cidOf(codec, bytes))
          const again = decodeNode(cid, bytes)
          expect(again).toEqual(value)
          expect(linksOf(cid, bytes).toSorted()).toEqual(linksIn(value).toSorted())
          expect(encodeNode(codec, again).cid).toBe(cid)
        }),
        { numRuns: 300 },
      )
    })

    it(`${codec}: damaged blocks fail with nothing but Corrupt`, () => {
      const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
      fc.assert(
        fc.property(values, fc.array(edit, { minLength: 1, maxLength: 3 }), (value, edits) => {
          const bytes = encodeNode(codec, value).bytes.slice()
          for (const [at, put] of edits) bytes[at % bytes.byteLength] = put
          const cid = cidOf(codec, bytes)
          for (const read of [decodeNode, linksOf]) {
            try {
              read(cid, bytes)
            } catch (error) {
              expect(errorCode(error)).toBe('Corrupt')
            }
          }
        }),
        { numRuns: 2000 },
      )
    })
  }

  it('dag-cbor: finds the links of every block that can be decoded', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, put) => {
        const bytes = encodeNode('dag-cbor', value).bytes.slice()
        bytes[at % bytes.byteLength] = put
        const cid = cidOf('dag-cbor', bytes)
        let decoded: unknown
        try {
          decoded = decodeNode(cid, bytes)
        } catch {
          return
        }
        expect(linksOf(cid, bytes).toSorted()).toEqual(linksIn(decoded).toSorted())
      }),
      { numRuns: 8000 },
    )
  })

  it.each([
    ['undefined', 'f7'],
    ['a number of 16 bits', 'f93c00'],
    ['a number of 32 bits', 'fa3f800000'],
  ])('dag-cbor: loses no link behind %s, which decoders take', (_what, item) => {
    const child = cidOf('raw', patternBytes(3))
    const link = encodeNode('dag-cbor', { '/': child }).bytes
    const bytes = Uint8Array.from(Buffer.concat([Uint8Array.of(0x82), Buffer.from(item, 'hex'), link]))
    expect(linksOf(cidOf('dag-cbor', bytes), bytes)).toEqual([child])
  })

  it('dag-pb and raw: are what they are elsewhere', () => {
    const child = cidOf('raw', patternBytes(3))
    const node = { Data: Uint8Array.of(8, 1), Links: [{ Hash: { '/': child }, Name: 'a', Tsize: 3 }] }
    const { cid, bytes } = encodeNode('dag-pb', node)
    expect(decodeNode(cid, bytes)).toEqual(node)
    expect(linksOf(cid, bytes)).toEqual([child])
    const raw = encodeNode('raw', patternBytes(5))
    expect(decodeNode(raw.cid, raw.bytes)).toEqual(patternBytes(5))
    expect(linksOf(raw.cid, raw.bytes)).toEqual([])
  })

  it.each<[string, 'dag-cbor' | 'dag-json' | 'dag-pb' | 'raw', unknown]>([
    ['undefined', 'dag-cbor', { a: undefined }],
    ['a function', 'dag-json', () => 1],
    ['a number that is none', 'dag-cbor', Number.NaN],
    ['a link that is no CID', 'dag-cbor', { '/': 'x' }],
    ['a node of another kind', 'dag-pb', { a: 1 }],
    ['what is no bytes', 'raw', 'text'],
  ])('refuse to write %s', (_what, codec, value) => {
    expect(() => encodeNode(codec, value)).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
  })

  it('refuse blocks longer than peers take', () => {
    expect(() => encodeNode('dag-cbor', patternBytes(3 << 20))).toThrow(expect.objectContaining({ code: 'TooLarge' }))
  })

  it('end soon, with Corrupt, on nesting without an end and on lengths that nothing has', () => {
    const blocks: readonly [codec: number, bytes: Bytes][] = [
      [0x71, new Uint8Array(2 << 20).fill(0x81)],
      [0x71, Uint8Array.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0)],
      [0x71, Uint8Array.of(0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
      [0x71, Uint8Array.of(0x5b, 0, 0, 0, 1, 0, 0, 0, 0)],
      [0x71, Uint8Array.of(0x9f, 0xff)],
    ]
    const json = new Uint8Array(2 << 20).fill(0x5b)
    for (const [codec, bytes] of [...blocks, [0x0129, json] as const]) {
      const code = codec < 128 ? [codec] : [(codec & 127) | 128, codec >> 7]
      const cid = cidFromBytes(Uint8Array.of(1, ...code, 0x12, 1, 0)).text
      for (const read of [decodeNode, linksOf]) {
        expect(() => read(cid, bytes)).toThrow(expect.objectContaining({ code: 'Corrupt' }))
      }
    }
  })

  it('are Unsupported where they are not known', () => {
    const cid = cidFromBytes(Uint8Array.of(1, 0x51, 0x12, 1, 0)).text
    for (const read of [decodeNode, linksOf]) {
      expect(() => read(cid, new Uint8Array())).toThrow(expect.objectContaining({ code: 'Unsupported' }))
    }
  })
})
