/** A server over two stores, and what a client of its jobs does. */
import { once } from 'node:events'
import { request } from 'node:http'
import { memory } from '@kit/backend-memory'
import { openStore, type Store } from '@kit/core'
import { createServer, type ServerOptions } from '@kit/server'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { expect, onTestFinished, vi } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { ask, askJson } from './ask.ts'
import { undescribedAnswers } from './described-answers.ts'

export interface Job {
  readonly id: string
  readonly state: string
  readonly summary?: Readonly<Record<string, number>>
  readonly error?: { readonly code: string; readonly message: string }
  readonly progress?: object
}

export interface Two {
  readonly base: string
  readonly from: Store
  readonly to: Store
  close(): Promise<void>
}

/** A server over the stores `from` and `to`, in memory. */
export async function serveTwo(
  options: Partial<ServerOptions> = {},
  change: (from: Store) => Store = (from) => from,
): Promise<Two> {
  const [from, to] = await Promise.all(['from', 'to'].map((name) => openStore(memory({}), { name })))
  if (from === undefined || to === undefined) throw new Error('two were opened')
  const source = change(from)
  const app = createServer({
    stores: { names: () => ['from', 'to'], get: async (name) => (name === 'from' ? source : to) },
    ...options,
  })
  const limited = accessOf({
    id: 'limited',
    scopes: ['list', 'read', 'write'],
    paths: [
      { store: 'from', directory: 'mine' },
      { store: 'to', directory: 'mine' },
    ],
  })
  const reader = accessOf({ id: 'reader', scopes: ['list', 'read'], paths: ['*'] })
  const others = new Map([limited, reader].map((access) => [access.id, access]))
  app.addHook('preHandler', (request_, _reply, done) => {
    request_.access = others.get(String(request_.headers['x-who'])) ?? request_.access
    done()
  })
  const undescribed = undescribedAnswers(app)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= app.close()
    return closed
  }
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await close()
    await Promise.all([from.close(), to.close()])
    expect(undescribed).toEqual([])
  })
  return { base, from, to, close }
}

export const whole = { from: { store: 'from', key: '' }, to: { store: 'to', key: '' } }

export async function startJob(base: string, body: object, who = ''): Promise<Job> {
  const { status, headers, json } = await askJson(base, 'POST', '/api/v1/jobs', body, { 'x-who': who })
  expect([status, json()]).toMatchObject([202, { success: true, operation: 'job.start' }])
  const job = json()['job'] as Job
  expect(headers.location).toBe(`/api/v1/jobs/${job.id}`)
  return job
}

export async function jobOf(base: string, id: string): Promise<Job> {
  return (await ask(base, 'GET', `/api/v1/jobs/${id}`)).json()['job'] as Job
}

export async function ended(base: string, id: string): Promise<Job> {
  return vi.waitFor(
    async () => {
      const job = await jobOf(base, id)
      expect(['done', 'failed', 'cancelled']).toContain(job.state)
      return job
    },
    { timeout: 10_000, interval: 10 },
  )
}

/** The events of a job, until the stream ends or there are enough; `undefined` where there is nothing more to tell. */
export async function events(
  base: string,
  id: string,
  { after, enough = () => false }: { after?: string; enough?: (seen: readonly EventSourceMessage[]) => boolean } = {},
): Promise<EventSourceMessage[] | undefined> {
  const headers = after === undefined ? {} : { 'last-event-id': after }
  const asking = request(`${base}/api/v1/jobs/${id}/events`, { headers, agent: false })
  asking.on('error', () => undefined)
  asking.end()
  const [response] = await once(asking, 'response')
  if (response.statusCode === 204) {
    response.resume()
    return undefined
  }
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream'])
  const seen: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => seen.push(event) })
  try {
    for await (const chunk of response) {
      parser.feed(String(chunk))
      if (enough(seen)) break
    }
  } catch (error) {
    if (!enough(seen)) throw error
  }
  asking.destroy()
  return seen
}

export const data = ({ data: text }: EventSourceMessage): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>
