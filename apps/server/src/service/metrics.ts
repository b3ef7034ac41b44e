/** What the server counts, for Prometheus. No label is ever made from a key, a token or anything else that a client chooses. */
import { durationBucketsMs, metrics as countStores, Metrics, type Layer } from '@kit/core'
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client'
import { endStates, jobKinds } from '../jobs/job.ts'
import type { EndedExchange } from './exchange.ts'
import { histogramSamples, type Sample } from './histogram.ts'

export interface ServerMetrics {
  /** Counts the calls of every store that is opened with it. */
  readonly layer: Layer
  readonly contentType: string
  ended(exchange: EndedExchange): void
  /** `copy`, `done`: as the API spells them. */
  jobEnded(kind: string, state: string): void
  /** Counted when somebody asks: `states` by name. */
  addGauge(name: string, help: string, label: string, states: () => Readonly<Record<string, number>>): void
  /** @returns all of them, as text */
  text(): Promise<string>
}

const durationBounds = [0.005, 0.05, 0.5, 5, 60]

interface RouteTotals {
  readonly labels: { readonly method: string; readonly route: string }
  readonly statuses: Map<string, number>
  readonly durations: number[]
  seconds: number
  received: number
  sent: number
}

export function serverMetrics(): ServerMetrics {
  const registry = new Registry()
  const stores = new Metrics()
  const routes = new Map<string, RouteTotals>()
  // All there can be, from the start: a rate has its beginning at 0.
  const jobs = new Map(
    jobKinds.flatMap((kind) => endStates.map((state) => [`${kind} ${state}`, { kind, state, count: 0 }])),
  )
  collectDefaultMetrics({ register: registry })

  /** prom-client's own counters look every label up for each request; these are asked when somebody reads them. */
  function add(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, samples: () => Sample[]): void {
    const metric = { name, help, type, get: async () => ({ name, help, type, values: samples(), aggregator: 'sum' }) }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a registry calls nothing of a metric but `get`
    registry.registerMetric(metric as unknown as Metric)
  }
  const ofRoutes = (samples: (totals: RouteTotals) => Sample[]) => () => [...routes.values()].flatMap(samples)
  const ofStores = (samples: (operation: ReturnType<Metrics['snapshot']>[number]) => Sample[]) => () =>
    stores.snapshot().flatMap(samples)

  add(
    'kit_http_requests_total',
    'counter',
    'Requests that ended, by route and status; aborted: the client went away before it had its answer',
    ofRoutes(({ labels, statuses }) =>
      [...statuses].map(([status, value]) => ({ labels: { ...labels, status }, value })),
    ),
  )
  const duration = 'kit_http_request_duration_seconds'
  add(
    duration,
    'histogram',
    'From the head of a request to the end of its answer',
    ofRoutes(({ labels, durations, seconds }) =>
      histogramSamples(duration, labels, durationBounds, durations, seconds),
    ),
  )
  add(
    'kit_http_received_bytes_total',
    'counter',
    'Bytes of requests, heads included',
    ofRoutes(({ labels, received }) => [{ labels, value: received }]),
  )
  add(
    'kit_http_sent_bytes_total',
    'counter',
    'Bytes of answers, heads included',
    ofRoutes(({ labels, sent }) => [{ labels, value: sent }]),
  )
  add(
    'kit_store_operations_total',
    'counter',
    'Calls of stores that ended, by code: ok or that of the error',
    ofStores(({ store, operation, calls, errors }) => {
      const failed = Object.entries(errors)
      const ok = calls - failed.reduce((sum, [, count]) => sum + count, 0)
      return [['ok', ok] as const, ...failed].map(([code, value]) => ({ labels: { store, operation, code }, value }))
    }),
  )
  const callDuration = 'kit_store_operation_duration_seconds'
  add(
    callDuration,
    'histogram',
    'Of calls of stores, without the bodies of reads',
    ofStores(({ store, operation, durations, durationMsSum }) =>
      histogramSamples(
        callDuration,
        { store, operation },
        durationBucketsMs.map((ms) => ms / 1000),
        durations,
        durationMsSum / 1000,
      ),
    ),
  )
  add(
    'kit_store_read_bytes_total',
    'counter',
    'Bytes of bodies that stores gave',
    ofStores(({ store, operation, readBytes }) =>
      readBytes === 0 ? [] : [{ labels: { store, operation }, value: readBytes }],
    ),
  )

  add('kit_jobs_ended_total', 'counter', 'Jobs that ended, by kind and how', () =>
    [...jobs.values()].map(({ kind, state, count }) => ({ labels: { kind, state }, value: count })),
  )

  return {
    layer: countStores(stores),
    contentType: registry.contentType,
    ended({ method, route, status, seconds, received, sent }) {
      const id = `${method} ${route}`
      let totals = routes.get(id)
      if (totals === undefined) {
        const durations = Array.from({ length: durationBounds.length + 1 }, () => 0)
        totals = { labels: { method, route }, statuses: new Map(), durations, seconds: 0, received: 0, sent: 0 }
        routes.set(id, totals)
      }
      totals.statuses.set(status, (totals.statuses.get(status) ?? 0) + 1)
      let bucket = 0
      while (bucket < durationBounds.length && seconds > (durationBounds[bucket] ?? 0)) bucket++
      totals.durations[bucket] = (totals.durations[bucket] ?? 0) + 1
      totals.seconds += seconds
      totals.received += received
      totals.sent += sent
    },
    jobEnded(kind, state) {
      const total = jobs.get(`${kind} ${state}`)
      if (total !== undefined) total.count++
    },
    addGauge(name, help, label, states) {
      add(name, 'gauge', help, () =>
        Object.entries(states()).map(([state, value]) => ({
          labels: label === '' ? {} : { [label]: state },
          value,
        })),
      )
    },
    text: () => registry.metrics(),
  }
}
