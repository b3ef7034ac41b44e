import { describe, expect, test } from 'vitest'
import { storageError } from '../../src/index.ts'
import { copyObject, moveObject } from '../../src/transfer/index.ts'
import { bytesOf, codeOf, rich, ScriptedBackend } from '../scripted-backend.ts'
import { atCall, filesOf, open, PartsBackend, transfer, twoStores } from './two-stores.ts'

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

  test('an upload that was begun when its process died before it was saved is found among those of the store', async () => {
    const { from, to, ends, options, texts } = await setup()
    const dies = {
      ...options.resume,
      save: async () => {
        throw new Error('killed')
      },
    }
    // Nor could it be aborted: as if the process was no more.
    to.backend.fault.before = ({ operation }) => {
      if (operation === 'upload.abort') throw storageError('PermissionDenied', 'no more calls')
    }
    await transfer(...ends, { ...options, resume: dies })
    to.backend.fault = {}
    const [state] = to.backend.uploads.keys()
    expect([to.backend.uploads.size, texts.size]).toEqual([1, 0])
    const starts: string[] = []
    to.backend.fault.before = ({ operation }) => {
      if (operation === 'upload.start') starts.push(operation)
      if (operation === 'upload.finish') expect([...to.backend.uploads.keys()]).toEqual([state])
    }
    await transfer(...ends, options)
    expect([starts, to.backend.uploads.size, texts.size]).toEqual([[], 0, 0])
    expect(to.backend.files.get('b')?.bytes).toEqual(from.backend.files.get('a')?.bytes)
  })

  test('what is there already, and the same, lets go of what an earlier run left of its upload', async () => {
    const { from, to, ends, options, texts } = await setup()
    atCall(to.backend, 6, () => {
      throw storageError('PermissionDenied', 'the call fails')
    })
    await transfer(...ends, options)
    to.backend.fault = {}
    expect([to.backend.uploads.size, texts.size]).toEqual([1, 1])
    to.backend.put('b', from.backend.files.get('a')?.bytes ?? '')
    const { results } = await transfer(...ends, options)
    expect(results).toMatchObject([{ action: { action: 'skip', reason: 'same' }, status: 'skipped' }])
    expect([to.backend.uploads.size, texts.size]).toEqual([0, 0])
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
