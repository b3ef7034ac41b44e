// Measures the cases of a suite, Kit and peers in turns, so that a slow moment of the machine hits both sides.
import type { Case, ComparedCase, MeasuredCase, Result, RunSettings, TimedCase, Work } from './case.ts'

interface Pace {
  readonly rounds: number
  /** Where a round is long, as many as fit into this, but no fewer than `leastRounds`. */
  readonly caseMilliseconds: number
  readonly leastRounds: number
  /** Times as many rounds at most, while the middle half of them lies on both sides of the floor. */
  readonly patience: number
  readonly warmUpRounds: number
  /** A timing repeats its work until it has taken about this long. */
  readonly roundMilliseconds: number
}

/** Many short rounds rather than few long ones: what disturbs a round then spoils less, and the median passes over it. */
const pace: Pace = {
  rounds: 25,
  caseMilliseconds: 12_000,
  leastRounds: 5,
  patience: 3,
  warmUpRounds: 2,
  roundMilliseconds: 80,
}
const quickPace: Pace = {
  rounds: 3,
  caseMilliseconds: 1000,
  leastRounds: 3,
  patience: 1,
  warmUpRounds: 1,
  roundMilliseconds: 20,
}
const unitsPerMillisecond = { ns: 1e6, µs: 1e3, ms: 1 }

export async function runCase(one: Case, settings: RunSettings): Promise<Result> {
  try {
    await one.setup?.(settings)
    const chosen = settings.quick ? quickPace : pace
    if ('measure' in one) return await measured(one, settings)
    return 'peers' in one ? await compared(one, chosen) : await timed(one, chosen)
  } finally {
    await one.teardown?.()
  }
}

interface Side {
  readonly name: string
  readonly work: Work
  readonly repeats: number
  /** Of one timing, repeats included. */
  readonly milliseconds: number
  readonly rates: number[]
}

async function compared(one: ComparedCase, chosen: Pace): Promise<Result> {
  const names = Object.keys(one.peers)
  if (names.length === 0) throw new Error(`case ${one.name} has no peer`)
  const kit = await prepared('kit', one.kit, one, chosen)
  const peers: Side[] = []
  for (const [name, work] of Object.entries(one.peers)) peers.push(await prepared(name, work, one, chosen))
  const sides = [kit, ...peers]

  const peer = (): Side => peers.reduce((best, other) => (median(other.rates) > median(best.rates) ? other : best))
  const ratios = (): number[] => peer().rates.map((rate, round) => (kit.rates[round] ?? 0) / rate)
  const rounds = roundsThatFit(sides, chosen)
  for (let round = 0; round < rounds || (round < rounds * chosen.patience && straddles(ratios(), one.floor)); round++) {
    // Every other round goes backwards, so that no side always follows the same one.
    for (const { name, work, repeats, rates } of round % 2 === 0 ? sides : sides.toReversed()) {
      const { clock } = one
      const took = await time(work, repeats, one.reset, clock && (() => clock(name)))
      rates.push((one.count * repeats * 1000) / took)
    }
  }

  const ratio = median(ratios())
  return {
    case: one.name,
    unit: `${one.unit}/s`,
    kit: median(kit.rates),
    peer: median(peer().rates),
    peerName: peer().name,
    ratio,
    spread: middleHalf(ratios()),
    ...(one.floor === undefined ? {} : { floor: one.floor }),
    passed: ratio >= (one.floor ?? 0),
    aimed: ratio >= (one.aim ?? one.floor ?? 0),
  }
}

/** Checked once, warm, and with as many repeats as fill a timing. */
async function prepared(name: string, work: Work, one: ComparedCase, chosen: Pace): Promise<Side> {
  await one.reset?.()
  const result = await work()
  await one.check?.(result, name)
  const warm = await warmUp(work, chosen.warmUpRounds, one.reset)
  const repeats = one.reset ? 1 : Math.max(1, Math.round(chosen.roundMilliseconds / warm))
  return { name, work, repeats, milliseconds: warm * repeats, rates: [] }
}

function roundsThatFit(sides: readonly Side[], { rounds, leastRounds, caseMilliseconds }: Pace): number {
  const round = sides.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return Math.max(leastRounds, Math.min(rounds, Math.floor(caseMilliseconds / round)))
}

function straddles(ratios: readonly number[], floor: number | undefined): boolean {
  const [from, to] = middleHalf(ratios)
  return floor !== undefined && from < floor && floor <= to
}

async function timed(one: TimedCase, { rounds, warmUpRounds, roundMilliseconds }: Pace): Promise<Result> {
  const clock = one.clock === 'thread' ? threadClock : wallClock
  await time(one.kit, 1)
  const warm = await warmUp(one.kit, warmUpRounds)
  const repeats = Math.max(1, Math.round(roundMilliseconds / warm))
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const took = await time(one.kit, repeats, undefined, clock)
    costs.push((took * unitsPerMillisecond[one.unit]) / (one.count * repeats))
  }
  return absolute(one, costs)
}

async function measured(one: MeasuredCase, { quick }: RunSettings): Promise<Result> {
  const rounds = quick ? Math.min(3, one.rounds ?? 3) : (one.rounds ?? 3)
  const figures: number[] = []
  for (let round = 0; round < rounds; round += 1) figures.push(await one.measure())
  return absolute(one, figures)
}

function absolute({ name, unit, limit, aim }: TimedCase | MeasuredCase, figures: readonly number[]): Result {
  const kit = median(figures)
  return {
    case: name,
    unit,
    kit,
    spread: middleHalf(figures),
    ...(limit === undefined ? {} : { floor: limit }),
    passed: kit <= (limit ?? Number.POSITIVE_INFINITY),
    aimed: kit <= (aim ?? limit ?? Number.POSITIVE_INFINITY),
  }
}

/** Milliseconds of one call, once the code is warm. */
async function warmUp(work: Work, rounds: number, reset?: ComparedCase['reset']): Promise<number> {
  // Short work is repeated, or the clock and not the work would be read.
  const shortest = reset ? 0 : 5
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    let repeats = 1
    let took = await time(work, repeats, reset)
    for (; took < shortest; took = await time(work, repeats, reset)) repeats *= 4
    times.push(took / repeats)
  }
  return Math.max(median(times), 1e-6)
}

type Clock = () => number

const wallClock: Clock = () => performance.now()
const threadClock: Clock = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Milliseconds. */
async function time(
  work: Work,
  repeats: number,
  reset?: ComparedCase['reset'],
  clock: Clock = wallClock,
): Promise<number> {
  await reset?.()
  // Young garbage only. A full collection takes away the shapes of objects that just now have no instance, and with them the compiled code
  // of whoever makes many of them: each round would begin cold.
  globalThis.gc?.({ type: 'minor' })
  const started = clock()
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    // Work that is not asynchronous is not made so: an await costs more than it does.
    const pending = work()
    if (pending) await pending
  }
  return Math.max(clock() - started, 1e-6)
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function middleHalf(figures: readonly number[]): readonly [number, number] {
  const sorted = figures.toSorted((one, other) => one - other)
  const last = sorted.length - 1
  return [sorted[Math.floor(last / 4)] ?? 0, sorted[Math.ceil((last * 3) / 4)] ?? 0]
}
