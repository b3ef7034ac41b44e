import { storageError } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { createScores } from '../src/scores.ts'

function withClock(): { clock: { ms: number }; scores: ReturnType<typeof createScores<string>> } {
  const clock = { ms: 1000 }
  return { clock, scores: createScores<string>(() => clock.ms) }
}

const failure = storageError('Unavailable', 'no')

describe('scores of endpoints', () => {
  it('keep the given order while nothing is known', () => {
    const { scores } = withClock()
    expect(scores.order(['c', 'a', 'b'])).toEqual(['c', 'a', 'b'])
  })

  it('put the faster first, and one that was given up for it last', () => {
    const { scores } = withClock()
    scores.answered('slow', 900)
    scores.answered('fast', 10)
    scores.outrun('lost', 3000)
    expect(scores.order(['lost', 'slow', 'fast'])).toEqual(['fast', 'slow', 'lost'])
  })

  it('put one that fails behind, a liar far behind, and forgive both with time', () => {
    const { clock, scores } = withClock()
    scores.answered('slow', 1000)
    scores.failed('failing', failure)
    scores.failed('failing', failure)
    scores.failed('lying', storageError('Corrupt', 'wrong bytes'))
    expect(scores.order(['lying', 'failing', 'slow'])).toEqual(['slow', 'failing', 'lying'])
    clock.ms += 60 * 60_000
    for (const endpoint of ['lying', 'failing', 'slow']) {
      expect(scores.expectedMs(endpoint)).toBeCloseTo(scores.expectedMs('new'), 0)
    }
  })

  it('take an honest no for no failure', () => {
    const { scores } = withClock()
    scores.failed('a', storageError('NotFound', 'not here'))
    expect(scores.order(['a', 'b'])).toEqual(['a', 'b'])
    expect(scores.expectedMs('a')).toBe(scores.expectedMs('b'))
  })

  it('leave out one that asked to be left alone, until then and no longer than ten minutes', () => {
    const { clock, scores } = withClock()
    scores.failed('busy', storageError('RateLimited', 'later', { retryAfterMs: 5000 }))
    scores.failed('greedy', storageError('RateLimited', 'later', { retryAfterMs: 1e9 }))
    expect(scores.order(['busy', 'greedy', 'free'])).toEqual(['free'])
    expect(scores.waitMs(['busy', 'greedy'])).toBe(5000)
    expect(scores.waitMs(['busy', 'free'])).toBe(0)
    clock.ms += 5000
    expect(scores.order(['busy', 'greedy'])).toEqual(['busy'])
    clock.ms += 10 * 60_000
    expect(scores.order(['greedy'])).toEqual(['greedy'])
  })
})
