import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog, readLog, type Durable, type Log, type LogOptions, type LogReader, type Position } from '@kit/core/log'
import { recordFiles, type Recorder } from '@kit/test-servers'
import { expect } from 'vitest'

/** mulberry32: one seed, one sequence. */
function randomOf(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

/** A record that says which it is: number of its batch, place in it, records in it. */
function recordOf(batch: number, index: number, count: number, size: number): Buffer {
  const bytes = Buffer.alloc(12 + size, (batch * 7 + index) & 0xff)
  bytes.writeUInt32LE(batch, 0)
  bytes.writeUInt32LE(index, 4)
  bytes.writeUInt32LE(count, 8)
  return bytes
}

interface Story {
  /** Records of each batch, in the order of the calls. */
  readonly batches: Buffer[][]
  /** Where they are, once that was told. */
  readonly places: (readonly Position[])[]
}

interface Options {
  readonly durable: Durable
  readonly dropCovered: boolean
  readonly seed: number
}

const optionsOf = (folder: string, { durable, dropCovered }: Options): LogOptions => {
  return { folder: join(folder, 'a/log'), format: 'story', version: 1, durable, dropCovered, segmentBytes: 4096 }
}

/** The marks say what has been promised: `batch`, `synced`, `saved` to this number; `dropping` and `dropped` segments. */
async function live(recorder: Recorder, folder: string, options: Options, steps: number): Promise<Story> {
  const below = randomOf(options.seed)
  const story: Story = { batches: [], places: [] }
  const open = (): Promise<Log> => openLog({ ...optionsOf(folder, options), files: recorder.files })
  let log = await open()

  async function append(durable?: Durable): Promise<void> {
    const number = story.batches.length
    const count = 1 + below(below(3) === 0 ? 5 : 2)
    const sizes = Array.from(
      { length: count },
      () => [below(60), below(1500), 20_000 + below(9000)][below(12) === 0 ? 2 : below(2)] ?? 0,
    )
    const records = sizes.map((size, index) => recordOf(number, index, count, size))
    story.batches.push(records)
    const payloads = records.map((one) => (below(2) === 0 ? one : [one.subarray(0, 5), one.subarray(5)]))
    story.places[number] = await log.append(payloads, { durable })
    if ((durable ?? options.durable) === 'power') recorder.mark(`batch ${number}`)
  }

  async function save(): Promise<void> {
    const covered = story.batches.length - 1
    const covers = story.places[covered]?.at(-1) ?? { segment: 0, offset: 0 }
    recorder.mark(`saving ${covered}`)
    await log.save(covers, [Buffer.from(String(covered)), Buffer.alloc(below(3000), 9)])
    recorder.mark(`saved ${covered}`)
  }

  async function drop(): Promise<void> {
    if (options.dropCovered) return
    const segments = log.segments().slice(0, -1)
    const ids = segments.filter(() => below(4) === 0).map(({ id }) => id)
    if (ids.length === 0) return
    recorder.mark(`dropping ${ids.join()}`)
    await log.drop(ids)
    recorder.mark(`dropped ${ids.join()}`)
  }

  async function reopen(): Promise<void> {
    await log.close()
    if (options.durable === 'power') recorder.mark(`synced ${story.batches.length - 1}`)
    log = await open()
  }

  for (let step = 0; step < steps; step++) {
    const what = below(24)
    if (what < 12) await append()
    else if (what < 17) await Promise.all(Array.from({ length: 2 + below(6) }, () => append()))
    else if (what === 17) await append(options.durable === 'power' ? 'process' : 'power')
    else if (what === 18) await log.rotate()
    else if (what === 19) await drop()
    else if (what < 22) await save()
    else if (what === 22) await reopen()
    else {
      const number = story.batches.length - 1
      await log.sync()
      recorder.mark(`synced ${number}`)
    }
  }
  await reopen()
  await log.close()
  return story
}

/** After a power cut no process lives on, but this one, which recorded, does. */
function endOwners(folder: string): void {
  const log = join(folder, 'a/log')
  for (const name of readdirSync(log, { withFileTypes: true })) {
    if (!name.name.startsWith('lock-')) continue
    renameSync(join(log, name.name), join(log, name.name.replace(/[0-9a-f_]+\.[a-z0-9]+$/, '1.abc')))
  }
}

interface Promised {
  readonly batch: number
  readonly saved: number
  readonly savedOrNot: number
  readonly dropped: ReadonlySet<number>
  readonly droppedOrNot: ReadonlySet<number>
}

function promised(passed: readonly string[]): Promised {
  const numbers = (label: string): number[] =>
    passed.flatMap((mark) =>
      mark.startsWith(`${label} `)
        ? mark
            .slice(label.length + 1)
            .split(',')
            .map(Number)
        : [],
    )
  return {
    batch: Math.max(-1, ...numbers('batch'), ...numbers('synced'), ...numbers('saved')),
    saved: Math.max(-1, ...numbers('saved')),
    savedOrNot: Math.max(-1, ...numbers('saving')),
    dropped: new Set(numbers('dropped')),
    droppedOrNot: new Set(numbers('dropping')),
  }
}

/** Every record is one that was appended, where it was put, in its order and with its whole batch. Gives the numbers of the batches. */
async function batchesIn(log: LogReader, story: Story, why: string, after: Position): Promise<number[]> {
  const found: number[] = []
  let rest = 0
  for await (const records of log.replay(after)) {
    for (const { position, bytes } of records) {
      const view = Buffer.from(bytes)
      const [batch, index, count] = [view.readUInt32LE(0), view.readUInt32LE(4), view.readUInt32LE(8)]
      expect(view.equals(story.batches[batch]?.[index] ?? Buffer.alloc(0)), why).toBe(true)
      const place = story.places[batch]?.[index]
      if (place !== undefined) expect(position, why).toEqual(place)
      if (index === 0) {
        expect(rest, `${why}: a batch in part`).toBe(0)
        expect(batch, why).toBeGreaterThan(found.at(-1) ?? -1)
        found.push(batch)
        rest = count
      }
      expect(batch, why).toBe(found.at(-1))
      rest--
      expect(Buffer.from(await log.read(position)).equals(view), why).toBe(true)
    }
  }
  expect(rest, `${why}: a batch in part`).toBe(0)
  return found
}

function checkBatches(found: readonly number[], story: Story, promise: Promised, from: number, why: string): void {
  const there = new Set(found)
  const last = found.at(-1) ?? -1
  for (let batch = from; batch < story.batches.length; batch++) {
    const segment = story.places[batch]?.[0]?.segment ?? 0
    const gone = promise.dropped.has(segment)
    if (gone) expect(there.has(batch), `${why}: ${batch} was dropped`).toBe(false)
    else if (promise.droppedOrNot.has(segment)) continue
    else if (batch <= promise.batch) expect(there.has(batch), `${why}: ${batch} was promised`).toBe(true)
    else if (batch < last) expect(there.has(batch), `${why}: ${batch} is left out before ${last}`).toBe(true)
  }
}

async function checkState(
  folder: string,
  story: Story,
  passed: readonly string[],
  options: Options,
  why: string,
): Promise<number> {
  const promise = promised(passed)
  const setting = optionsOf(folder, options)
  // Nothing was promised yet, not even that there is a log.
  const reader = await readLog(setting).catch(() => undefined)
  if (reader === undefined) expect(promise.batch, why).toBe(-1)
  const seenBefore = reader === undefined ? [] : await seen(reader)
  await reader?.close()

  const recorder = recordFiles(folder)
  const log = await openLog({ ...setting, files: recorder.files })
  const found = await seen(log)
  expect(found, `${why}: who reads sees what who writes sees`).toEqual(seenBefore)
  // Of the size of one that may have been cut off, so that its remains would be found behind it.
  const size = story.batches[(found.at(-1) ?? -1) + 1]?.[0]?.length ?? 100
  await log.append([recordOf(newBatch, 0, 1, size - 12)], { durable: 'power' })
  recorder.mark('new')
  const place = log.last
  await log.close()
  await checkAgain(folder, setting, place, why)
  for await (const state of recorder.states({ seed: options.seed, count: 4 })) {
    await using _ = state
    endOwners(state.folder)
    const again = `${why}; then ${state.description}`
    await using second = await openLog(optionsIn(state.folder))
    const now = await numbersIn(second)
    if (state.passed.includes('new')) expect(now.at(-1), again).toBe(newBatch)
    const known = new Set([...found, newBatch])
    expect(
      now.filter((batch) => !known.has(batch)),
      `${again}: back from the dead`,
    ).toEqual([])
  }
  return found.length

  function optionsIn(other: string): LogOptions {
    return optionsOf(other, options)
  }

  async function seen(from: LogReader): Promise<number[]> {
    const covered = await stateOf(from, why)
    expect(covered, `${why}: snapshot`).toBeGreaterThanOrEqual(promise.saved)
    expect(covered, `${why}: snapshot`).toBeLessThanOrEqual(promise.savedOrNot)
    const after = from.snapshot?.covers ?? { segment: 0, offset: 0 }
    const behind = await batchesIn(from, story, why, after)
    checkBatches(behind, story, promise, covered + 1, why)
    if (options.dropCovered) return behind
    const all = await batchesIn(from, story, why, { segment: 0, offset: 0 })
    checkBatches(all, story, promise, 0, why)
    return all
  }
}

const newBatch = 1e6

async function checkAgain(folder: string, setting: LogOptions, place: Position, why: string): Promise<void> {
  await using again = await openLog(setting)
  expect(again.last, why).toEqual(place)
  expect(Buffer.from(await again.read(place)).readUInt32LE(0), why).toBe(newBatch)
  const remains = readdirSync(setting.folder).filter((name) => name.endsWith('.tmp') || name.startsWith('lock-'))
  expect(remains, `${why}: ${folder}`).toHaveLength(1)
}

async function numbersIn(log: LogReader): Promise<number[]> {
  const numbers: number[] = []
  for await (const records of log.replay()) {
    for (const { bytes } of records) numbers.push(Buffer.from(bytes).readUInt32LE(0))
  }
  return numbers
}

async function stateOf(log: LogReader, why: string): Promise<number> {
  if (log.snapshot === undefined) return -1
  const pieces: Buffer[] = []
  for await (const piece of log.snapshot.read()) pieces.push(Buffer.from(piece))
  expect(pieces, why).toHaveLength(2)
  return Number(pieces[0]?.toString())
}

/** Records a life of a log, cuts the power at so many points, and opens what each leaves. Gives how many batches were found in all. */
export async function checkCrashStates(options: Options, steps: number, count: number): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'kit-log-'))
  let sum = 0
  try {
    const recorder = recordFiles(root)
    const story = await live(recorder, root, options, steps)
    for await (const state of recorder.states({ seed: options.seed, count })) {
      await using _ = state
      const why = `seed ${options.seed}, ${state.description}`
      try {
        endOwners(state.folder)
      } catch {
        /* there is no folder yet */
      }
      sum += await checkState(state.folder, story, state.passed, options, why)
    }
    return sum
  } finally {
    rmSync(root, { recursive: true })
  }
}
