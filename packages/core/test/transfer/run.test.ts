import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { storageError } from '../../src/index.ts'
import {
  copyObject,
  moveObject,
  plan,
  run,
  type Action,
  type ItemResult,
  type TransferProgress,
} from '../../src/transfer/index.ts'
import { bare, bytesOf, chunked, codeOf, failureOf, rich, ScriptedBackend } from '../scripted-backend.ts'
import { atCall, filesOf, open, PartsBackend, put, runAll, transfer, twoStores } from './two-stores.ts'

const source = { 'd/a': 'one', 'd/e/b': 'two', 'd/e/c': 'three', f: 'four' }
const target = { 'd/a': 'other', 'd/e/b': 'two', 'old/x': 'gone', g: 'gone' }
const trees = fc.dictionary(
  fc.array(fc.constantFrom('a', 'b', 'b-', 'c'), { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/')),
  fc.constantFrom('', 'x', 'yy', 'zzz'),
  { maxKeys: 12, noNullPrototype: true },
)

/** Without names that are files and directories at once. */
function fitting(tree: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.keys(tree)
  return Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.some((other) => other.startsWith(`${key}/`))))
}

function clashes(one: object, other: object): boolean {
  const keys = [...Object.keys(one), ...Object.keys(other)]
  return keys.some((key) => keys.some((longer) => longer.startsWith(`${key}/`)))
}

describe('run', () => {
  test('afterwards the target is what a model says: source over target, or the source alone after a sync with delete', async () => {
    await fc.assert(
      fc.asyncProperty(
        trees,
        trees,
        fc.constantFrom('copy', 'move', 'sync'),
        fc.boolean(),
        async (one, other, kind, remove) => {
          const [left, right] = [fitting(one), fitting(other)]
          fc.pre(!clashes(left, right))
          const { from, to } = await twoStores()
          put(from.backend, left)
          put(to.backend, right)
          const options = { kind, delete: kind === 'sync' && remove, checksum: true } as const
          const { summary } = await transfer({ store: from.store }, { store: to.store }, options)
          expect(summary.failed).toBe(0)
          expect(filesOf(to.backend)).toEqual(options.delete ? sorted(left) : sorted({ ...right, ...left }))
          expect(filesOf(from.backend)).toEqual(kind === 'move' ? {} : sorted(left))
          // Directories: the move leaves none, the sync none that the source has not.
          if (kind === 'move') expect([...from.backend.folders]).toEqual([])
          if (options.delete) expect([...to.backend.folders].toSorted()).toEqual([...from.backend.folders].toSorted())
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each(['copy', 'move', 'sync'] as const)(
    'a %s whose N-th call of either store fails, for every N, is made whole by running it again; no part is seen, nothing is lost',
    async (kind) => {
      const options = { kind, delete: kind === 'sync', checksum: true, retries: 0, concurrency: 2 } as const
      for (const failing of ['from', 'to'] as const) {
        for (let number = 0; ; number++) {
          const { from, to } = await twoStores()
          put(from.backend, source)
          put(to.backend, target)
          const broken = failing === 'from' ? from.backend : to.backend
          let failed = false
          atCall(broken, number, () => {
            failed = true
            throw storageError('PermissionDenied', 'the call fails')
          })
          await transfer({ store: from.store }, { store: to.store }, options).catch((error: unknown) =>
            expect(error).toMatchObject({ code: 'PermissionDenied' }),
          )
          const here = filesOf(to.backend)
          const left = filesOf(from.backend)
          for (const [key, text] of Object.entries(source)) {
            expect([text, Object.entries(target).find(([name]) => name === key)?.[1]]).toContain(here[key])
            // A source is lost only where its copy is there.
            if (left[key] !== text) expect(here[key]).toBe(text)
          }
          broken.fault = {}
          if (!failed) break
          const done = await transfer({ store: from.store }, { store: to.store }, options).catch((error: unknown) => {
            // A move may have taken all of it before it failed.
            expect({ kind, code: (error as { code?: string }).code }).toEqual({ kind: 'move', code: 'NotFound' })
          })
          expect(done?.summary.failed ?? 0).toBe(0)
          expect(filesOf(to.backend)).toEqual(sorted(kind === 'sync' ? source : { ...target, ...source }))
          expect(filesOf(from.backend)).toEqual(kind === 'move' ? {} : sorted(source))
        }
      }
    },
  )

  test('aborted at every call, it ends with Aborted, frees everything, and is whole after another run', async () => {
    for (const stopped of ['from', 'to'] as const) {
      for (let number = 0; ; number++) {
        const { from, to } = await twoStores()
        put(from.backend, source)
        put(to.backend, target)
        from.backend.fault.body = (_, bytes) => chunked(bytes, 2)
        const controller = new AbortController()
        let reached = false
        atCall(stopped === 'from' ? from.backend : to.backend, number, () => {
          reached = true
          controller.abort()
        })
        const results: ItemResult[] = []
        const options = { kind: 'sync', delete: true, signal: controller.signal } as const
        const code = await codeOf(transfer({ store: from.store }, { store: to.store }, options, results))
        if (!reached) {
          expect(code).toBe('resolved')
          break
        }
        // An abort behind the last step has nothing to end.
        expect(['Aborted', 'resolved']).toContain(code)
        expect(results.filter(({ status }) => status === 'failed')).toEqual([])
        expect(from.backend.openBodies).toBe(0)
        for (const [key, text] of Object.entries(filesOf(to.backend))) {
          expect([Reflect.get(source, key), Reflect.get(target, key)]).toContain(text)
        }
        from.backend.fault = {}
        to.backend.fault = {}
        await transfer({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true, checksum: true })
        expect(filesOf(to.backend)).toEqual(sorted(source))
      }
    }
  })

  test('breaking off ends what is on its way', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    from.backend.fault.before = ({ operation, key }, { signal }) => {
      if (operation !== 'read' || key !== 'd/e/b') return undefined
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(storageError('Aborted', 'ended'))),
      )
    }
    for await (const { action } of run(
      { store: from.store },
      { store: to.store },
      plan({ store: from.store }, { store: to.store }, { kind: 'copy' }),
      {},
    )) {
      if (action.action === 'copy') break
    }
    expect(from.backend.openBodies).toBe(0)
    expect(Object.keys(filesOf(to.backend))).not.toContain('d/e/b')
  })

  test('a plan that fails is thrown after what was begun has ended, and nothing is deleted', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    put(to.backend, target)
    atCall(from.backend, 4, () => {})
    let listings = 0
    from.backend.fault.before = ({ operation }) => {
      if (operation === 'page' && ++listings === 3) throw storageError('PermissionDenied', 'not this one')
    }
    const options = { kind: 'sync', delete: true } as const
    expect((await failureOf(transfer({ store: from.store }, { store: to.store }, options))).code).toBe(
      'PermissionDenied',
    )
    expect(to.backend.count('delete')).toBe(0)
  })

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
      expect(outcome.toSorted()).toEqual([
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
      ...{ action: 'copy', from: 'x', to: to_, reason: 'missing', how: 'stream' },
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

describe('uploads in parts', () => {
  const memoryResume = () => {
    const texts = new Map<string, string>()
    const resume = {
      load: async (name: string) => texts.get(name),
      save: async (name: string, text: string) => void texts.set(name, text),
      remove: async (name: string) => void texts.delete(name),
    }
    return { texts, resume }
  }
  const setup = async () => {
    const from = await open(new ScriptedBackend(rich), 'from')
    const to = await open(new PartsBackend(), 'to')
    from.backend.put('a', bytesOf(95))
    const kept = memoryResume()
    const ends = [
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
    ] as const
    const options = { kind: 'copy', partsFrom: 50, resume: kept.resume, retries: 0 } as const
    return { from, to, ...kept, ends, options }
  }

  test('for every call that fails, the next run sends only what is missing and nothing is left', async () => {
    for (let number = 0; ; number++) {
      const { from, to, texts, ends, options } = await setup()
      let failed: string | undefined
      atCall(to.backend, number, ({ operation }) => {
        failed = operation
        throw storageError('PermissionDenied', 'the call fails')
      })
      const first = await transfer(...ends, options).catch(() => undefined)
      const sent = to.backend.sent.length
      to.backend.fault = {}
      if (failed === undefined) {
        expect(first?.results).toMatchObject([{ status: 'done', bytes: 95, verified: 'size' }])
        break
      }
      expect(to.backend.files.has('b')).toBe(failed.startsWith('upload') ? false : to.backend.files.has('b'))
      const second = await transfer(...ends, { ...options, force: true })
      expect(second.summary.failed).toBe(0)
      expect(to.backend.files.get('b')?.bytes).toEqual(bytesOf(95))
      expect([to.backend.uploads.size, texts.size, from.backend.openBodies]).toEqual([0, 0, 0])
      // What had arrived is not sent twice, unless the first run had already finished.
      if (failed.startsWith('upload')) expect(to.backend.sent).toHaveLength(10)
      else expect(to.backend.sent.length).toBeGreaterThanOrEqual(sent)
    }
  })

  test('aborted in the middle, the parts stay for the next run', async () => {
    const { to, ends, options, texts } = await setup()
    const controller = new AbortController()
    atCall(to.backend, 5, () => controller.abort())
    expect(await codeOf(transfer(...ends, { ...options, signal: controller.signal }))).toBe('Aborted')
    expect([texts.size, to.backend.uploads.size, to.backend.files.size]).toEqual([1, 1, 0])
    to.backend.fault = {}
    await transfer(...ends, options)
    expect(to.backend.sent.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('a source that has changed begins anew and drops the old parts', async () => {
    const { from, to, ends, options, texts } = await setup()
    atCall(to.backend, 6, () => {
      throw storageError('PermissionDenied', 'the call fails')
    })
    await transfer(...ends, options)
    to.backend.fault = {}
    from.backend.put('a', bytesOf(95, 2))
    await transfer(...ends, options)
    expect(to.backend.files.get('b')?.bytes).toEqual(bytesOf(95, 2))
    expect([to.backend.uploads.size, texts.size]).toEqual([0, 0])
  })

  test('an upload that the store does not know any more, and a saved text that is none, begin anew', async () => {
    for (const spoil of ['upload', 'text'] as const) {
      const { to, ends, options, texts } = await setup()
      atCall(to.backend, 6, () => {
        throw storageError('PermissionDenied', 'the call fails')
      })
      await transfer(...ends, options)
      to.backend.fault = {}
      if (spoil === 'upload') to.backend.uploads.clear()
      else for (const name of texts.keys()) texts.set(name, '{"version":2')
      const { summary } = await transfer(...ends, options)
      expect(summary.failed).toBe(0)
      expect(to.backend.files.get('b')?.bytes).toEqual(bytesOf(95))
    }
  })

  test('a source that changes between two parts never ends in mixed bytes', async () => {
    const { from, to, ends, options } = await setup()
    let parts = 0
    to.backend.fault.before = ({ operation }) => {
      if (operation === 'upload.part' && ++parts === 6) from.backend.put('a', bytesOf(95, 2))
    }
    const { results } = await transfer(...ends, options)
    expect(results).toMatchObject([{ status: 'failed', error: { code: 'ConditionFailed' } }])
    expect(to.backend.files.has('b')).toBe(false)
  })

  test('without `resume`, below `partsFrom`, or without etag to pin, it is one write', async () => {
    const { to, ends, options } = await setup()
    await transfer(...ends, { ...options, resume: undefined })
    await transfer(...ends, { ...options, force: true, partsFrom: 96 })
    expect([to.backend.count('write'), to.backend.sent.length]).toEqual([2, 0])
  })
})

describe('one object', () => {
  test('is copied and moved under conditions, without a plan', async () => {
    const { from, to } = await twoStores()
    from.backend.put('a', 'text')
    const copied = await copyObject({ store: from.store, key: 'a' }, { store: to.store, key: 'b' }, { ifAbsent: true })
    expect(copied).toMatchObject({ entry: { key: 'b', size: 4 }, verified: 'size' })
    expect(from.backend.count('stat')).toBe(0)
    const ends = [
      { store: from.store, key: 'a' },
      { store: to.store, key: 'b' },
    ] as const
    expect(await codeOf(copyObject(...ends, { ifAbsent: true }))).toBe('AlreadyExists')
    expect(await codeOf(copyObject(...ends, { ifMatch: '"none"' }))).toBe('ConditionFailed')
    expect(await codeOf(copyObject({ store: from.store, key: 'none' }, { store: to.store, key: 'c' }))).toBe('NotFound')
    expect(await codeOf(copyObject(ends[0], ends[0]))).toBe('InvalidConfig')
    await moveObject(...ends)
    expect([filesOf(from.backend), filesOf(to.backend)]).toEqual([{}, { b: 'text' }])
    await moveObject({ store: to.store, key: 'b' }, { store: to.store, key: 'c' })
    expect([filesOf(to.backend), to.backend.count('move')]).toEqual([{ c: 'text' }, 1])
  })
})

function sorted(tree: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).toSorted())
}
