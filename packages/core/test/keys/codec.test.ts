import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Capabilities } from '../../src/backend/index.ts'
import {
  bytesFromName,
  compareKeys,
  isKey,
  keyCodec,
  nameFromBytes,
  parseKey,
  utf8Length,
} from '../../src/keys/index.ts'

type Rules = Capabilities['keys']
const plain: Rules = { maxBytes: 1 << 20, caseSensitive: true, unicode: 'exact' }
const stores: Record<string, Rules> = {
  'exact unicode': plain,
  'reserved and forbidden': { ...plain, forbidden: ':*?"<>|\\ ', reserved: ['.kit', 'con'] },
  'byte names': { ...plain, names: 'bytes', reserved: ['.kit'] },
  'any segment': { ...plain, anySegment: true },
  'case-insensitive': { ...plain, caseSensitive: false },
  nfc: { ...plain, unicode: 'nfc' },
  'nfd, case-insensitive, forbidden': { ...plain, unicode: 'nfd', caseSensitive: false, forbidden: ':' },
}

const pieces = fc.oneof(
  fc.constantFrom(
    '%!',
    '%',
    '!',
    '%25',
    '%2e',
    '%u0130',
    '%udc80',
    '.',
    '..',
    '.kit',
    'CON',
    'con',
    ':',
    ' ',
    'a',
    'A',
    'é',
    'e\u0301',
    'İ',
    '\ud83d\ude00',
    '\u{1D160}',
    'ǅ',
    '%!%2ekit',
  ),
  fc.string({ unit: 'binary', maxLength: 3 }),
)
const segment = fc.array(pieces, { maxLength: 5 }).map((list) => list.join(''))
const name = fc.array(segment, { minLength: 1, maxLength: 3 }).map((list) => list.join('/'))
const loneBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => nameFromBytes(bytes))

describe('the key codec', () => {
  for (const [title, rules] of Object.entries(stores)) {
    const codec = keyCodec(rules)
    it(`gives every key back and holds only allowed names: ${title}`, () => {
      fc.assert(
        fc.property(name.filter(isKey), (key) => {
          const raw = codec.toRaw(key)
          expect(codec.toKey(raw)).toBe(key)
          for (const character of rules.forbidden ?? '') expect(raw).not.toContain(character)
          for (const part of raw.split('/')) expect(rules.reserved ?? []).not.toContain(part.toLowerCase())
          if (!rules.caseSensitive) expect(raw.toLowerCase()).toBe(raw)
          if (rules.unicode !== 'exact') expect(raw.normalize(rules.unicode === 'nfc' ? 'NFC' : 'NFD')).toBe(raw)
        }),
        { numRuns: 3000 },
      )
    })
  }

  it('gives every byte name back, UTF-8 or not', () => {
    const codec = keyCodec({ ...plain, names: 'bytes' })
    const raw = fc.oneof(
      loneBytes,
      fc
        .array(fc.oneof(loneBytes, pieces), { maxLength: 4 })
        .map((list) => nameFromBytes(bytesFromName(list.join('')))),
    )
    fc.assert(
      fc.property(
        raw.filter((text) => text !== '' && text !== '.' && text !== '..' && !/[\0/]/.test(text)),
        (text) => {
          const key = codec.toKey(text)
          expect(isKey(key)).toBe(true)
          expect(codec.toRaw(key)).toBe(text)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('gives every name of an object store back, with empty and dot segments', () => {
    const codec = keyCodec({ ...plain, anySegment: true })
    fc.assert(
      fc.property(
        name.filter((text) => text !== '' && !text.includes('\0') && text.isWellFormed()),
        (text) => {
          expect(codec.toRaw(codec.toKey(text))).toBe(text)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('shows names of a case-insensitive store in one spelling', () => {
    const codec = keyCodec({ ...plain, caseSensitive: false })
    expect(codec.toKey('README.md')).toBe('readme.md')
    expect(codec.toRaw(parseKey('README.md'))).toBe('%!%52%45%41%44%4d%45.md')
  })

  it('refuses what is longer than the store holds, by one byte', () => {
    const codec = keyCodec({ ...plain, maxBytes: 20, segmentMaxBytes: 10 })
    expect(codec.toRaw(parseKey(`${'é'.repeat(5)}/${'b'.repeat(9)}`))).toBeDefined()
    expect(() => codec.toRaw(parseKey(`${'é'.repeat(5)}b`))).toThrow(/InvalidKey/)
    expect(() => codec.toRaw(parseKey('aaaaaa/aaaaaa/aaaaaaa'))).toThrow(/InvalidKey/)
  })
})

describe('keys', () => {
  it('are refused when hostile, with InvalidKey', () => {
    for (const text of [
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/.',
      './a',
      'a\0b',
      '\ud800',
      'a\udfffb',
      'x'.repeat(32_769),
    ]) {
      expect(() => parseKey(text), JSON.stringify(text)).toThrow(/InvalidKey/)
      expect(isKey(text)).toBe(false)
    }
  })

  it('are kept exactly', () => {
    for (const text of [
      '',
      'a',
      'a/b',
      '...',
      '.a',
      'a.',
      ' ',
      'e\u0301',
      'é',
      'a:b',
      'a\\b',
      '%2e',
      '%!',
      '\ufffd',
      '\n',
    ])
      expect(parseKey(text)).toBe(text)
  })

  it('order by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
        expect(utf8Length(a)).toBe(Buffer.byteLength(a))
      }),
    )
    expect(compareKeys('\uffff', '\u{10000}')).toBeLessThan(0)
  })

  it('of byte names come back from any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(bytesFromName(nameFromBytes(bytes))).toEqual(bytes)
      }),
    )
  })
})
