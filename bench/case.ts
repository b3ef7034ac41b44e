// What a suite is made of. A suite is a file `bench/suites/NAME.ts` that exports `cases`; `npm run bench -- NAME` runs it.

/** How this run is made, for a case that makes its own data. */
export interface RunSettings {
  /** A look, not a measurement: fewer and shorter rounds. Cases may use less data. */
  readonly quick: boolean
}

/** What a suite exports as `cases`. A function where the size of its data depends on the run. */
export type Cases = readonly Case[] | ((settings: RunSettings) => readonly Case[])

/** Does the work of a case once, and has finished it when it resolves. What it resolves with is for `check`. */
export type Work = () => Promise<unknown> | void

interface CaseBase {
  /** Says what is done, to what: `read 4 KiB`. */
  readonly name: string
  /** What a reader of the figures must know, such as a difference between the sides that cannot be removed. Printed below the row. */
  readonly note?: string
  /** Runs once before the first measurement. Servers, files and stores are made here, for Kit and for the peers. */
  readonly setup?: (settings: RunSettings) => Promise<void> | void
  /** Runs once after the last measurement, and after a failed one. */
  readonly teardown?: () => Promise<void> | void
}

/**
 * Kit against peers that do the same work with the same promises (same sync mode, same verification), measured in turns on one machine
 * at one time. The figures are rates, so more is better.
 */
export interface ComparedCase extends CaseBase {
  /** What is counted, in the plural: `reads`, `MB`. Printed as `reads/s`. */
  readonly unit: string
  /** How many units one call of `kit`, or of a peer, does. The same for all. */
  readonly count: number
  readonly kit: Work
  /** By name. Where there are several, Kit is compared with the fastest of them. */
  readonly peers: Readonly<Record<string, Work>>
  /**
   * Called once for each side (`kit`, or the name of a peer) after its first call, which is not timed, with what that gave. Throws where
   * the work was not done.
   */
  readonly check?: (result: unknown, side: string) => Promise<void> | void
  /** Untimed, before each timed call on either side: takes away what the last call left. Each timing is then a single call. */
  readonly reset?: () => Promise<void> | void
  /** What a side has spent so far, in ms, where that is not the time on the wall: a server's processor time. */
  readonly clock?: (side: string) => number
  /** The least `kit / peer` that passes: the median over the rounds. Without one the case is there to be looked at. */
  readonly floor?: number
  /** The `kit / peer` that is wanted. Missing it is shown, and passes. */
  readonly aim?: number
}

/** The cost of a call, in absolute terms. Less is better. */
export interface TimedCase extends CaseBase {
  readonly unit: 'ns' | 'µs' | 'ms'
  /** How many of the calls that are priced one call of `kit` makes. */
  readonly count: number
  /**
   * `thread`: only the time in which the program's main thread ran, so that a busy machine does not spoil the price; for work that waits
   * for nothing. Default: `wall`.
   */
  readonly clock?: 'wall' | 'thread'
  readonly kit: Work
  /** The most that passes: the median over the rounds, in `unit` for each of `count`. Without one the case is there to be looked at. */
  readonly limit?: number
  readonly aim?: number
}

/** A figure that the case finds itself, such as memory (see `peakMemory`) or the size of a file. Less is better. */
export interface MeasuredCase extends CaseBase {
  readonly unit: 'ms' | 'kB' | 'MB'
  /** Called once a round; the median counts. */
  readonly measure: () => Promise<number> | number
  /** The most that passes. Without one the case is there to be looked at. */
  readonly limit?: number
  /** How often it is measured; 3 unless told. */
  readonly rounds?: number
  readonly aim?: number
}

export type Case = ComparedCase | TimedCase | MeasuredCase

/** What came out of a case. Rates for a compared case; its own unit for the others, which have no peer and no ratio. */
export interface Result {
  readonly case: string
  readonly unit: string
  readonly kit: number
  /** The figure of the fastest peer, and its name. */
  readonly peer?: number
  readonly peerName?: string
  readonly ratio?: number
  /** What the middle half of the rounds gave, from and to: ratios where there is a peer, else figures of Kit. */
  readonly spread: readonly [number, number]
  /** The least ratio that passes, or the limit. */
  readonly floor?: number
  readonly passed: boolean
  /** False where it passed and still missed its aim. */
  readonly aimed: boolean
}
