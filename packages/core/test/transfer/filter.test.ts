import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFilter, parseFilterRules, type FilterRules } from '../../src/transfer/index.ts'
import { failureOf } from '../scripted-backend.ts'

const file = { kind: 'file', size: 10, modified: new Date(5000) } as const
const takes = (rules: FilterRules, key: string): boolean => createFilter(rules).admits(key, file)
const excluded = (pattern: string, key: string): boolean => !takes({ exclude: [pattern] }, key)

/** A pattern as it is meant: its text, and whether it matches, told by trying every way. */
interface Meant {
  readonly text: string
  /** Every rest of the key that may follow a match at its beginning. */
  readonly rests: (key: readonly string[]) => (readonly string[])[]
}

const special = /[*?[\]{}\\,]/
const one = (text: string, is: (character: string) => boolean): Meant => ({
  text,
  rests: (key) => (key[0] !== undefined && is(key[0]) ? [key.slice(1)] : []),
})
const many = (text: string, is: (character: string) => boolean): Meant => ({
  text,
  rests(key) {
    const rests = [key]
    for (let at = 0; at < key.length && is(key[at] ?? ''); at++) rests.push(key.slice(at + 1))
    return rests
  },
})
const sequence = (pieces: readonly Meant[]): Meant => ({
  text: pieces.map(({ text }) => text).join(''),
  rests: (key) => pieces.reduce<(readonly string[])[]>((rests, piece) => rests.flatMap(piece.rests), [key]),
})
const characters = fc.constantFrom('a', 'b', 'c', '-', '.', 'é', '\u{1f600}', '*', '[', '{', ',', '}', '\\', '?', ' ')
const literal = characters.map((character) =>
  one(special.test(character) ? `\\${character}` : character, (other) => other === character),
)
const slash = fc.constant(one('/', (character) => character === '/'))
const piece: fc.Arbitrary<Meant> = fc.oneof(
  { weight: 5, arbitrary: literal },
  { weight: 2, arbitrary: slash },
  { weight: 1, arbitrary: fc.constant(one('?', (character) => character !== '/')) },
  { weight: 1, arbitrary: fc.constant(one('[a-c]', (character) => 'abc'.includes(character))) },
  { weight: 1, arbitrary: fc.constant(one('[!a]', (character) => character !== 'a' && character !== '/')) },
)
const starred: fc.Arbitrary<Meant> = fc.oneof(
  { weight: 6, arbitrary: piece },
  { weight: 1, arbitrary: fc.constant(many('*', (character) => character !== '/')) },
  { weight: 1, arbitrary: fc.constant(many('**', () => true)) },
)
const choice = fc.array(fc.array(piece, { maxLength: 3 }), { minLength: 1, maxLength: 3 }).map((all): Meant => {
  const sequences = all.map(sequence)
  return {
    text: `{${sequences.map(({ text }) => text).join(',')}}`,
    rests: (key) => sequences.flatMap(({ rests }) => rests(key)),
  }
})
const pattern = fc
  .array(fc.oneof({ weight: 6, arbitrary: starred }, { weight: 1, arbitrary: choice }), { minLength: 1, maxLength: 6 })
  // Stars side by side would be read as another kind of star.
  .filter((pieces) => pieces.every(({ text }, at) => !(/^\*+$/.test(text) && /^\*+$/.test(pieces[at + 1]?.text ?? ''))))
  .map(sequence)
const segment = fc.array(characters, { minLength: 1, maxLength: 4 }).map((all) => all.join(''))
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))

/** What the documentation says, done the slow way. */
function reference(meant: Meant, anchored: boolean, name: string): boolean {
  const below = meant.text.endsWith('/')
  const all = [...name]
  const starts = [0]
  if (!anchored) for (const [at, character] of all.entries()) if (character === '/') starts.push(at + 1)
  return starts.some((start) => meant.rests(all.slice(start)).some((rest) => below || rest.length === 0))
}

describe('filter', () => {
  test('matches as a search through every way would, for any pattern and key', () => {
    fc.assert(
      fc.property(pattern, key, fc.boolean(), (meant, name, anchored) => {
        // A text that begins with a slash is anchored by that.
        fc.pre(!meant.text.startsWith('/'))
        const text = anchored ? `/${meant.text}` : meant.text
        expect(excluded(text, name)).toBe(reference(meant, anchored, name))
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['*.tmp', 'a.tmp', true],
    ['*.tmp', 'x/y/a.tmp', true],
    ['*.tmp', 'a.tmp/x', false],
    ['/*.tmp', 'x/a.tmp', false],
    ['/x/*.tmp', 'x/a.tmp', true],
    ['node_modules/', 'x/node_modules/y/z', true],
    ['node_modules/', 'node_modules', false],
    ['node_modules/', 'my_node_modules/y', false],
    ['/build/', 'x/build/y', false],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/z', false],
    ['a**', 'abc/d/e', true],
    ['{a,b}/*.{x,y}', 'q/b/1.y', true],
    ['[a-c]?', 'bz', true],
    ['[^a-c]?', 'bz', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['A', 'a', false],
    ['b', 'ab', false],
  ])('%s and %s: %s', (text, name, expected) => {
    expect(excluded(text, name)).toBe(expected)
  })

  test('rules come first, then what is excluded, then what is included; the first that matches decides', () => {
    const rules = { rules: ['+ keep.tmp', '- *.tmp'], exclude: ['private/'], include: ['*.txt'] }
    expect(takes(rules, 'x/keep.tmp')).toBe(true)
    expect(takes(rules, 'a.tmp')).toBe(false)
    expect(takes(rules, 'private/a.txt')).toBe(false)
    expect(takes(rules, 'a.txt')).toBe(true)
    expect(takes(rules, 'a.png')).toBe(false)
    // Rules alone take what none of them names: `+` is an exception to what follows it.
    expect(takes({ rules: ['+ keep.tmp', '- *.tmp'] }, 'a.png')).toBe(true)
  })

  test('a directory is itself named by patterns for directories only', () => {
    const admits = (rules: FilterRules, name: string): boolean =>
      createFilter(rules).admits(name, { kind: 'directory' })
    expect(admits({ exclude: ['*.d'] }, 'x.d')).toBe(true)
    expect(admits({ exclude: ['x.d/'] }, 'a/x.d')).toBe(false)
    expect(admits({ exclude: ['x/**'] }, 'x/y')).toBe(false)
    expect(admits({ minSize: 1, changedFrom: 5 }, 'x')).toBe(true)
  })

  test('sizes are inclusive, times half-open, and what tells neither is not taken', () => {
    const admits = (rules: FilterRules, entry: Partial<typeof file> | object): boolean =>
      createFilter(rules).admits('a', { kind: 'file', ...entry })
    expect([9, 10, 11].map((minSize) => admits({ minSize }, file))).toEqual([true, true, false])
    expect([9, 10, 11].map((maxSize) => admits({ maxSize }, file))).toEqual([false, true, true])
    expect([4999, 5000, 5001].map((changedFrom) => admits({ changedFrom }, file))).toEqual([true, true, false])
    expect([4999, 5000, 5001].map((changedBefore) => admits({ changedBefore }, file))).toEqual([false, false, true])
    expect([{ minSize: 0 }, { changedFrom: 0 }, { changedBefore: 9e15 }].map((rules) => admits(rules, {}))).toEqual([
      false,
      false,
      false,
    ])
  })

  test.each([
    ['an unclosed brace', '{a,b'],
    ['a brace too many', 'a}'],
    ['an unclosed bracket', '[a'],
    ['an empty bracket', 'a[]b'],
    ['a range backwards', '[z-a]'],
    ['an escape of nothing', 'a\\'],
    ['three stars', '***'],
    ['nothing', ''],
    ['a slash alone', '/'],
    ['more than 1,000 characters', 'a'.repeat(1001)],
    ['braces without end', '{'.repeat(500)],
  ])('refuses %s as InvalidConfig that shows the pattern', async (_, text) => {
    const failure = await failureOf((async () => createFilter({ exclude: [text] }))())
    expect(failure).toMatchObject({ code: 'InvalidConfig', message: expect.stringContaining(text.slice(0, 50)) })
  })

  test('refuses filters of too many patterns, and limits that are no numbers', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => `a${index}`)
    for (const rules of [
      { exclude: many },
      { include: Array<string>(70).fill('x'.repeat(1000)) },
      { minSize: Number.NaN },
    ]) {
      expect((await failureOf((async () => createFilter(rules))())).code).toBe('InvalidConfig')
    }
  })

  test('patterns made to run for ever do not', () => {
    const started = performance.now()
    const name = `${'a'.repeat(5000)}!`
    for (const text of [
      '*a'.repeat(300),
      '{a,a}'.repeat(200),
      '**a'.repeat(200),
      `${'{*b,'.repeat(20)}a${'}'.repeat(20)}`,
    ]) {
      expect(excluded(text, name)).toBe(false)
    }
    // A matcher that goes back takes longer than the universe has; this one well under a second.
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('reads a filter file, and names the line that is wrong', async () => {
    expect(parseFilterRules('\uFEFF# comment\r\n- *.tmp\r\n\n; another\n+  keep me \n')).toEqual([
      '- *.tmp',
      '+ keep me',
    ])
    for (const [text, line] of [
      ['- a\nb', 'line 2'],
      ['\n\n+ {', 'line 3'],
      ['-a', 'line 1'],
      ['+ ', 'line 1'],
    ] as const) {
      const failure = await failureOf((async () => parseFilterRules(text))())
      expect(failure).toMatchObject({ code: 'InvalidConfig', message: expect.stringContaining(line) })
    }
  })
})
