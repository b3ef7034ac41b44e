import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys } from '../../src/index.ts'
import type { Entry } from '../../src/backend/index.ts'
import { compare, createFilter, type Comparison, type CompareOptions, type End } from '../../src/transfer/index.ts'
import { failureOf, openScripted } from '../scripted-backend.ts'
import { fileEntry, keepsTimes, listedCapabilities, openListed } from './listed-store.ts'

async function all(left: End, right: End, options: CompareOptions = {}): Promise<Comparison[]> {
  return Array.fromAsync(compare(left, right, options))
}

/** Of one object on both sides. */
async function verdictOf(
  left: Partial<Entry>,
  right: Partial<Entry>,
  options: CompareOptions & { bodies?: [string, string] } = {},
) {
  const [one = '', other = ''] = options.bodies ?? []
  const a = await openListed([fileEntry('k', left)], options.bodies && { bodies: { k: one } })
  const b = await openListed([fileEntry('k', right)], {
    capabilities: keepsTimes,
    ...(options.bodies && { bodies: { k: other } }),
  })
  const [comparison] = await all({ store: a.store }, { store: b.store }, options)
  return { verdict: comparison?.verdict, by: comparison?.by, reads: a.reads.length + b.reads.length }
}

const names = fc.constantFrom('a', 'a-', 'a.', 'a0', 'b', '\uffee', '\u{1f600}', 'é')
const keys = fc.array(names, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'))
const trees = fc.dictionary(keys, fc.integer({ min: 0, max: 2 }), { maxKeys: 15, noNullPrototype: true })

/** Without names that are files and directories at once. */
function fittingKeys(tree: Readonly<Record<string, number>>): string[] {
  const keysOf = Object.keys(tree)
  return keysOf.filter((key) => !keysOf.some((other) => other.startsWith(`${key}/`))).toSorted(compareKeys)
}

describe('compare', () => {
  test('says of every name of two trees what sets would say, in the order of keys', async () => {
    await fc.assert(
      fc.asyncProperty(trees, trees, async (left, right) => {
        const capabilities = { ...listedCapabilities, directories: 'implied' } as const
        const entries = (tree: typeof left): Entry[] =>
          fittingKeys(tree).map((key) => fileEntry(key, { size: tree[key] }))
        const one = await openListed(entries(left), { capabilities })
        const other = await openListed(entries(right), { capabilities, pageSize: 2 })
        const found = await all({ store: one.store }, { store: other.store })
        const [a, b] = [new Set(fittingKeys(left)), new Set(fittingKeys(right))]
        const expected = [...a.union(b)].toSorted(compareKeys).map((key) => {
          if (!b.has(key)) return [key, 'only-left']
          if (!a.has(key)) return [key, 'only-right']
          return [key, left[key] === right[key] ? 'same' : 'differs']
        })
        expect(found.map(({ key, verdict }) => [key, verdict])).toEqual(expected)
        expect(one.open() + other.open()).toBe(0)
      }),
    )
  })

  test.each<[string, Partial<Entry>, Partial<Entry>, string, string]>([
    ['one CID', { cid: 'x', size: 1 }, { cid: 'x', size: 2 }, 'same', 'cid'],
    [
      'two CIDs of one hash, as chunks may differ',
      { cid: 'x', hashes: { md5: '1' } },
      { cid: 'y', hashes: { md5: '1' } },
      'same',
      'md5',
    ],
    ['two CIDs and nothing else', { cid: 'x' }, { cid: 'y' }, 'differs', 'cid'],
    [
      'the strongest hash that both tell',
      { hashes: { md5: '1', sha256: '2' } },
      { hashes: { md5: '0', sha256: '2' } },
      'same',
      'sha256',
    ],
    ['another hash of one size', { hashes: { crc32: '1' } }, { hashes: { crc32: '2' } }, 'differs', 'crc32'],
    ['another size', { size: 1 }, { size: 2 }, 'differs', 'size'],
    ['size and time', { modified: new Date(1500) }, { modified: new Date(1500) }, 'same', 'modified'],
    ['a time cut to the second', { modified: new Date(1500) }, { modified: new Date(1000) }, 'same', 'modified'],
    ['a time rounded to the second', { modified: new Date(1500) }, { modified: new Date(2000) }, 'same', 'modified'],
    ['two exact times', { modified: new Date(1500) }, { modified: new Date(1501) }, 'differs', 'modified'],
    ['whole seconds apart', { modified: new Date(1000) }, { modified: new Date(2000) }, 'differs', 'modified'],
    ['size where one tells no time', { modified: new Date(1000) }, {}, 'same', 'size'],
    ['size, never etags of two stores', { etag: '"1"' }, { etag: '"2"' }, 'same', 'size'],
  ])('judges by %s', async (_, left, right, verdict, by) => {
    expect(await verdictOf(left, right)).toEqual({ verdict, by, reads: 0 })
  })

  test('a time says nothing where the right side cannot be given one', async () => {
    const left = await openListed([fileEntry('k', { modified: new Date(1) })])
    const right = await openListed([fileEntry('k', { modified: new Date(99_999) })])
    expect(await all({ store: left.store }, { store: right.store })).toMatchObject([{ verdict: 'same', by: 'size' }])
  })

  test('with checksum reads what no hash tells, and never trusts size and time', async () => {
    const modified = new Date(1500)
    const at = { checksum: true } as const
    expect(await verdictOf({ modified }, { modified }, { ...at, bodies: ['x', 'x'] })).toMatchObject({
      verdict: 'same',
      by: 'bytes',
    })
    expect(await verdictOf({ modified }, { modified }, { ...at, bodies: ['x', 'y'] })).toMatchObject({
      verdict: 'differs',
      by: 'bytes',
    })
    const hashed = { hashes: { sha256: 'a' } }
    expect(await verdictOf(hashed, hashed, { ...at })).toEqual({ verdict: 'same', by: 'sha256', reads: 0 })
    expect(await verdictOf({ size: 1 }, { size: 2 }, { ...at })).toEqual({ verdict: 'differs', by: 'size', reads: 0 })
    expect(await verdictOf({ size: undefined }, {}, { bodies: ['x', 'x'] })).toMatchObject({
      verdict: 'same',
      by: 'bytes',
    })
  })

  test('a look that fails is a verdict of that name, and the others go on in order', async () => {
    const entries = ['a', 'b', 'c', 'd'].map((key) => fileEntry(key))
    const left = await openListed(entries, { bodies: { a: 'x', c: 'x', d: 'x' } })
    const right = await openListed(entries, { bodies: { a: 'x', b: 'x', c: 'y', d: 'x' } })
    const found = await all({ store: left.store }, { store: right.store }, { checksum: true, concurrency: 2 })
    expect(found.map(({ key, verdict }) => [key, verdict])).toEqual([
      ['a', 'same'],
      ['b', 'failed'],
      ['c', 'differs'],
      ['d', 'same'],
    ])
    expect(found[1]?.error).toMatchObject({ code: 'PermissionDenied', key: 'b' })
  })

  test.each(['left', 'right'])(
    'refuses a %s listing that is out of order, naming the store and both keys',
    async (side) => {
      const good = await openListed([fileEntry('a'), fileEntry('c')])
      const bad = await openListed(['a', 'c', 'b'].map((key) => fileEntry(key)))
      const [left, right] = side === 'left' ? [bad, good] : [good, bad]
      const failure = await failureOf(all({ store: left.store }, { store: right.store }))
      expect(failure).toMatchObject({ code: 'Unexpected', store: 'listed', key: 'b' })
      expect(failure.message).toContain('"b" after "c"')
      expect(left.open() + right.open()).toBe(0)
    },
  )

  test('order is by UTF-8 bytes, where UTF-16 would say another', async () => {
    const entries = ['\uffee', '\u{1f600}'].map((key) => fileEntry(key))
    const one = await openListed(entries)
    expect(await all({ store: one.store }, { store: one.store })).toHaveLength(2)
  })

  test('a listing that fails ends the comparison, and the other listing is freed', async () => {
    const entries = Array.from({ length: 20 }, (_, index) => fileEntry(`k${index + 10}`))
    const left = await openListed(entries)
    const right = await openListed(entries, { failAfter: 7 })
    const failure = await failureOf(all({ store: left.store }, { store: right.store }))
    expect(failure.code).toBe('PermissionDenied')
    expect(left.open() + right.open()).toBe(0)
  })

  test('breaking off frees both listings', async () => {
    const entries = Array.from({ length: 20 }, (_, index) => fileEntry(`k${index + 10}`))
    const both = await openListed(entries)
    for await (const { key } of compare({ store: both.store }, { store: both.store }, {})) if (key === 'k12') break
    expect(both.open()).toBe(0)
  })

  test('nothing on the left is NotFound, nothing on the right is empty, a tree beside a file NotDirectory', async () => {
    const { store } = await openListed([fileEntry('a'), fileEntry('d/x'), fileEntry('d/y')])
    expect((await failureOf(all({ store, key: 'none' }, { store }))).code).toBe('NotFound')
    expect((await failureOf(all({ store, key: 'd' }, { store, key: 'a' }))).code).toBe('NotDirectory')
    const found = await all({ store, key: 'd' }, { store, key: 'none' })
    expect(found.map(({ key, verdict }) => [key, verdict])).toEqual([
      ['x', 'only-left'],
      ['y', 'only-left'],
    ])
  })

  test('single objects are compared under the key of nothing', async () => {
    const left = await openListed([fileEntry('d/a', { size: 5 })])
    const right = await openListed([fileEntry('b', { size: 5 })])
    expect(await all({ store: left.store, key: 'd/a' }, { store: right.store, key: 'b' })).toMatchObject([
      { key: '', verdict: 'same', by: 'size' },
    ])
    expect(await all({ store: left.store, key: 'd/a' }, { store: right.store, key: 'c' })).toMatchObject([
      { key: '', verdict: 'only-left' },
    ])
    // A filter sees the last segment.
    const filter = createFilter({ exclude: ['/a'] })
    expect(await all({ store: left.store, key: 'd/a' }, { store: right.store, key: 'c' }, { filter })).toEqual([])
  })

  test('a filter by size looks at the left one of a pair, so that what grew is not taken for missing', async () => {
    const left = await openListed([fileEntry('a', { size: 5 }), fileEntry('b', { size: 50 })])
    const right = await openListed([
      fileEntry('a', { size: 50 }),
      fileEntry('b', { size: 5 }),
      fileEntry('c', { size: 50 }),
    ])
    const found = await all({ store: left.store }, { store: right.store }, { filter: createFilter({ maxSize: 10 }) })
    expect(found.map(({ key, verdict }) => [key, verdict])).toEqual([['a', 'differs']])
  })

  test('links are compared as links, left out, or as what they point to', async () => {
    const link = (key: string, target: string): Entry => ({ kind: 'link', key, target })
    const left = await openListed([link('a', 'x'), link('b', 'x'), link('c', 'x')], { bodies: { a: '1', b: '1' } })
    const right = await openListed([link('a', 'x'), link('b', 'y'), fileEntry('c')], {
      bodies: { a: '1', b: '2', c: '1' },
    })
    const verdicts = async (links?: 'keep' | 'follow' | 'skip') =>
      (await all({ store: left.store }, { store: right.store }, { links, checksum: true })).map(
        ({ key, verdict }) => `${key} ${verdict}`,
      )
    expect(await verdicts()).toEqual(['a same', 'b differs', 'c differs'])
    expect(await verdicts('skip')).toEqual([])
    expect(await verdicts('follow')).toEqual(['a same', 'b differs', 'c failed'])
  })

  test('directories take part only where they exist by themselves on both sides', async () => {
    const real = await openScripted()
    real.backend.folders.add('empty')
    real.backend.put('d/a', 'x')
    const implied = await openListed([fileEntry('d/a')], {
      capabilities: { ...listedCapabilities, directories: 'implied' },
    })
    const names = async (right: End) =>
      (await all({ store: real.store }, right)).map(({ key, verdict }) => `${key} ${verdict}`)
    expect(await names({ store: implied.store })).toEqual(['d/a same'])
    const other = await openScripted()
    other.backend.put('d/a', 'x')
    expect(await names({ store: other.store })).toEqual(['d same', 'd/a same', 'empty only-left'])
  })

  test('the signal ends it with Aborted', async () => {
    const controller = new AbortController()
    const entries = Array.from({ length: 20 }, (_, index) => fileEntry(`k${index + 10}`))
    const both = await openListed(entries)
    const failure = await failureOf(
      (async () => {
        for await (const _ of compare({ store: both.store }, { store: both.store }, { signal: controller.signal }))
          controller.abort()
      })(),
    )
    expect(failure).toMatchObject({ code: 'Aborted', name: 'AbortError' })
    expect(both.open()).toBe(0)
  })
})
