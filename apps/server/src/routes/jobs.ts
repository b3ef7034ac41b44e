import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { refusal, result } from '../answers.ts'
import { jobJson } from '../jobs/job-json.ts'
import { jobWork } from '../jobs/job-work.ts'
import type { Job } from '../jobs/job.ts'
import { answer, bytes, media, nothing } from '../schemas/describe.ts'
import { jobBody, jobSchema } from '../schemas/job.ts'
import { failureSchema } from '../schemas/outcome.ts'
import type { Services } from '../services.ts'
import { storeNamed } from '../stores.ts'
import { sendEvents } from '../wire/event-stream.ts'
import { requireJob } from './job-access.ts'
import type { JsonScope } from '../wire/json.ts'

const jobParams = z.object({ id: z.string().max(64).meta({ description: 'Of the job.' }) })
const jobAnswer = { job: jobSchema }

/** Transfers between stores that go on by themselves. Whose job it is and who may do everything see it; to others there is none. */
export function jobRoutes(app: JsonScope, { stores, jobs, limits }: Services): void {
  function own({ access }: FastifyRequest, job: Job): boolean {
    return job.owner === access.id || access.allows('admin')
  }
  function ownJob(request: FastifyRequest, id: string): Job {
    const job = jobs.get(id)
    if (job !== undefined && own(request, job)) return job
    throw refusal('NotFound', 'there is no such job: ended ones are told of for a while only')
  }

  app.post(
    '/api/v1/jobs',
    {
      config: { operation: 'job.start' },
      schema: {
        operationId: 'startJob',
        tags: ['jobs'],
        summary: 'Begins a transfer between two stores, or within one',
        description:
          'It goes on after the answer. With `dryRun` it only tells, as items, what it would do. The token needs what the job does: `list` and `read` of what it comes from, `list` and `write` of what it goes to, `delete` where something goes.',
        body: jobBody,
        response: { 202: answer('The job, which waits or runs.', jobAnswer), default: failureSchema },
      },
    },
    async (request, reply) => {
      const asked = request.body
      const allowed = await requireJob(request.access, asked, stores, { requestId: request.id })
      const from = await storeNamed(stores, asked.from.store, request.access)
      // One and the same, so that the store can do itself what stays within it.
      const within = asked.to.store === asked.from.store
      const to = within ? from : await storeNamed(stores, asked.to.store, request.access)
      const job = jobs.start(allowed, request.access.id, jobWork(allowed, from, to))
      return reply
        .code(202)
        .header('location', `/api/v1/jobs/${job.id}`)
        .header('cache-control', 'no-store')
        .send(result(request, { job: jobJson(job) }))
    },
  )
  app.get(
    '/api/v1/jobs',
    {
      exposeHeadRoute: true,
      config: { operation: 'jobs' },
      schema: {
        operationId: 'listJobs',
        tags: ['jobs'],
        summary: 'The jobs of the token, the newest first',
        response: { 200: answer('The jobs.', { jobs: z.array(jobSchema) }), default: failureSchema },
      },
    },
    (request, reply) => {
      const seen = jobs.list().filter((job) => own(request, job))
      return reply.header('cache-control', 'no-store').send(result(request, { jobs: seen.map(jobJson) }))
    },
  )
  app.get(
    '/api/v1/jobs/:id',
    {
      exposeHeadRoute: true,
      config: { operation: 'job' },
      schema: {
        operationId: 'getJob',
        tags: ['jobs'],
        summary: 'How a job stands',
        params: jobParams,
        response: { 200: answer('The job.', jobAnswer), default: failureSchema },
      },
    },
    (request, reply) => {
      const job = ownJob(request, request.params.id)
      return reply.header('cache-control', 'no-store').send(result(request, { job: jobJson(job) }))
    },
  )
  app.get(
    '/api/v1/jobs/:id/events',
    {
      config: { operation: 'job.events' },
      schema: {
        operationId: 'getJobEvents',
        tags: ['jobs'],
        summary: 'What happens to a job, as it happens',
        description:
          'Server-sent events: `state` with the job, `progress`, `item` with what became of one object, `lost` where events have gone that cannot be told any more. Each has an id; `Last-Event-ID` goes on after it. The stream ends with the job.',
        params: jobParams,
        headers: z.object({
          'last-event-id': z
            .string()
            .regex(/^\d{1,15}$/, 'is an id of an event of this job')
            .optional(),
        }),
        response: {
          200: media('The events.', { 'text/event-stream': bytes }),
          204: nothing('The job has ended, and all of its events have been told.'),
          default: failureSchema,
        },
      },
    },
    (request, reply) => {
      const job = ownJob(request, request.params.id)
      const after = Number(request.headers['last-event-id'] ?? 0)
      return sendEvents(reply, job, after, { ...limits, heartbeatMs: jobs.limits.heartbeatMs })
    },
  )
  app.post(
    '/api/v1/jobs/:id/cancel',
    {
      config: { operation: 'job.cancel' },
      schema: {
        operationId: 'cancelJob',
        tags: ['jobs'],
        summary: 'Ends a job before it is done',
        description: 'What it has done stays done. One that has ended stays as it is.',
        params: jobParams,
        response: { 202: answer('It ends soon, or has ended.', jobAnswer), default: failureSchema },
      },
    },
    (request, reply) => {
      const job = ownJob(request, request.params.id)
      jobs.cancel(job, 'cancelled by a request')
      return reply
        .code(202)
        .header('cache-control', 'no-store')
        .send(result(request, { job: jobJson(job) }))
    },
  )
}
