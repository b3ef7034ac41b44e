/** Server-sent events of a job, as the HTML standard has them. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { JobEvent, Told } from '../jobs/job-events.ts'
import { hasEnded, type Job } from '../jobs/job.ts'
import type { Limits } from '../limits.ts'
import { signalOf, watchTaker } from './bodies.ts'

/** Events in one piece. */
const batch = 100

/**
 * Sends what came after this event, and what comes, until the job has ended. It is pulled from what the job keeps as the client takes it: a
 * slow client misses events, and is told so, but costs nothing.
 */
export function sendEvents(
  reply: FastifyReply,
  job: Job,
  after: number,
  limits: Limits & { readonly heartbeatMs: number },
): FastifyReply {
  if (hasEnded(job) && after >= job.events.last) return reply.code(204).send()
  const signal = signalOf(reply)
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...headersOf(reply), 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  watchTaker(raw, limits)
  pump(raw, job, Math.min(after, job.events.last), limits.heartbeatMs, signal).then(
    () => raw.end(),
    (error: unknown) => raw.destroy(error instanceof Error ? error : undefined),
  )
  return reply
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
}

async function pump(
  raw: ServerResponse,
  job: Job,
  after: number,
  heartbeatMs: number,
  signal: AbortSignal,
): Promise<void> {
  let told: Told = { id: after, progress: 0 }
  raw.flushHeaders()
  while (!signal.aborted) {
    const ended = hasEnded(job)
    const { events, told: then } = job.events.after(told, batch)
    told = then
    if (events.length > 0) await write(raw, events.map(eventText).join(''), signal)
    else if (ended) return
    else if (!(await anotherWithin(job, heartbeatMs, signal))) await write(raw, ':\n\n', signal)
  }
}

/** Whether something was told before the time was over. */
async function anotherWithin(job: Job, ms: number, signal: AbortSignal): Promise<boolean> {
  const timeUp = new AbortController()
  const timer = setTimeout(() => timeUp.abort(), ms)
  await job.events.next(AbortSignal.any([signal, timeUp.signal]))
  clearTimeout(timer)
  return !timeUp.signal.aborted
}

async function write(raw: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (raw.destroyed || raw.write(text)) return
  await once(raw, 'drain', { signal }).catch(() => undefined)
}

function eventText({ id, event, data }: JobEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`
}
