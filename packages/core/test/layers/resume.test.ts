import { describe, expect, it } from 'vitest'
import { storageError } from '../../src/index.ts'
import { bytesOf, chunked, codeOf, failureOf, openScripted, rich, type Fault } from '../scripted-backend.ts'

describe('broken bodies', () => {
  const body = bytesOf(100_000)
  const cutting = (at: number, times: number, failure: unknown = storageError('Unavailable', 'cut')): Fault => {
    let left = times
    return {
      body: (_seen, bytes) => {
        const cut = left-- > 0
        return (async function* () {
          yield* chunked(cut ? bytes.slice(0, at) : bytes, 1000)
          if (cut && failure !== undefined) throw failure
        })()
      },
    }
  }

  it('resume where they broke, pinned to the same state', async () => {
    const { store, backend } = await openScripted()
    const etag = backend.put('a', body)
    backend.fault = cutting(30_500, 2)
    expect(await (await store.read('a')).bytes()).toEqual(body)
    const [, second, third] = backend.seen
    expect(second?.options).toMatchObject({ ifMatch: etag, range: { from: 30_500, to: 100_000 } })
    expect(third?.options).toMatchObject({ range: { from: 61_000, to: 100_000 } })
    expect(backend.openBodies).toBe(0)
  })

  it('resume when the body just ends too early', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', body)
    let cuts = 1
    backend.fault = { body: (_seen, bytes) => chunked(cuts-- > 0 ? bytes.slice(0, 10) : bytes, 1000) }
    expect(await (await store.read('a')).bytes()).toEqual(body)
  })

  it('resume inside the range that was asked for', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', body)
    for (const range of [{ from: 500, to: 70_000 }, { last: 60_000 }, { from: 50_000 }]) {
      backend.fault = cutting(12_345, 1)
      const from = 'last' in range ? 40_000 : range.from
      expect(await (await store.read('a', { range })).bytes()).toEqual(
        body.slice(from, 'to' in range ? range.to : undefined),
      )
    }
  })

  it('fail when the object changed meanwhile', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', body)
    const cut = cutting(5000, 1)
    backend.fault = {
      ...cut,
      before: ({ operation }) => {
        if (operation === 'read' && backend.count('read') === 2) backend.put('a', bytesOf(100_000, 9))
      },
    }
    expect(await codeOf((await store.read('a')).bytes())).toBe('ConditionFailed')
    const { read } = rich
    const weak = await openScripted({ ...rich, etag: 'weak', read: { range: read.range } })
    weak.backend.put('a', body)
    const weakCut = cutting(5000, 1)
    weak.backend.fault = {
      ...weakCut,
      before: () => {
        if (weak.backend.count('read') === 2) weak.backend.put('a', bytesOf(100_000, 9), { etag: 'W/"2"' })
      },
    }
    expect(['Conflict', 'ConditionFailed']).toContain(await codeOf((await weak.store.read('a')).bytes()))
  })

  it('are not resumed without an etag, nor after a failure that no retry helps', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', body, { etag: undefined as never })
    backend.fault = cutting(5000, 1)
    expect(await codeOf((await store.read('a')).bytes())).toBe('Unavailable')
    backend.put('a', body)
    backend.fault = cutting(5000, 1, storageError('Corrupt', 'bad'))
    expect(await codeOf((await store.read('a')).bytes())).toBe('Corrupt')
    expect(backend.count('read')).toBe(2)
  })

  it('give up after as many failures in a row without a byte between them', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', body)
    backend.fault = cutting(0, 99)
    const error = await failureOf((await store.read('a')).bytes())
    expect(error).toMatchObject({ code: 'Unavailable', retry: 'exhausted', key: 'a', operation: 'read' })
    expect(backend.openBodies).toBe(0)
  })
})
