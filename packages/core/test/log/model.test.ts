import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePositions, openLog, readLog, type Log, type Position } from '../../src/log/index.ts'
import { beginning, optionsIn, stateIn, temporaryFolder, textsIn } from './support.ts'

interface Model {
  records: { readonly place: Position; readonly text: string }[]
  state: string | undefined
  covers: Position
}

const textOf = (length: number): fc.Arbitrary<string> =>
  fc.tuple(fc.nat({ max: 999 }), fc.nat({ max: length })).map(([number, more]) => `${number}${'.'.repeat(more)}`)

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.array(fc.array(textOf(900), { maxLength: 4 }), { maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ append: fc.constant([['large'.repeat(8000)]]) }) },
  { weight: 2, arbitrary: fc.record({ save: fc.nat({ max: 99 }) }) },
  { weight: 1, arbitrary: fc.record({ rotate: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ drop: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ reopen: fc.boolean() }) },
)

describe('a log', () => {
  it('is the list that the calls add up to, for who writes and who reads', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.constantFrom('power' as const, 'process' as const), run),
      { numRuns: 80 },
    )
  })
})

async function run(
  steps: readonly (typeof step extends fc.Arbitrary<infer One> ? One : never)[],
  durable: 'power' | 'process',
): Promise<void> {
  const options = optionsIn(temporaryFolder(), { durable, segmentBytes: 4096 })
  const model: Model = { records: [], state: undefined, covers: beginning }
  let log = await openLog(options)
  const reader = await readLog(options)
  let seen: Position = beginning
  const followed: string[] = []
  const expected: string[] = []
  try {
    for (const one of steps) {
      if ('append' in one) {
        const places = await Promise.all(
          one.append.map((texts) =>
            log.append(texts.map((text) => [Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))])),
          ),
        )
        const added = one.append.flatMap((texts, batch) =>
          texts.map((text, index) => ({ text, place: places[batch]?.[index] ?? beginning })),
        )
        model.records.push(...added)
        expected.push(...added.map(({ text }) => text))
      } else if ('save' in one) {
        const last = model.records[Math.floor((one.save / 100) * model.records.length)]
        model.covers = last?.place ?? beginning
        model.state = `state ${one.save}`
        await log.save(model.covers, [Buffer.from(model.state)])
      } else if ('rotate' in one) await log.rotate()
      else if ('drop' in one) {
        await follow()
        const ids = log
          .segments()
          .slice(0, -1)
          .filter((_, index) => one.drop.includes(index))
          .map(({ id }) => id)
        await log.drop(ids)
        model.records = model.records.filter(({ place }) => !ids.includes(place.segment))
      } else {
        await log.close()
        log = await openLog(options)
        await check(log, model)
        expect(await stateIn(log)).toBe(model.state)
      }
      await check(log, model)
    }
    await follow()
    expect(followed).toEqual(expected)
    await using other = await readLog(options)
    await check(other, model)
  } finally {
    await reader.close()
    await log.close()
  }

  async function follow(): Promise<void> {
    await reader.refresh()
    followed.push(...(await textsIn(reader, seen)))
    seen = reader.last
  }
}

async function check(log: Omit<Log, 'append'> | Awaited<ReturnType<typeof readLog>>, model: Model): Promise<void> {
  const found: Model['records'] = []
  for await (const records of log.replay(beginning)) {
    found.push(...records.map(({ position, bytes }) => ({ place: position, text: Buffer.from(bytes).toString() })))
  }
  expect(found).toEqual(model.records)
  const behind = model.records.filter(({ place }) => comparePositions(place, model.covers) > 0)
  expect(await textsIn(log, model.covers)).toEqual(behind.map(({ text }) => text))
  const some = model.records[model.records.length >> 1]
  if (some !== undefined) expect(Buffer.from(await log.read(some.place)).toString()).toBe(some.text)
}
