import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmless } from '../src/printable.ts'
import { bytesText, countText, parseCount, parseSpan, parseTime, secondsText } from '../src/quantities.ts'

describe('sizes for people', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10_240, '10.0 KiB'],
    [1_048_575, '1.00 MiB'],
    [123_456_789, '118 MiB'],
    [2 ** 40, '1.00 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.00 PiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  test('are never off by more than half of the last digit, and at most nine characters', () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (bytes) => {
        const text = bytesText(bytes)
        expect(text.length).toBeLessThanOrEqual(9)
        const [value = '', unit = ''] = text.split(' ')
        const factor = 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].indexOf(unit)
        const digit = 10 ** -(value.split('.')[1]?.length ?? 0)
        expect(Math.abs(Number(value) - bytes / factor)).toBeLessThanOrEqual(digit / 2 + 1e-9)
      }),
    )
  })
})

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1:00 min'],
  [3599, '59:59 min'],
  [3600, '1:00:00 h'],
  [90_061, '25:01:01 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text)
})

test('one is not several', () => {
  expect([0, 1, 2].map((count) => countText(count, 'directory', 'directories'))).toStrictEqual([
    '0 directories',
    '1 directory',
    '2 directories',
  ])
})

test.each([['0'], ['-1'], ['1.5'], ['1e3'], [''], ['x'], ['9007199254740993']])('%j is no count', (text) => {
  expect(() => parseCount('--limit', text)).toThrow(/InvalidConfig: --limit/)
})

describe('a time', () => {
  const now = Date.UTC(2026, 5, 15, 12)
  test.each([
    ['2d', now - 2 * 86_400_000],
    ['90 min', now - 90 * 60_000],
    ['2026-04-01', Date.UTC(2026, 3, 1)],
    ['2026-04', Date.UTC(2026, 3, 1)],
    ['2026-04-01T10:00:00Z', Date.UTC(2026, 3, 1, 10)],
    ['2026-04-01T10:00:00.250+02:00', Date.UTC(2026, 3, 1, 8, 0, 0, 250)],
  ])('%s is read', (text, time) => {
    expect(parseTime('--newer-than', text, now)).toBe(time)
  })

  test.each([['2'], [''], ['yesterday'], ['2026'], ['2026-13-01'], ['-1d'], ['1 fortnight'], ['01/02/2026']])(
    '%j is refused by the name of its option',
    (text) => {
      expect(() => parseTime('--newer-than', text, now)).toThrow(/InvalidConfig: --newer-than .* is neither/)
    },
  )

  test('that is a span needs its unit', () => {
    expect(parseSpan('--expires', '15min')).toBe(900_000)
    expect(() => parseSpan('--expires', '15')).toThrow(/--expires 15 is no time/)
  })
})

test('text for a terminal has no character that acts on it, and all others stay', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme-ascii' }), (wild, tame) => {
      expect(harmless(wild)).not.toMatch(/[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u)
      expect(harmless(tame)).toBe(tame)
      expect(harmless(harmless(wild))).toBe(harmless(wild))
    }),
  )
  expect(harmless('a\nb\u001B', '\n')).toBe(String.raw`a
b\x1b`)
  expect(harmless('\uDCFF\u202Egpj')).toBe(String.raw`\udcff\u202egpj`)
})
