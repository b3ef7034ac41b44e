import { describe, expect, it } from 'vitest'
import { checkCrashStates } from './crash-check.ts'

describe('a content store after a power cut', () => {
  it('that is durable to power has everything that was done', { timeout: 120_000 }, async () => {
    expect(await checkCrashStates('power', 1, 80)).toBe(80)
  })

  it('that is durable to the process opens, is whole and goes on', { timeout: 120_000 }, async () => {
    expect(await checkCrashStates('process', 2, 40)).toBe(40)
  })
})
