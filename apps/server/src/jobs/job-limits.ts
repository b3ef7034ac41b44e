/** Bounds on jobs. */
export interface JobLimits {
  /** Jobs that run at once. */
  readonly runningMax: number
  /** Jobs that wait; beyond it RateLimited. */
  readonly queuedMax: number
  /** Ended jobs that are still told of. */
  readonly endedMax: number
  /** How long an ended job is told of, in ms. */
  readonly endedMs: number
  /** Items and changes of state of a job that can be told again to who comes back. */
  readonly eventsMax: number
  /** Of these events together, in characters. */
  readonly eventsCharsMax: number
  /** How long running jobs may go on when the server stops, in ms. */
  readonly graceMs: number
  /** Between two signs of life on a stream of events, in ms. */
  readonly heartbeatMs: number
}

export const defaultJobLimits: JobLimits = {
  runningMax: 4,
  queuedMax: 100,
  endedMax: 200,
  endedMs: 3_600_000,
  eventsMax: 1_000,
  eventsCharsMax: 1_048_576,
  graceMs: 10_000,
  heartbeatMs: 15_000,
}
