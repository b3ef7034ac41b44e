// Measures the cases of a suite, Kit and peers in turns, so that a slow moment of the machine hits both sides.
import type { Case, ComparedCase, MeasuredCase, Result, RunSettings, TimedCase, Work } from './case.ts'

interface Pace {
  readonly rounds: number
  readonly warmUpRounds: number
  /** A timing repeats its work until it has taken about this long. */
  readonly roundMilliseconds: number
}

const pace: Pace = { rounds: 11, warmUpRounds: 2, roundMilliseconds: 200 }
const quickPace: Pace = { rounds: 3, warmUpRounds: 1, roundMilliseconds: 20 }
const unitsPerMillisecond = { ns: 1e6, µs: 1e3, ms: 1 }

export async function runCase(one: Case, settings: RunSettings): Promise<Result> {
  try {
    await one.setup?.(settings)
    const chosen = settings.quick ? quickPace : pace
    if ('measure' in one) return await measured(one)
    return 'peers' in one ? await compared(one, chosen) : await timed(one, chosen)
  } finally {
    await one.teardown?.()
  }
}

async function compared(one: ComparedCase, { rounds, warmUpRounds, roundMilliseconds }: Pace): Promise<Result> {
  const names = Object.keys(one.peers)
  if (names.length === 0) throw new Error(`case ${one.name} has no peer`)
  const sides = [['', one.kit] as const, ...Object.entries(one.peers)].map(([name, work]) => ({
    name,
    work,
    repeats: 1,
  }))
  for (const side of sides) {
    const warm = await warmUp(side.work, warmUpRounds, one.reset)
    if (!one.reset) side.repeats = Math.max(1, Math.round(roundMilliseconds / warm))
  }
  const rates = new Map(sides.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round += 1) {
    // Every other round goes backwards, so that no side always follows the same one.
    for (const { name, work, repeats } of round % 2 === 0 ? sides : sides.toReversed()) {
      const took = await time(work, repeats, one.reset)
      rates.get(name)?.push((one.count * repeats * 1000) / took)
    }
  }
  const kit = rates.get('') ?? []
  const medianOf = (name: string): number => median(rates.get(name) ?? [])
  const peerName = names.reduce((best, name) => (medianOf(name) > medianOf(best) ? name : best))
  const ratio = median((rates.get(peerName) ?? []).map((rate, round) => (kit[round] ?? 0) / rate))
  return {
    case: one.name,
    unit: `${one.unit}/s`,
    kit: median(kit),
    peer: medianOf(peerName),
    peerName,
    ratio,
    floor: one.floor,
    passed: ratio >= one.floor,
    aimed: ratio >= (one.aim ?? one.floor),
  }
}

async function timed(one: TimedCase, { rounds, warmUpRounds, roundMilliseconds }: Pace): Promise<Result> {
  const warm = await warmUp(one.kit, warmUpRounds, undefined)
  const repeats = Math.max(1, Math.round(roundMilliseconds / warm))
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const took = await time(one.kit, repeats, undefined)
    costs.push((took * unitsPerMillisecond[one.unit]) / (one.count * repeats))
  }
  return absolute(one, costs)
}

async function measured(one: MeasuredCase): Promise<Result> {
  const figures: number[] = []
  for (let round = 0; round < (one.rounds ?? 3); round += 1) figures.push(await one.measure())
  return absolute(one, figures)
}

function absolute({ name, unit, limit, aim }: TimedCase | MeasuredCase, figures: readonly number[]): Result {
  const kit = median(figures)
  return { case: name, unit, kit, floor: limit, passed: kit <= limit, aimed: kit <= (aim ?? limit) }
}

/** Milliseconds of one call, once the code is warm. */
async function warmUp(work: Work, rounds: number, reset: ComparedCase['reset']): Promise<number> {
  // Short work is repeated, or the clock and not the work would be read.
  const shortest = reset ? 0 : 5
  await time(work, 1, reset)
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    let repeats = 1
    let took = await time(work, repeats, reset)
    for (; took < shortest; took = await time(work, repeats, reset)) repeats *= 4
    times.push(took / repeats)
  }
  return Math.max(median(times), 1e-6)
}

/** Milliseconds. */
async function time(work: Work, repeats: number, reset: ComparedCase['reset']): Promise<number> {
  await reset?.()
  globalThis.gc?.()
  const started = performance.now()
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    // Work that is not asynchronous is not made so: an await costs more than it does.
    const pending = work()
    if (pending) await pending
  }
  return Math.max(performance.now() - started, 1e-6)
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}
