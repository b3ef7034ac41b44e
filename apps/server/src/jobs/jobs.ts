/** Transfers that go on after the request that asked for them. */
import { randomUUID } from 'node:crypto'
import { errorCode, isStorageError, storageError, toStorageError, type StorageError } from '@kit/core'
import { jobEvents } from './job-events.ts'
import { jobJson } from './job-json.ts'
import type { JobLimits } from './job-limits.ts'
import { hasEnded, type Job, type JobRequest, type JobState } from './job.ts'
import type { Outcome, Work } from './job-work.ts'

export interface Jobs {
  /** Runs it as soon as there is room. @throws RateLimited where too many wait, Unavailable where the server is stopping */
  start(request: JobRequest, owner: string | undefined, work: Work): Job
  /** The newest first. */
  list(): readonly Job[]
  get(id: string): Job | undefined
  /** A job that waits ends at once, one that runs soon; one that has ended stays as it is. */
  cancel(job: Job, why: string): void
  /** How many there are of those that have not ended. */
  counts(): Readonly<Record<'queued' | 'running', number>>
  /** Takes no more jobs, cancels those that wait, gives those that run the time of grace, then cancels them too. */
  close(): Promise<void>
  /** Cancels those that wait and those that run, without the time of grace. */
  cancelAll(why: string): void
  readonly limits: JobLimits
}

interface Held {
  readonly job: Job
  readonly work: Work
  readonly controller: AbortController
}

/**
 * Jobs end with the process: nothing of them is kept on disk. What they had done stays done; the same job again does the rest. `ended` is
 * told of each.
 */
export function createJobs(limits: JobLimits, ended: (job: Job) => void = () => undefined): Jobs {
  const all = new Map<string, Held>()
  const queue: Held[] = []
  const running = new Map<Held, Promise<void>>()
  let closing: Promise<void> | undefined

  function enter(job: Job, state: JobState): void {
    job.state = state
    if (state === 'running') job.started = new Date()
    if (hasEnded(job)) job.ended = new Date()
    job.events.add('state', { job: jobJson(job) })
    if (!hasEnded(job)) return
    job.events.end()
    ended(job)
  }

  function next(): void {
    while (running.size < limits.runningMax) {
      const held = queue.shift()
      if (held === undefined) return
      running.set(held, runOne(held))
    }
  }

  async function runOne(held: Held): Promise<void> {
    const { job, work, controller } = held
    enter(job, 'running')
    try {
      const outcome = await work(job.id, tellerOf(job), { signal: controller.signal, requestId: job.id })
      job.summary = outcome.summary
      if (outcome.failed > 0) job.error = partly(outcome)
      enter(job, outcome.failed > 0 ? 'failed' : 'done')
    } catch (error) {
      job.error = isStorageError(error) ? error : toStorageError(error)
      enter(job, controller.signal.aborted && errorCode(job.error) === 'Aborted' ? 'cancelled' : 'failed')
    } finally {
      running.delete(held)
      forget()
      next()
    }
  }

  /** Ended jobs go after their time, the oldest first where they are too many. */
  function forget(): void {
    const now = Date.now()
    const over = [...all.values()].filter(({ job }) => hasEnded(job))
    const tooMany = over.length - limits.endedMax
    for (const [index, { job }] of over.entries()) {
      if (index < tooMany || now - (job.ended?.getTime() ?? now) > limits.endedMs) all.delete(job.id)
    }
  }

  function cancel(held: Held, why: string): void {
    const { job, controller } = held
    if (hasEnded(job)) return
    const reason = storageError('Aborted', why)
    const waits = queue.indexOf(held)
    if (waits === -1) {
      controller.abort(reason)
      return
    }
    queue.splice(waits, 1)
    job.error = reason
    enter(job, 'cancelled')
  }

  function cancelWaiting(why: string): void {
    for (let held = queue[0]; held !== undefined; held = queue[0]) cancel(held, why)
  }

  function cancelRunning(why: string): void {
    for (const held of running.keys()) cancel(held, why)
  }

  async function closeAll(): Promise<void> {
    cancelWaiting('the server stops, and this had not begun')
    const timer = setTimeout(() => cancelRunning('the server stops, and this was not done in time'), limits.graceMs)
    await Promise.all(running.values())
    clearTimeout(timer)
  }

  return {
    limits,
    start(request, owner, work) {
      if (closing !== undefined) throw storageError('Unavailable', 'the server is stopping: it takes no more jobs')
      forget()
      if (queue.length >= limits.queuedMax) {
        throw storageError('RateLimited', `${limits.queuedMax} jobs wait already`, { retryAfterMs: 5_000 })
      }
      const job: Job = {
        id: randomUUID(),
        request,
        owner,
        created: new Date(),
        events: jobEvents(limits.eventsMax, limits.eventsCharsMax),
        state: 'queued',
      }
      const held: Held = { job, work, controller: new AbortController() }
      all.set(job.id, held)
      queue.push(held)
      enter(job, 'queued')
      next()
      return job
    },
    list() {
      forget()
      return [...all.values()].map(({ job }) => job).toReversed()
    },
    get(id) {
      forget()
      return all.get(id)?.job
    },
    cancel(job, why) {
      const held = all.get(job.id)
      if (held !== undefined) cancel(held, why)
    },
    counts: () => ({ queued: queue.length, running: running.size }),
    cancelAll(why) {
      cancelWaiting(why)
      cancelRunning(why)
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

function tellerOf(job: Job): Parameters<Work>[1] {
  return {
    item: (data) => job.events.add('item', data),
    progress(progress) {
      job.progress = progress
      job.events.add('progress', progress)
    },
  }
}

/** Some objects failed: the job did not do what it was to do. The first failure says how. */
function partly({ failed, failure }: Outcome): StorageError {
  const first = failure === undefined ? undefined : toStorageError(failure)
  const summary = `${failed} objects failed; the first: ${first?.message ?? 'unknown'}`
  return storageError(first?.code ?? 'Unexpected', summary, { cause: failure, retry: first?.retry })
}
