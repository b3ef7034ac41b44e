import { describe, expect, it } from 'vitest'
import { checkCrashStates } from './crash-check.ts'

describe('after a power cut', () => {
  it('everything that was done with fsync is there, and nothing is there in part', { timeout: 120_000 }, async () => {
    expect(await checkCrashStates(true, 1, 60)).toBe(60)
  })

  it('a store without fsync opens and goes on', { timeout: 120_000 }, async () => {
    expect(await checkCrashStates(false, 2, 30)).toBe(30)
  })
})
