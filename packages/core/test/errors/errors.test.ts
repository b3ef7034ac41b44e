import { describe, expect, it } from 'vitest'
import {
  abortError,
  catalogue,
  errnoCode,
  errorCode,
  errorCodes,
  fromErrno,
  isStorageError,
  storageError,
  toStorageError,
  untilAborted,
  withDetails,
} from '../../src/index.ts'
import { codeOf } from '../scripted-backend.ts'

describe('errors (E3)', () => {
  it('have 24 codes, each with everything said about it', () => {
    expect(errorCodes).toHaveLength(24)
    for (const facts of Object.values(catalogue)) {
      expect(facts.meaning).toMatch(/\.$/)
      expect(facts.errno).toMatch(/^E[A-Z0-9]+$/)
      expect(facts.status).toBeGreaterThanOrEqual(304)
      expect(facts.exit).toBeLessThan(256)
    }
  })

  it('say what happened, to which key of which store', () => {
    const cause = new Error('ENOENT')
    const plain = storageError('NotFound', 'nothing is there', { cause })
    const error = withDetails(plain, { operation: 'stat', key: 'a/b', store: 'photos', requestId: 'r' })
    expect(error.message).toBe('NotFound: stat "a/b" on photos: nothing is there')
    expect(error).toMatchObject({
      name: 'StorageError',
      code: 'NotFound',
      retry: 'never',
      applied: 'no',
      operation: 'stat',
      key: 'a/b',
      requestId: 'r',
      cause,
    })
    expect(error.stack).toContain('errors.test.ts')
    expect(withDetails(error, { operation: 'other', key: 'other' })).toMatchObject({ operation: 'stat', key: 'a/b' })
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'NotFound', key: 'a/b' })
  })

  it('are known by their brand, across copies of core', async () => {
    const copy = (await import(
      `${import.meta.dirname}/../../src/errors/storage-error.ts?copy`
    )) as typeof import('../../src/errors/storage-error.ts')
    const foreign = copy.storageError('Corrupt', 'x')
    expect(copy.storageError).not.toBe(storageError)
    expect(isStorageError(foreign)).toBe(true)
    expect(errorCode(foreign)).toBe('Corrupt')
    expect(withDetails(foreign, { key: 'k' })).toMatchObject({ code: 'Corrupt', key: 'k' })
    for (const other of [new Error('x'), null, undefined, 'text', { code: 'NotFound' }])
      expect(isStorageError(other)).toBe(false)
  })

  it('of cancelling are AbortErrors, with the reason as cause; a deadline is what it says', async () => {
    const reason = new Error('the user left')
    expect(abortError(AbortSignal.abort(reason))).toMatchObject({ code: 'Aborted', name: 'AbortError', cause: reason })
    const late = storageError('Timeout', 'late')
    expect(abortError(AbortSignal.abort(late))).toBe(late)
    expect(toStorageError(new DOMException('x', 'AbortError')).code).toBe('Aborted')
    expect(toStorageError('text')).toMatchObject({ code: 'Unexpected', cause: 'text' })
    const controller = new AbortController()
    const waiting = untilAborted(controller.signal, new Promise(() => undefined))
    controller.abort()
    expect(await codeOf(waiting)).toBe('Aborted')
    expect(await codeOf(untilAborted(AbortSignal.abort(), Promise.resolve()))).toBe('Aborted')
    expect(await untilAborted(new AbortController().signal, Promise.resolve(7))).toBe(7)
  })

  it('of the system are found along the chain of causes', () => {
    const errno = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    const fetched = new TypeError('fetch failed', { cause: new AggregateError([errno]) })
    expect(errnoCode(fetched)).toBe('Unavailable')
    expect(fromErrno(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toMatchObject({
      code: 'QuotaExceeded',
      message: 'QuotaExceeded: full',
    })
    expect(fromErrno(new Error('what'))).toMatchObject({ code: 'Unexpected' })
    const loop = new Error('loop')
    loop.cause = loop
    expect(errnoCode(loop)).toBeUndefined()
  })
})
