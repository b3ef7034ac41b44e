import { describe, expect, test, vi } from 'vitest'
import { storageError } from '../../src/index.ts'
import { plan, type Action, type ItemResult, type TransferProgress } from '../../src/transfer/index.ts'
import { bare, bytesOf, chunked, rich, ScriptedBackend } from '../scripted-backend.ts'
import { filesOf, open, put, runAll, transfer, twoStores, source, target } from './two-stores.ts'

describe('run', () => {
  test('what is worth it is tried again when all others are through, so often as told', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    let failures = 0
    to.backend.fault.before = ({ operation, key }) => {
      if (operation === 'write' && key === 'd/a' && failures++ < 2) throw storageError('Unavailable', 'not now')
      if (operation === 'write' && key === 'f') throw storageError('PermissionDenied', 'never')
    }
    const { results, summary } = await transfer(
      { store: from.store },
      { store: to.store },
      { kind: 'copy', concurrency: 1 },
    )
    const outcome = results.map(({ action, status, attempts }) => [
      action.action === 'copy' ? action.to : action.action,
      status,
      attempts,
    ])
    expect(outcome.filter(([what]) => what !== 'make-directory')).toEqual([
      ['d/e/b', 'done', 1],
      ['d/e/c', 'done', 1],
      ['f', 'failed', 1],
      ['d/a', 'done', 3],
    ])
    expect(summary).toMatchObject({
      copied: 3,
      failed: 1,
      bytes: 11,
      failures: [{ key: 'f', error: { code: 'PermissionDenied' } }],
    })
  })

  test('nothing is deleted of the target where a step failed, and each deletion says why', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    put(to.backend, target)
    to.backend.fault.before = ({ operation, key }) => {
      if (operation === 'write' && key === 'f') throw storageError('PermissionDenied', 'never')
    }
    const { results } = await transfer({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true })
    const deletions = results.filter(({ action }) => action.action === 'delete')
    expect(deletions.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped'])
    expect(deletions[0]?.error).toMatchObject({ message: expect.stringContaining('1 steps before it failed') })
    expect(filesOf(to.backend)).toMatchObject({ g: 'gone', 'old/x': 'gone' })
  })

  test('deletes only what is still as the plan saw it', async () => {
    for (const capabilities of [rich, bare]) {
      const { from } = await twoStores()
      const to = await open(new ScriptedBackend(capabilities), 'to')
      put(from.backend, { a: '1' })
      put(to.backend, { b: 'seen', c: 'seen' })
      const ends = [{ store: from.store }, { store: to.store }] as const
      const actions = await Array.fromAsync(plan(...ends, { kind: 'sync', delete: true }))
      to.backend.put('b', 'changed')
      to.backend.files.delete('c')
      const { results } = await runAll(...ends, actions, {})
      const outcome = results
        .filter(({ action }) => action.action === 'delete')
        .map(({ status, error }) => [status, (error as { code?: string } | undefined)?.code])
      expect(outcome.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
        ['done', undefined],
        ['failed', 'ConditionFailed'],
      ])
      expect(to.backend.text('b')).toBe('changed')
    }
  })

  test('replaces only what the plan saw, where the store takes conditions itself', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { a: '1', b: '22' })
    put(to.backend, { b: '1' })
    const ends = [{ store: from.store }, { store: to.store }] as const
    const actions = await Array.fromAsync(plan(...ends, { kind: 'copy' }))
    put(to.backend, { a: 'mine', b: 'mine' })
    const { results } = await runAll(...ends, actions, {})
    expect(results.map(({ error }) => (error as { code?: string }).code)).toEqual(['AlreadyExists', 'ConditionFailed'])
    expect(filesOf(to.backend)).toEqual({ a: 'mine', b: 'mine' })
  })

  test('the conditions of the caller go with the step, whatever the store makes of them', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { a: '1' })
    const etag = to.backend.put('b', 'old')
    const ends = [
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
    ] as const
    const [wrong] = await Array.fromAsync(plan(...ends, { kind: 'copy', ifMatch: '"none"' }))
    expect(wrong).toMatchObject({ action: 'fail', error: { code: 'ConditionFailed' } })
    const [right] = await Array.fromAsync(plan(...ends, { kind: 'copy', ifMatch: etag }))
    expect(right).toMatchObject({ action: 'copy', conditions: { ifMatch: etag } })
    to.backend.put('b', 'changed')
    const { results } = await runAll(...ends, right === undefined ? [] : [right], {})
    expect(results).toMatchObject([{ status: 'failed', error: { code: 'ConditionFailed' } }])
    expect(to.backend.text('b')).toBe('changed')
  })

  test('a move keeps a source that changed after it was copied', async () => {
    const { from, to } = await twoStores()
    put(from.backend, { 'd/a': '1' })
    to.backend.fault.after = ({ operation }) => {
      if (operation === 'write') from.backend.put('d/a', 'newer')
    }
    const { results, summary } = await transfer({ store: from.store }, { store: to.store }, { kind: 'move' })
    expect(summary).toMatchObject({ moved: 0, failed: 1 })
    expect(results.at(-1)).toMatchObject({ status: 'skipped', error: { code: 'NotEmpty' } })
    expect(from.backend.text('d/a')).toBe('newer')
    expect(to.backend.text('d/a')).toBe('1')
  })

  test('a source that changes while it is copied gives no mixed bytes', async () => {
    const { from, to } = await twoStores()
    from.backend.put('a', bytesOf(100))
    let broken = false
    from.backend.fault.body = async function* (_, bytes) {
      yield bytes.slice(0, 10)
      if (broken) return yield bytes.slice(10)
      broken = true
      from.backend.put('a', bytesOf(100, 2))
      throw storageError('Unavailable', 'cut')
    }
    const { summary } = await transfer({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy' })
    // The second round copies what is there by then.
    expect(summary.failed).toBe(0)
    expect(to.backend.files.get('b')?.bytes).toEqual(bytesOf(100, 2))
  })

  test('a copy that is not what was sent is Corrupt and does not stay', async () => {
    const { from, to } = await twoStores()
    from.backend.put('a', 'right')
    to.backend.writing = async (_, key) => void to.backend.put(key, 'wrong')
    const ends = [
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
    ] as const
    const told = await transfer(...ends, { kind: 'move', retries: 0 })
    expect(told.results).toMatchObject([{ status: 'done', verified: 'size' }])
    from.backend.put('a', 'right')
    to.backend.files.clear()
    const read = await transfer(...ends, { kind: 'move', verify: 'read', retries: 0 })
    expect(read.results).toMatchObject([{ status: 'failed', error: { code: 'Corrupt' } }])
    expect(from.backend.text('a')).toBe('right')
    expect(to.backend.files.size).toBe(0)
  })

  test.each([
    ['whole', 0],
    ['in chunks', 7],
  ])('verify by reading back compares what was sent, a body %s', async (_, size) => {
    const { from, to } = await twoStores()
    from.backend.put('a', bytesOf(50))
    if (size > 0) from.backend.fault.body = (_seen, bytes) => chunked(bytes, size)
    const { results } = await transfer(
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
      { kind: 'copy', verify: 'read' },
    )
    expect(results).toMatchObject([{ status: 'done', verified: 'sha256', bytes: 50 }])
  })

  test('attributes that the target keeps go along, the others are told', async () => {
    const { from, to } = await twoStores()
    from.backend.put('a', '1', { contentType: 'text/plain', metadata: { by: 'me' } })
    const plain = await open(new ScriptedBackend(bare), 'plain')
    const kept = await transfer({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { kind: 'copy' })
    expect(kept.results[0]?.dropped).toBeUndefined()
    expect(to.backend.files.get('b')).toMatchObject({ contentType: 'text/plain', metadata: { by: 'me' } })
    const lost = await transfer({ store: from.store, key: 'a' }, { store: plain.store, key: 'b' }, { kind: 'copy' })
    expect(lost.results[0]?.dropped).toEqual(['contentType', 'metadata'])
  })

  test('within one store the store does it: a copy pinned to its source, a move in one step', async () => {
    const { from } = await twoStores()
    put(from.backend, { 'd/a': '1', 'd/b': '2' })
    const copied = await transfer({ store: from.store, key: 'd' }, { store: from.store, key: 'e' }, { kind: 'copy' })
    expect(copied.summary).toMatchObject({ copied: 2, failed: 0 })
    expect(copied.results.filter(({ action }) => action.action === 'copy')).toMatchObject([
      { bytes: 0, verified: 'size' },
      { bytes: 0 },
    ])
    await transfer({ store: from.store, key: 'd' }, { store: from.store, key: 'f' }, { kind: 'move' })
    expect(filesOf(from.backend)).toEqual({ 'e/a': '1', 'e/b': '2', 'f/a': '1', 'f/b': '2' })
    expect([from.backend.count('read'), from.backend.count('write')]).toEqual([0, 0])
    expect([...from.backend.folders].toSorted()).toEqual(['e', 'f'])
  })

  test('large objects leave places for small ones', async () => {
    const { from, to } = await twoStores()
    const waiting: (() => void)[] = []
    const big = 16 * 2 ** 20
    to.backend.writing = async (_, key) => {
      if (key.startsWith('big')) await new Promise<void>((resolve) => waiting.push(resolve))
      to.backend.put(key, 'x'.repeat(key.startsWith('big') ? 0 : 1))
    }
    from.backend.put('x', 'x')
    const entry = await from.store.stat('x')
    const copies = ['big1', 'big2', 'big3', 'big4', 'big5', 'small1', 'small2'].map((to_): Action => ({
      action: 'copy',
      from: 'x',
      to: to_,
      reason: 'missing',
      how: 'stream',
      entry: to_.startsWith('big') ? { ...entry, size: big } : entry,
    }))
    const results: ItemResult[] = []
    const running = runAll({ store: from.store }, { store: to.store }, copies, { concurrency: 4, retries: 0 }, results)
    await vi.waitFor(() =>
      expect(results.map(({ action }) => 'to' in action && action.to)).toEqual(['small1', 'small2']),
    )
    expect(waiting).toHaveLength(3)
    for (let count = 0; count < 5; count++)
      await vi.waitFor(() => waiting.shift()?.() ?? expect(results.length).toBe(7))
    await running
  })

  test('what `onProgress` throws is thrown when all is done, and stops nothing', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    const onProgress = (): void => {
      throw new Error('mine')
    }
    const running = transfer({ store: from.store }, { store: to.store }, { kind: 'copy', onProgress })
    await expect(running).rejects.toThrow('mine')
    expect(filesOf(to.backend)).toEqual(source)
  })

  test('progress grows to the totals, and its last word is the end', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    put(to.backend, { f: 'four' })
    const told: TransferProgress[] = []
    await transfer(
      { store: from.store },
      { store: to.store },
      { kind: 'copy', onProgress: (progress) => told.push(progress) },
    )
    expect(told.at(-1)).toMatchObject({
      items: { done: 5, failed: 0, skipped: 1, total: 6 },
      bytes: { done: 11, total: 11 },
      planning: false,
      remainingSeconds: 0,
      active: [],
    })
    for (const [index, { bytes }] of told.entries())
      expect(bytes.done).toBeGreaterThanOrEqual(told[index - 1]?.bytes.done ?? 0)
  })
})
