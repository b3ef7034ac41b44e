import { errorCode, isStorageError } from '@kit/core'

/** What is remembered of how an endpoint has answered. */
interface Memory {
  latencyMs: number
  /** Failures, older ones counting less. */
  failures: number
  at: number
  /** Until then it asked not to be asked. */
  coolUntil: number
}

/** What is expected of an endpoint nobody has asked yet, or not for long. */
const priorLatencyMs = 300
const latencyHalfLifeMs = 5 * 60_000
const failureHalfLifeMs = 30_000
/** Share of a new measurement in the mean. */
const weight = 0.3
/** A lie tells more than a fault: it counts as this many failures. */
const lie = 4
/** No endpoint can keep itself out for longer than this. */
const coolMaxMs = 10 * 60_000

/** How well endpoints have answered, so that the best is asked first. Lives as long as the store. */
export interface Scores<Endpoint> {
  /** Those that may be asked now, the most promising first; equal ones as given. */
  order(endpoints: readonly Endpoint[]): Endpoint[]
  /** Milliseconds until the first of these may be asked again; 0 where one may now. */
  waitMs(endpoints: readonly Endpoint[]): number
  /** How long the first verified bytes are likely to take, in milliseconds. */
  expectedMs(endpoint: Endpoint): number
  answered(endpoint: Endpoint, tookMs: number): void
  /** It was given up for a faster one. */
  outrun(endpoint: Endpoint, afterMs: number): void
  failed(endpoint: Endpoint, error: unknown): void
}

/** `now`: a clock in milliseconds that never goes back. */
export function createScores<Endpoint>(now: () => number = () => performance.now()): Scores<Endpoint> {
  const memories = new Map<Endpoint, Memory>()

  function remembered(endpoint: Endpoint): Memory {
    const time = now()
    const memory = memories.get(endpoint) ?? { latencyMs: priorLatencyMs, failures: 0, at: time, coolUntil: 0 }
    const age = time - memory.at
    memory.failures *= 0.5 ** (age / failureHalfLifeMs)
    memory.latencyMs = priorLatencyMs + (memory.latencyMs - priorLatencyMs) * 0.5 ** (age / latencyHalfLifeMs)
    memory.at = time
    memories.set(endpoint, memory)
    return memory
  }

  const expectedMs = (endpoint: Endpoint): number => {
    const { latencyMs, failures } = remembered(endpoint)
    return latencyMs * 2 ** Math.min(failures, 16)
  }
  const waits = (endpoint: Endpoint): number => Math.max(0, (memories.get(endpoint)?.coolUntil ?? 0) - now())

  return {
    expectedMs,
    order: (endpoints) =>
      endpoints
        .filter((endpoint) => waits(endpoint) === 0)
        .map((endpoint) => ({ endpoint, cost: expectedMs(endpoint) }))
        .toSorted((a, b) => a.cost - b.cost)
        .map(({ endpoint }) => endpoint),
    waitMs: (endpoints) => (endpoints.length === 0 ? 0 : Math.min(...endpoints.map(waits))),
    answered(endpoint, tookMs) {
      const memory = remembered(endpoint)
      memory.latencyMs += weight * (tookMs - memory.latencyMs)
      memory.failures /= 2
    },
    outrun(endpoint, afterMs) {
      const memory = remembered(endpoint)
      memory.latencyMs = Math.max(memory.latencyMs, afterMs)
    },
    failed(endpoint, error) {
      // An honest no is no failure.
      if (errorCode(error) === 'NotFound') return
      const memory = remembered(endpoint)
      memory.failures += errorCode(error) === 'Corrupt' ? lie : 1
      const retryAfterMs = isStorageError(error) ? error.retryAfterMs : undefined
      if (retryAfterMs !== undefined) memory.coolUntil = now() + Math.min(retryAfterMs, coolMaxMs)
    },
  }
}
