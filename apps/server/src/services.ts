import type { Jobs } from './jobs/jobs.ts'
import type { Limits } from './limits.ts'
import type { ServerMetrics } from './service/metrics.ts'
import type { StoreSource } from './stores.ts'
import type { Seal } from './wire/seal.ts'

/** What the routes of one server share. */
export interface Services {
  readonly stores: StoreSource
  readonly limits: Limits
  readonly jobs: Jobs
  /** The store that Kubo's API serves. */
  readonly kuboStore: string | undefined
  /** Signs what clients carry for the server: ids of uploads, cursors. */
  readonly seal: Seal
  /** Where they are counted. */
  readonly metrics: ServerMetrics | undefined
}
