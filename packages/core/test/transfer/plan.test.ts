import { describe, expect, test } from 'vitest'
import { createFilter, plan, type Action, type End, type PlanOptions } from '../../src/transfer/index.ts'
import { deepestFirst, Leftovers } from '../../src/transfer/leftovers.ts'
import { bare, failureOf, rich, ScriptedBackend } from '../scripted-backend.ts'
import { openListed } from './listed-store.ts'
import { open, put, twoStores } from './two-stores.ts'

async function steps(from: End, to: End, options: PlanOptions): Promise<string[]> {
  const all: string[] = []
  for await (const step of plan(from, to, options)) all.push(shown(step))
  return all
}

function shown(step: Action): string {
  switch (step.action) {
    case 'copy':
    case 'move':
      return `${step.action} ${step.from} ${step.to} ${step.reason}`
    case 'link':
      return `link ${step.to} ${step.target}`
    case 'make-directory':
      return `make ${step.to}`
    case 'delete':
      return `delete ${step.side} ${step.key}`
    case 'skip':
      return `skip ${step.key} ${step.reason}`
    case 'fail':
      return `fail ${step.key} ${String((step.error as { code?: string }).code)}`
  }
}

describe('plan', () => {
  test('a copy takes what is missing or differs, skips what is the same, and leaves what is only at the target', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { 'a/new': '1', 'a/same': '22', 'a/other': '333' })
    put(to.backend, { 'b/same': '22', 'b/other': '4', 'b/only': '5' })
    expect(await steps({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy' })).toEqual([
      'copy a/new b/new missing',
      'copy a/other b/other differs',
      'skip a/same same',
    ])
    expect(
      await steps({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy', force: true }),
    ).toContain('copy a/same b/same asked')
    const absent = await steps(
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
      { kind: 'copy', ifAbsent: true },
    )
    expect(absent).toEqual(['copy a/new b/new missing', 'skip a/other exists', 'skip a/same exists'])
    expect(from.backend.count('write') + to.backend.count('write') + to.backend.count('delete')).toBe(0)
  })

  test('a sync with delete ends with what is only at the target, files before their directories, the deepest first', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { z: '1' })
    put(to.backend, { 'a/b/c': '1', 'a/d': '1', 'a-b/x': '1', z: '1' })
    expect(await steps({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true })).toEqual([
      'skip z same',
      'delete to a-b/x',
      'delete to a/b/c',
      'delete to a/d',
      'delete to a/b',
      'delete to a-b',
      'delete to a',
    ])
    expect(await steps({ store: from.store }, { store: to.store }, { kind: 'sync' })).toEqual(['skip z same'])
  })

  test('what a filter leaves out is neither copied nor deleted', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { 'a.tmp': '1', b: '1' })
    put(to.backend, { 'c.tmp': '1', d: '1' })
    const filter = createFilter({ exclude: ['*.tmp'] })
    expect(await steps({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true, filter })).toEqual([
      'copy b b missing',
      'delete to d',
    ])
  })

  test('a move takes along what is equal by size alone, and ends with the directories of the source', async () => {
    const { from: source, to } = await twoStores()
    put(source.backend, { 'd/e/x': '1', 'd/y': '2' })
    put(to.backend, { 't/y': '2' })
    expect(await steps({ store: source.store, key: 'd' }, { store: to.store, key: 't' }, { kind: 'move' })).toEqual([
      'make t/e',
      'move d/e/x t/e/x missing',
      // Equal by size alone: moved like what differs, never deleted for that.
      'move d/y t/y asked',
      'delete from d/e',
      'delete from d',
    ])
  })

  test('empty directories are made where both stores have real ones, and the root of an empty tree', async () => {
    const { from, to } = await twoStores()
    from.backend.folders.add('a')
    expect(await steps({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy' })).toEqual([
      'make b',
    ])
    from.backend.folders.add('a/empty')
    expect(await steps({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy' })).toEqual([
      'make b',
      'make b/empty',
    ])
  })

  test('a file where a directory must be, and the reverse, are failed steps', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { 'a/x/y': '1', 'a/z': '1', b: '1' })
    put(to.backend, { a: '1', 'b/x': '1' })
    expect(await steps({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true })).toEqual([
      'fail a NotDirectory',
      'fail a/x/y NotDirectory',
      'fail a/z NotDirectory',
      'fail b IsDirectory',
      'delete to b/x',
    ])
  })

  test('links are kept where the target holds links, else skipped in words', async () => {
    const link = { kind: 'link', key: 'l', target: '../x' } as const
    const from = await openListed([link])
    const without = await open(new ScriptedBackend(rich), 'without')
    expect(await steps({ store: from.store }, { store: without.store }, { kind: 'copy' })).toEqual(['skip l link'])
    const capable = new ScriptedBackend({ ...rich, ops: { ...rich.ops, links: 'native' } })
    Object.assign(capable, { links: { make: async () => undefined } })
    const target = await open(capable, 'with')
    expect(await steps({ store: from.store }, { store: target.store }, { kind: 'copy' })).toEqual(['link l ../x'])
    expect(await steps({ store: from.store }, { store: target.store }, { kind: 'copy', links: 'skip' })).toEqual([])
  })

  test('within one store the store itself is to do it', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { a: '1' })
    const hows = async (target: End): Promise<unknown[]> => {
      const all: unknown[] = []
      for await (const step of plan({ store: from.store, key: 'a' }, target, { kind: 'copy' }))
        if ('how' in step) all.push(step.how)
      return all
    }
    expect(await hows({ store: from.store, key: 'b' })).toEqual(['store'])
    expect(await hows({ store: to.store, key: 'b' })).toEqual(['stream'])
  })

  test.each<[string, string, string, PlanOptions, string]>([
    ['onto itself', 'a', 'a', { kind: 'copy' }, 'InvalidConfig'],
    ['into itself', 'a', 'a/b', { kind: 'copy' }, 'InvalidConfig'],
    ['into the root of itself', '', 'a', { kind: 'move' }, 'InvalidConfig'],
    ['a sync above its source', 'a/b', 'a', { kind: 'sync', delete: true }, 'InvalidConfig'],
    ['delete on a copy', 'a', 'c', { kind: 'copy', delete: true }, 'InvalidConfig'],
    ['a move that follows links', 'a', 'c', { kind: 'move', links: 'follow' }, 'InvalidConfig'],
    ['ifMatch for a tree', 'a', 'c', { kind: 'copy', ifMatch: '"1"' }, 'InvalidConfig'],
    ['both conditions', 'a', 'c', { kind: 'copy', ifMatch: '"1"', ifAbsent: true }, 'InvalidConfig'],
    ['a key that is none', 'a//b', 'c', { kind: 'copy' }, 'InvalidKey'],
    ['what is not there', 'none', 'c', { kind: 'copy' }, 'NotFound'],
  ])('refuses %s', async (_, one, other, options, code) => {
    const { from } = await twoStores()
    put(from.backend, { 'a/b/x': '1' })
    expect(
      (await failureOf(steps({ store: from.store, key: one }, { store: from.store, key: other }, options))).code,
    ).toBe(code)
  })

  test('refuses before any look what the target cannot do', async () => {
    const { from } = await twoStores()
    put(from.backend, { a: '1' })
    const plain = await open(new ScriptedBackend(bare), 'plain')
    const readOnly = await openListed([])
    const ends: [End, PlanOptions][] = [
      [{ store: readOnly.store }, { kind: 'copy' }],
      [
        { store: plain.store, key: 'b' },
        { kind: 'copy', ifAbsent: true },
      ],
      [
        { store: plain.store, key: 'b' },
        { kind: 'copy', ifMatch: '"1"' },
      ],
    ]
    for (const [to, options] of ends) {
      expect((await failureOf(steps({ store: from.store }, to, options))).code).toBe('Unsupported')
    }
    expect(from.backend.seen).toEqual([])
  })

  test('more deletions than are held are found by a second look, in the same order', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { z: '1' })
    put(to.backend, { 'a/b/c': '1', 'a/d': '1', 'a-b/x': '1', 'q/r/s/t': '1', z: '1' })
    const ends = [{ store: from.store }, { store: to.store }] as const
    const options = { kind: 'sync', delete: true } as const
    const expected = (await steps(...ends, options)).filter((step) => step.startsWith('delete'))
    const roots = { left: await from.store.stat(''), right: await to.store.stat('') }
    const leftovers = new Leftovers(...ends, options, roots, 0)
    for await (const entry of to.store.list('', { recursive: true })) if (entry.key !== 'z') leftovers.onlyRight(entry)
    const again: string[] = []
    for await (const step of leftovers.steps()) again.push(shown(step))
    expect(again.filter((step) => !step.includes('.'))).toHaveLength(expected.length)
    expect(again.slice(0, 4)).toEqual(expected.slice(0, 4))
    // Directories: each after all below it.
    const directories = again.slice(4).map((step) => step.slice('delete to '.length))
    for (const [index, directory] of directories.entries()) {
      expect(directories.slice(index + 1).filter((later) => later.startsWith(`${directory}/`))).toEqual([])
    }
    expect(directories.toSorted()).toEqual(['a', 'a-b', 'a/b', 'q', 'q/r', 'q/r/s'])
  })

  test('only open directories are held while the deepest come first', async () => {
    const entries = ['a', 'a-', 'a/b', 'a/b/c', 'a/d', 'e'].map((key) => ({ kind: 'directory', key }) as never)
    const keys: string[] = []
    for await (const { key } of deepestFirst(
      (async function* () {
        yield* entries
      })(),
    ))
      keys.push(key)
    expect(keys).toEqual(['a-', 'a/b/c', 'a/b', 'a/d', 'a', 'e'])
  })
})
