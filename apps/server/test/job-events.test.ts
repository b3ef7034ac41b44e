import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobEvents, type JobEvent } from '../src/jobs/job-events.ts'

type Step =
  | { readonly do: 'add'; readonly event: 'item' | 'state' | 'progress'; readonly times: number }
  | { readonly do: 'read'; readonly most: number }
  | { readonly do: 'return' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    event: fc.constantFrom('item' as const, 'state' as const, 'progress' as const),
    times: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ do: fc.constant('read' as const), most: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ do: fc.constant('return' as const) }),
)

test('whoever reads, as slowly as may be and coming back, is told everything once and in order, or how much is lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (steps, kept) => {
      const events = jobEvents(kept, Infinity)
      /** Numbers of what happened, in order; of progress only the newest. */
      const happened: number[] = []
      let newest: number | undefined
      let number = 0
      let told = { id: 0, progress: 0 }
      let heard = 0
      let lastProgress: number | undefined

      function hear(read: readonly JobEvent[]): void {
        let before = told.id
        for (const { id, event, data } of read) {
          expect(id).toBeGreaterThanOrEqual(before)
          before = id
          const value: unknown = Reflect.get(Object(JSON.parse(data)), event === 'lost' ? 'lost' : 'number')
          if (event === 'progress') lastProgress = Number(value)
          else if (event === 'lost') {
            // Never before it must: as many as are to be kept are.
            expect(heard + Number(value)).toBeLessThanOrEqual(happened.length - kept)
            heard += Number(value)
            expect(id).toBe(heard)
          } else {
            expect([id, value]).toEqual([heard + 1, happened[heard]])
            heard++
          }
        }
      }
      function read(most: number): number {
        const got = events.after(told, most)
        hear(got.events)
        told = got.told
        expect(got.events.filter(({ event }) => event === 'item' || event === 'state').length).toBeLessThanOrEqual(most)
        return got.events.length
      }

      for (const now of steps) {
        if (now.do === 'read') read(now.most)
        else if (now.do === 'return') told = { id: told.id, progress: 0 }
        else
          for (let times = 0; times < now.times; times++) {
            events.add(now.event, { number: ++number })
            if (now.event === 'progress') newest = number
            else happened.push(number)
          }
      }
      for (let more = 1; more > 0;) more = read(3)
      expect([heard, lastProgress, events.last]).toEqual([happened.length, newest, happened.length])
    }),
    { numRuns: 2_000 },
  )
})

test('few large events are kept as little as many small ones, the newest always', () => {
  const events = jobEvents(1_000, 10_000)
  for (let index = 0; index < 500; index++) {
    events.add('item', { text: 'x'.repeat(index % 700) })
    const { events: kept } = events.after({ id: 0, progress: 0 }, Infinity)
    expect(kept.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(21_000)
    expect(kept.at(-1)?.id).toBe(index + 1)
  }
  events.add('state', { text: 'y'.repeat(50_000) })
  events.end()
  expect(events.after({ id: 0, progress: 0 }, Infinity).events.map(({ id, event }) => [id, event])).toEqual([
    [500, 'lost'],
    [501, 'state'],
  ])
})

test('who waits is woken by the next event, or when it wants no more', async () => {
  const events = jobEvents(3, 1_000)
  const stop = new AbortController()
  const [woken, stopped] = [events.next(AbortSignal.timeout(60_000)), events.next(stop.signal)]
  events.add('progress', {})
  await Promise.all([woken, stopped])
  const again = events.next(stop.signal)
  stop.abort()
  await again
  expect(await events.next(stop.signal)).toBeUndefined()
})
