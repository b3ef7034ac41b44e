import type { Client } from 'openapi-fetch'
import { KitApiError } from './api-error.ts'
import type { components, paths } from './api.ts'
import { fillPath, type Connection } from './connection.ts'
import { listen, type ListenOptions, type ServerEvent } from './events.ts'
import { asProblem } from './problem.ts'

/** A job as the server tells it. */
export type Job = components['schemas']['Job']
/** How far a job is. */
export type JobProgress = components['schemas']['Progress']
/** What a job is to do. */
export type JobRequest = paths['/api/v1/jobs']['post']['requestBody']['content']['application/json']

/** Listening goes on after `id`, in another process too; progress has none, and may come again. `lost`: so many items that the server no longer keeps. */
export type JobEvent = { readonly id: string | undefined } & (
  | { readonly event: 'state'; readonly data: { readonly job: Job } }
  | { readonly event: 'progress'; readonly data: JobProgress }
  | { readonly event: 'item'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly event: 'lost'; readonly data: { readonly lost: number } }
)

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** Called each time that it has got on. */
  readonly onProgress?: ((progress: JobProgress) => void) | undefined
}

/** Copies, moves, syncs and checks that the server does by itself. */
export interface Jobs {
  /** Has the server begin one. */
  create(job: JobRequest, options?: { readonly signal?: AbortSignal | undefined }): Promise<Job>
  get(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Job>
  list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly Job[]>
  /** Asks for its end, which `wait` and `events` tell. */
  cancel(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  /**
   * What happens to it, until it ends; `after`: the id of the last event that was seen. Ended connections are made again, and nothing
   * comes twice.
   */
  events(id: string, options?: ListenOptions): AsyncGenerator<JobEvent>
  /** Resolves with the job when it is done. Rejects with its error when it failed, with `Aborted` when it was cancelled. */
  wait(id: string, options?: WaitOptions): Promise<Job>
}

const ended: readonly string[] = ['done', 'failed', 'cancelled']
const known: readonly string[] = ['state', 'progress', 'item', 'lost']

export function jobsOf(connection: Connection, api: Client<paths>): Jobs {
  const only = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal === undefined ? {} : { signal })

  async function get(id: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Job> {
    const { data } = await api.GET('/api/v1/jobs/{id}', { params: { path: { id } }, ...only(signal) })
    return given(data?.job)
  }

  async function* events(id: string, options: ListenOptions = {}): AsyncGenerator<JobEvent> {
    for await (const event of listen(connection, fillPath('/api/v1/jobs/{id}/events', { id }), options)) {
      if (!isJobEvent(event)) continue
      yield event
      if (event.event === 'state' && ended.includes(event.data.job.state)) return
    }
  }

  return {
    get,
    events,
    async create(job, { signal } = {}) {
      const { data } = await api.POST('/api/v1/jobs', { body: job, ...only(signal) })
      return given(data?.job)
    },
    async list({ signal } = {}) {
      const { data } = await api.GET('/api/v1/jobs', only(signal))
      return given(data?.jobs)
    },
    async cancel(id, { signal } = {}) {
      await api.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } }, ...only(signal) })
    },
    async wait(id, { signal, onProgress } = {}) {
      let job: Job | undefined
      for await (const { event, data } of events(id, { signal })) {
        if (event === 'progress') onProgress?.(data)
        else if (event === 'state') job = data.job
      }
      job ??= await get(id, { signal })
      if (job.state === 'done') return job
      const problem = asProblem(job.error) ?? {
        code: job.state === 'cancelled' ? 'Aborted' : 'Unexpected',
        message: `the job ${id} is ${job.state}`,
      }
      throw new KitApiError(problem)
    },
  }
}

/** Of the kinds that this version knows, with the data that the API says they have. */
function isJobEvent(event: ServerEvent): event is JobEvent & ServerEvent {
  return known.includes(event.event) && typeof event.data === 'object' && event.data !== null
}

/** The API's schema says that it is there. @throws KitApiError of an answer that breaks it */
function given<Value>(value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new KitApiError({ code: 'Corrupt', message: 'the answer of the server lacks what its API promises' })
}
