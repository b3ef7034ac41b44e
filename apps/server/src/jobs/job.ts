import type { StorageError } from '@kit/core'
import type { FilterRules, LinkRule, TransferProgress } from '@kit/core/transfer'
import type { JobEvents } from './job-events.ts'

export const jobKinds = ['copy', 'move', 'sync', 'check'] as const
export type JobKind = (typeof jobKinds)[number]

/** What a job is to do: plain data. */
export interface JobRequest {
  readonly kind: JobKind
  readonly from: JobEnd
  readonly to: JobEnd
  readonly filter?: FilterRules | undefined
  /** Of a sync: what is only at the target goes. */
  readonly delete?: boolean | undefined
  /** Only tells what it would do. */
  readonly dryRun?: boolean | undefined
  readonly checksum?: boolean | undefined
  readonly force?: boolean | undefined
  readonly ifAbsent?: boolean | undefined
  readonly links?: LinkRule | undefined
}

export interface JobEnd {
  readonly store: string
  /** '' is the whole store. */
  readonly key: string
}

export const endStates = ['done', 'failed', 'cancelled'] as const
export type JobState = 'queued' | 'running' | (typeof endStates)[number]

/** Sums of what a job did; which ones follow from its kind. */
export type JobSummary = Readonly<Record<string, number>>

/** A job as its owner sees it. */
export interface Job {
  readonly id: string
  readonly request: JobRequest
  /** Id of the token that made it; undefined on a server without tokens. */
  readonly owner: string | undefined
  readonly created: Date
  readonly events: JobEvents
  state: JobState
  started?: Date
  ended?: Date
  progress?: TransferProgress
  summary?: JobSummary
  error?: StorageError
}

export function hasEnded({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running'
}
