import { describe, expect, it } from 'vitest'
import { storageError, type Applied, type ErrorCode } from '../../src/index.ts'
import { bytesOf, chunked, codeOf, failureOf, openScripted, rich, type Fault, type Seen } from '../scripted-backend.ts'

/** Fails the first `times` calls of an operation, before or after it is done. */
function failing(
  operation: string,
  times: number,
  code: ErrorCode = 'Unavailable',
  when: 'before' | 'after' = 'before',
  applied: Applied = 'maybe',
): Fault {
  let left = times
  const fail = (seen: Seen): void => {
    if (seen.operation !== operation || left === 0) return
    left--
    throw storageError(code, 'made to fail', { applied })
  }
  return when === 'before' ? { before: fail } : { after: fail }
}

describe('retries (E6)', () => {
  it('repeat reads, stats and listings that failed safely, three tries in all', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', 'x')
    for (const operation of ['stat', 'read', 'list']) {
      const call = async (): Promise<unknown> =>
        operation === 'list' ? Array.fromAsync(store.list()) : operation === 'stat' ? store.stat('a') : store.read('a')
      backend.fault = failing(operation, 2)
      await call()
      backend.fault = failing(operation, 3)
      const error = await failureOf(call())
      expect(error).toMatchObject({ code: 'Unavailable', retry: 'exhausted', operation, store: 'scripted' })
    }
  })

  it('leave alone what another try cannot help', async () => {
    const { store, backend } = await openScripted()
    for (const code of [
      'NotFound',
      'PermissionDenied',
      'Corrupt',
      'Unexpected',
      'QuotaExceeded',
      'Conflict',
    ] as const) {
      backend.fault = failing('stat', 1, code)
      backend.seen.length = 0
      expect((await failureOf(store.stat('a'))).code).toBe(code)
      expect(backend.count('stat')).toBe(1)
    }
  })

  it('repeat a write without condition while its body can be given again', async () => {
    const { store, backend } = await openScripted()
    backend.fault = failing('write', 2)
    await store.write('a', 'bytes')
    expect(backend.text('a')).toBe('bytes')
    const body = bytesOf(300_000)
    backend.fault = {
      before: ({ operation, attempt }) => {
        if (operation === 'write' && attempt < 3) throw storageError('Unavailable', 'no', { applied: 'maybe' })
      },
    }
    await store.write('b', chunked(body, 1000))
    expect(backend.files.get('b')?.bytes).toEqual(body)
  })

  it('give a one-shot body again after part of it was taken, up to the bound, and not beyond', async () => {
    for (const [length, expected] of [
      [300_000, 'resolved'],
      [5 * 2 ** 20, 'Unavailable'],
    ] as const) {
      const { store, backend } = await openScripted()
      const body = bytesOf(length)
      backend.fault = failing('write', 1, 'Unavailable', 'after')
      expect(await codeOf(store.write('a', chunked(body, 10_000)))).toBe(expected)
      expect(backend.count('write')).toBe(expected === 'resolved' ? 2 : 1)
      if (expected === 'resolved') expect(backend.files.get('a')?.bytes).toEqual(body)
    }
  })

  it('lose no chunk that was being pulled when a try was given up', async () => {
    const { store, backend } = await openScripted()
    const body = bytesOf(50)
    const slow = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      for await (const chunk of chunked(body, 10)) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        yield chunk
      }
    }
    backend.writing = async (_context, _key, source) => {
      backend.writing = undefined
      const iterator = source.open(0)?.[Symbol.asyncIterator]()
      await iterator?.next()
      iterator?.next().catch(() => undefined)
      throw storageError('Unavailable', 'the connection broke while the source was asked')
    }
    await store.write('a', slow())
    expect(backend.files.get('a')?.bytes).toEqual(body)
  })

  it('never open a one-shot source twice, and throw its own failure as it came', async () => {
    const { store, backend } = await openScripted()
    let opened = 0
    const failure = new TypeError('the disk of the caller')
    const source = {
      open: () => {
        opened++
        return (async function* () {
          yield new Uint8Array(10)
          throw failure
        })()
      },
    }
    await expect(store.write('a', source)).rejects.toBe(failure)
    expect(opened).toBe(1)
    expect(backend.files.size).toBe(0)
    const own = storageError('Unavailable', 'another store failed')
    const fails = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield new Uint8Array(1)
      throw own
    }
    await expect(store.write('a', fails())).rejects.toBe(own)
    expect(backend.count('write')).toBe(2)
  })

  it('find out by its write id whether a conditional write with a lost answer happened', async () => {
    const { store, backend } = await openScripted()
    backend.fault = failing('write', 1, 'Unavailable', 'after')
    const made = await store.write('a', 'mine', { ifAbsent: true, metadata: { own: 'kept' } })
    expect(made.metadata).toEqual({ own: 'kept' })
    expect(backend.count('write')).toBe(1)
    expect((await store.stat('a')).metadata).toEqual({ own: 'kept' })
    expect(await (await store.read('a')).text()).toBe('mine')
    backend.fault = failing('write', 1, 'Timeout', 'after')
    const next = await store.write('a', 'next', { ifMatch: made.etag })
    expect(backend.text('a')).toBe('next')
    expect(next.etag).not.toBe(made.etag)
  })

  it('repeat a conditional write that shows not to have happened', async () => {
    const { store, backend } = await openScripted()
    backend.fault = failing('write', 2, 'Unavailable', 'before', 'no')
    const { etag } = await store.write('a', 'one', { ifAbsent: true })
    backend.fault = failing('write', 1)
    await store.write('a', 'two', { ifMatch: etag })
    expect(backend.text('a')).toBe('two')
    expect(backend.count('write')).toBe(5)
  })

  it('end in Conflict, maybe applied, where that cannot be known', async () => {
    const { store, backend } = await openScripted()
    const etag = backend.put('a', 'old')
    backend.fault = {
      after: ({ operation }) => {
        if (operation !== 'write') return
        backend.put('a', 'a third party')
        throw storageError('Unavailable', 'lost', { applied: 'maybe' })
      },
    }
    expect(await failureOf(store.write('a', 'mine', { ifMatch: etag }))).toMatchObject({
      code: 'Conflict',
      applied: 'maybe',
    })
    expect(backend.text('a')).toBe('a third party')
    backend.files.delete('a')
    expect(await failureOf(store.write('a', 'mine', { ifAbsent: true }))).toMatchObject({
      code: 'Conflict',
      applied: 'maybe',
    })
  })

  it('know their write by its hash where the store keeps no metadata', async () => {
    const plain = { ...rich, write: { ...rich.write, durable: 'process', attributes: [] } } as const
    const { store, backend } = await openScripted(plain)
    backend.fault = failing('write', 1, 'Unavailable', 'after')
    expect(await failureOf(store.write('a', 'mine', { ifAbsent: true }))).toMatchObject({
      code: 'Conflict',
      applied: 'maybe',
    })
    expect(backend.text('a')).toBe('mine')
  })

  it('stay exhausted and maybe applied when the store does not come back', async () => {
    const { store, backend } = await openScripted()
    backend.fault = {
      before: () => {
        throw storageError('Unavailable', 'down', { applied: 'maybe' })
      },
    }
    expect(await failureOf(store.write('a', 'x', { ifAbsent: true }))).toMatchObject({
      code: 'Unavailable',
      retry: 'exhausted',
      applied: 'maybe',
    })
    expect(backend.count('write')).toBe(1)
  })

  it('never repeat a move, an append, or a conditional copy or delete', async () => {
    const { store, backend } = await openScripted()
    const etag = backend.put('a', 'x')
    const calls: [string, () => Promise<unknown>][] = [
      ['move', () => store.move('a', 'b')],
      ['append', () => store.append('a', 'y')],
      ['delete', () => store.delete('a', { ifMatch: etag })],
      ['copy', () => store.copy('a', 'b', { ifAbsent: true })],
    ]
    for (const [operation, call] of calls) {
      backend.seen.length = 0
      backend.fault = failing(operation, 1)
      expect(await codeOf(call())).toBe('Unavailable')
      expect(backend.count(operation)).toBe(1)
    }
    backend.fault = failing('delete', 1)
    await store.delete('a')
    expect(backend.count('delete')).toBe(2)
  })

  it('repeat a move that the server has answered not to have done', async () => {
    const { store, backend } = await openScripted()
    backend.put('a', 'x')
    let locked = 2
    backend.fault = {
      before: ({ operation }) => {
        if (operation === 'move' && locked-- > 0) throw storageError('Unavailable', 'locked', { status: 423 })
      },
    }
    await store.move('a', 'b')
    expect(backend.text('b')).toBe('x')
    expect(backend.count('move')).toBe(3)
  })

  it('wait no less than the store asks for, and give up when it asks for too long', async () => {
    const { store, backend } = await openScripted()
    let waited = 0
    backend.fault = {
      before: ({ attempt }) => {
        if (attempt === 1) {
          waited = performance.now()
          throw storageError('RateLimited', 'slow down', { retryAfterMs: 60 })
        }
        waited = performance.now() - waited
      },
    }
    backend.put('a', 'x')
    await store.stat('a')
    expect(waited).toBeGreaterThanOrEqual(59)
    backend.fault = {
      before: () => {
        throw storageError('RateLimited', 'slow down', { retryAfterMs: 3_600_000 })
      },
    }
    expect(await failureOf(store.stat('a'))).toMatchObject({ code: 'RateLimited', retryAfterMs: 3_600_000 })
  })

  it('stop waiting when the caller cancels', async () => {
    const { store, backend } = await openScripted(rich, { retry: { base: '1 h', max: '1 h' } })
    backend.fault = failing('stat', 9)
    const controller = new AbortController()
    const call = store.stat('a', { signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    const error = await failureOf(call)
    expect(error).toMatchObject({ code: 'Aborted', name: 'AbortError' })
  })

  it('fail at any one operation of a scripted run, and lose or repeat nothing that may not be', async () => {
    const run = async (
      failAt: number,
      when: 'before' | 'after',
    ): Promise<{ calls: number; left: string[]; ok: string[] }> => {
      const { store, backend } = await openScripted(rich, { retry: false })
      let calls = 0
      backend.fault = {
        [when]: () => {
          if (++calls === failAt) throw storageError('Unavailable', 'the one failure', { applied: 'maybe' })
        },
      }
      const ok: string[] = []
      const attempt = async (name: string, work: () => Promise<unknown>): Promise<void> => {
        const code = await codeOf(work())
        if (code === 'resolved') ok.push(name)
      }
      await attempt('write a', () => store.write('a', 'one'))
      await attempt('write b', () => store.write('b', chunked(bytesOf(100), 10)))
      await attempt('read a', async () => (await store.read('a')).text())
      await attempt('move', () => store.move('b', 'c'))
      await attempt('delete', () => store.delete('a'))
      for (const [name, key] of [
        ['write a', 'a'],
        ['write b', 'b'],
      ] as const) {
        if (ok.includes(name) && !ok.includes('move') && !ok.includes('delete') && when === 'before')
          expect(backend.files.has(key)).toBe(true)
      }
      if (ok.includes('move')) expect(backend.files.has('c')).toBe(true)
      expect(backend.openBodies).toBe(0)
      return { calls, left: [...backend.files.keys()], ok }
    }
    for (const when of ['before', 'after'] as const) {
      const { calls } = await run(0, when)
      for (let failAt = 1; failAt <= calls; failAt++) {
        const { ok } = await run(failAt, when)
        expect(ok.length, `${when} call ${failAt}`).toBeGreaterThanOrEqual(3)
      }
    }
  })
})
