import { describe, expect, it } from 'vitest'
import { errorCode, isStorageError } from '../../src/errors/index.ts'
import { openLog, type Log } from '../../src/log/index.ts'
import { failingFiles } from './failing.ts'
import { beginning, bytesOf, filesIn, optionsIn, temporaryFolder, textsIn } from './support.ts'

interface Outcome {
  readonly kept: string[]
  readonly unknown: string[]
}

/** Appends, saves, drops and closes, going on after each failure, and says what of it must be there and what may be. */
async function live(log: Log): Promise<Outcome> {
  const outcome: Outcome = { kept: [], unknown: [] }
  async function append(texts: string[]): Promise<void> {
    try {
      await log.append(texts.map(bytesOf))
      outcome.kept.push(...texts)
    } catch (error) {
      expect(isStorageError(error), String(error)).toBe(true)
      if (isStorageError(error) && error.applied !== 'no') outcome.unknown.push(...texts)
    }
  }
  const typed = (error: unknown): void => expect(isStorageError(error), String(error)).toBe(true)
  for (let round = 0; round < 6; round++) {
    await append([`${round} a`, `${round} b ${'x'.repeat(1500)}`])
    await Promise.all([append([`${round} c`]), append([`${round} d ${'y'.repeat(2000)}`])])
    if (round === 2) await log.save(log.last, [bytesOf('state')]).catch(typed)
    if (round === 3) await log.rotate().catch(typed)
  }
  await log.close().catch(typed)
  return outcome
}

describe('a log of which one operation on the disk fails', () => {
  it.each(['ENOSPC', 'EIO'])(
    'says so by a code, keeps what it acknowledged, and opens again: %s at any place',
    async (code) => {
      let failures = 0
      for (let n = 1; ; n++) {
        const options = optionsIn(temporaryFolder(), { segmentBytes: 4096 })
        const failing = failingFiles((count) => (count === n ? code : undefined))
        const opened = await openLog({ ...options, files: failing.files }).catch((error: unknown) => {
          expect(errorCode(error), String(error)).toBe(code === 'ENOSPC' ? 'QuotaExceeded' : 'Unexpected')
        })
        const outcome = opened === undefined ? { kept: [], unknown: [] } : await live(opened)
        if (failing.failed() === undefined) break
        failures++
        await using log = await openLog(options).catch((error: unknown) => {
          throw new Error(`operation ${n}, ${failing.failed()}`, { cause: error })
        })
        const found = await textsIn(log, beginning)
        const unknown = new Set(outcome.unknown)
        expect(
          found.filter((text) => !unknown.has(text)),
          `operation ${n}, ${failing.failed()}`,
        ).toEqual(outcome.kept)
        expect(filesIn(options).filter((name) => name.endsWith('.tmp'))).toEqual([])
      }
      expect(failures).toBeGreaterThan(40)
    },
  )
})

describe('a full disk', () => {
  it('refuses what does not fit, and goes on when there is room', async () => {
    let full = false
    const failing = failingFiles((_, name) => (full && name === 'write' ? 'ENOSPC' : undefined))
    const options = optionsIn(temporaryFolder())
    const log = await openLog({ ...options, files: failing.files })
    await log.append([bytesOf('a')])
    full = true
    await expect(log.append([bytesOf('b'.repeat(1000))])).rejects.toMatchObject({
      code: 'QuotaExceeded',
      applied: 'no',
    })
    await expect(log.append([bytesOf('b'.repeat(1000))])).rejects.toMatchObject({ code: 'QuotaExceeded' })
    full = false
    await log.append([bytesOf('c')])
    expect(await textsIn(log)).toEqual(['a', 'c'])
    await log.close()
    await using again = await openLog(options)
    expect(await textsIn(again)).toEqual(['a', 'c'])
  })
})

describe('a failed fsync', () => {
  it('fails all who waited for it, and every change after it until the log is opened again', async () => {
    let broken = false
    const failing = failingFiles((_, name) => (broken && name === 'sync' ? 'EIO' : undefined))
    const options = optionsIn(temporaryFolder())
    const log = await openLog({ ...options, files: failing.files })
    await log.append([bytesOf('a')])
    broken = true
    const both = await Promise.allSettled([log.append([bytesOf('b')]), log.append([bytesOf('c')])])
    for (const one of both)
      expect(one).toMatchObject({ reason: { code: 'Unavailable', applied: 'maybe', retry: 'never' } })
    broken = false
    await expect(log.append([bytesOf('d')])).rejects.toMatchObject({ code: 'Unavailable', applied: 'no' })
    await expect(log.sync()).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(log.save(log.last, [])).rejects.toMatchObject({ code: 'Unavailable' })
    expect((await textsIn(log))[0]).toBe('a')
    await log.close()
    await using again = await openLog(options)
    expect(await textsIn(again)).toEqual(['a', 'b', 'c'])
    await again.append([bytesOf('e')])
  })
})

describe('fsync', () => {
  it('is shared by those who append at the same time', async () => {
    let syncs = 0
    const counting = failingFiles((_, name) => void (name === 'sync' && syncs++))
    await using log = await openLog({ ...optionsIn(temporaryFolder()), files: counting.files })
    await log.sync()
    syncs = 0
    await Promise.all(Array.from({ length: 1000 }, (_, index) => log.append([bytesOf(`${index}`)])))
    expect(syncs).toBeLessThan(5)
    syncs = 0
    await log.append([bytesOf('x')], { durable: 'process' })
    expect(syncs).toBe(0)
    await Promise.all([log.sync(), log.sync(), log.sync()])
    expect(syncs).toBe(1)
  })
})
