import { once } from 'node:events'
import { request } from 'node:http'
import { compareKeys, storageError, type Reading, type Store } from '@kit/core'
import type { EventSourceMessage } from 'eventsource-parser'
import { expect, test, vi } from 'vitest'
import { ask, askJson } from './ask.ts'
import { data, ended, events, jobOf, serveTwo, startJob, whole, type Job } from './job-client.ts'
import { serverMetrics } from '../src/service/metrics.ts'
import { withMethods } from './serve.ts'

const inOrder = (rows: readonly (readonly unknown[])[]): (readonly unknown[])[] =>
  rows.toSorted((a, b) => compareKeys(a.join(' '), b.join(' ')))

test('a copy tells of itself from its beginning to its end', async () => {
  const { base, from, to } = await serveTwo()
  for (const key of ['a', 'b/c', 'b/d']) await from.write(key, key)
  const job = await startJob(base, { kind: 'copy', ...whole })
  const seen = (await events(base, job.id)) ?? []
  const ids = seen.filter(({ event }) => event !== 'progress').map(({ id }) => Number(id))
  expect(ids).toEqual([1, 2, 3, 4, 5, 6])
  const states = seen
    .filter(({ event }) => event === 'state')
    .map((event) => Reflect.get(Object(data(event)['job']), 'state'))
  expect(states).toEqual(['queued', 'running', 'done'])
  const items = seen.filter(({ event }) => event === 'item').map(data)
  expect(items.map((item) => String(item['to'])).toSorted(compareKeys)).toEqual(['a', 'b/c', 'b/d'])
  for (const item of items)
    expect(item).toMatchObject({ action: 'copy', status: 'done', reason: 'missing', entry: { kind: 'file' } })
  expect(await ended(base, job.id)).toMatchObject({ state: 'done', summary: { copied: 3, failed: 0, bytes: 7 } })
  expect(await (await to.read('b/c')).text()).toBe('b/c')
  expect((await ask(base, 'GET', '/api/v1/jobs')).json()['jobs']).toMatchObject([
    { id: job.id, kind: 'copy', state: 'done' },
  ])
  expect(await events(base, job.id, { after: seen.at(-1)?.id ?? '' })).toBeUndefined()
})

test('move, sync with delete, and check do what they say; a filter and a dry run are kept', async () => {
  const { base, from, to } = await serveTwo()
  const keysOf = async (store: Store): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of store.list('', { recursive: true, ordered: true })) keys.push(key)
    return keys
  }
  for (const key of ['a.txt', 'b.log', 'c.txt']) await from.write(key, key)
  await to.write('old.txt', 'old')
  const dry = await startJob(base, { kind: 'sync', ...whole, delete: true, dryRun: true })
  const planned = ((await events(base, dry.id)) ?? []).filter(({ event }) => event === 'item').map(data)
  expect(inOrder(planned.map((item) => [item['action'], item['to'] ?? item['key'], item['status']]))).toEqual([
    ['copy', 'a.txt', 'planned'],
    ['copy', 'b.log', 'planned'],
    ['copy', 'c.txt', 'planned'],
    ['delete', 'old.txt', 'planned'],
  ])
  expect(await ended(base, dry.id)).toMatchObject({ state: 'done', summary: { copy: 3, delete: 1 } })
  expect(await keysOf(to)).toEqual(['old.txt'])
  const filtered = await startJob(base, { kind: 'copy', ...whole, filter: { exclude: ['*.log'] } })
  await ended(base, filtered.id)
  expect(await keysOf(to)).toEqual(['a.txt', 'c.txt', 'old.txt'])
  const check = await startJob(base, { kind: 'check', ...whole })
  expect(await ended(base, check.id)).toMatchObject({
    state: 'done',
    summary: { same: 2, onlyLeft: 1, onlyRight: 1, differs: 0 },
  })
  const told = ((await events(base, check.id)) ?? []).filter(({ event }) => event === 'item').map(data)
  expect(inOrder(told.map((item) => [item['key'], item['verdict']]))).toEqual([
    ['b.log', 'only-left'],
    ['old.txt', 'only-right'],
  ])
  await ended(base, (await startJob(base, { kind: 'sync', ...whole, delete: true })).id)
  expect(await keysOf(to)).toEqual(['a.txt', 'b.log', 'c.txt'])
  await ended(
    base,
    (await startJob(base, { kind: 'move', from: { store: 'from', key: 'b.log' }, to: { store: 'to', key: 'moved' } }))
      .id,
  )
  expect([await keysOf(from), await keysOf(to)]).toEqual([
    ['a.txt', 'c.txt'],
    ['a.txt', 'b.log', 'c.txt', 'moved'],
  ])
})

test('what makes no sense is refused before there is a job', async () => {
  const { base } = await serveTwo()
  for (const body of [
    {},
    { kind: 'destroy', ...whole },
    { kind: 'copy', from: whole.from },
    { kind: 'copy', ...whole, surprise: 1 },
    { kind: 'copy', ...whole, delete: true },
    { kind: 'check', ...whole, force: true },
    { kind: 'check', ...whole, dryRun: true },
    { kind: 'copy', ...whole, filter: { exclude: [''] } },
    { kind: 'copy', ...whole, filter: { exclude: Array.from({ length: 1001 }, () => 'a') } },
    { kind: 'copy', ...whole, filter: { rules: ['what is this'] } },
    { kind: 'copy', ...whole, filter: { minSize: -1 } },
    { kind: 'copy', ...whole, filter: { include: Array.from({ length: 100 }, () => 'a'.repeat(1000)) } },
    { kind: 'copy', ...whole, filter: { changedFrom: 1e300 } },
    { kind: 'copy', ...whole, links: 'chase' },
    { kind: 'copy', from: { store: 'from', key: '../x' }, to: whole.to },
  ]) {
    const got = await askJson(base, 'POST', '/api/v1/jobs', body)
    expect([body, got.status]).toEqual([body, 400])
  }
  const nowhere = { kind: 'copy', from: { store: 'none', key: '' }, to: whole.to }
  expect(await askJson(base, 'POST', '/api/v1/jobs', nowhere)).toMatchObject({ status: 404, code: 'NotFound' })
  for (const path of ['none', 'none/events']) expect((await ask(base, 'GET', `/api/v1/jobs/${path}`)).status).toBe(404)
  expect((await ask(base, 'POST', '/api/v1/jobs/none/cancel')).status).toBe(404)
  expect((await ask(base, 'GET', '/api/v1/jobs')).json()).toMatchObject({ jobs: [] })
})

/** Reads wait until they are let go on, or are cancelled. */
function gate(): { change: (from: Store) => Store; open(): void; waiting(): number } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return {
    waiting: () => waiting,
    open: resolve,
    change: (from) =>
      withMethods(from, {
        read: (key, options) => {
          waiting++
          const { promise: aborted, reject } = Promise.withResolvers<never>()
          options?.signal?.addEventListener('abort', () => reject(storageError('Aborted', 'cancelled')))
          return Promise.race([promise.then((): Promise<Reading> => from.read(key, options)), aborted])
        },
      }),
  }
}

test('a job that runs or waits can be cancelled, and says so; one that has ended stays as it is', async () => {
  const held = gate()
  const { base, from, to } = await serveTwo({ jobs: { runningMax: 1 } }, held.change)
  await from.write('a', 'a')
  const running = await startJob(base, { kind: 'copy', ...whole })
  const waiting = await startJob(base, { kind: 'copy', ...whole })
  await vi.waitFor(() => expect(held.waiting()).toBeGreaterThan(0))
  expect([(await jobOf(base, running.id)).state, (await jobOf(base, waiting.id)).state]).toEqual(['running', 'queued'])
  const cancel = (id: string): ReturnType<typeof ask> => ask(base, 'POST', `/api/v1/jobs/${id}/cancel`)
  expect((await cancel(waiting.id)).json()).toMatchObject({ job: { state: 'cancelled', error: { code: 'Aborted' } } })
  expect((await cancel(running.id)).status).toBe(202)
  expect(await ended(base, running.id)).toMatchObject({ state: 'cancelled', error: { code: 'Aborted' } })
  expect((await cancel(running.id)).json()).toMatchObject({ job: { state: 'cancelled' } })
  await expect(to.stat('a')).rejects.toThrow('NotFound')
  held.open()
  const done = await startJob(base, { kind: 'copy', ...whole })
  await ended(base, done.id)
  expect((await cancel(done.id)).json()).toMatchObject({ job: { state: 'done' } })
})

test('metrics tell how many jobs run and wait, and how those that ended did, by kind; of whom and of what, nothing', async () => {
  const held = gate()
  const { base, from, to } = await serveTwo({ jobs: { runningMax: 1 }, metrics: serverMetrics() }, held.change)
  const counted = async (): Promise<readonly string[]> => {
    const { text } = await ask(base, 'GET', '/metrics')
    expect(text).not.toContain('planted')
    return text.split('\n').filter((line) => line.startsWith('kit_jobs') && !line.endsWith(' 0'))
  }
  await from.write('planted', 'a')
  await to.write('planted-other', 'a')
  const jobs = [await startJob(base, { kind: 'copy', ...whole })]
  for (const kind of ['sync', 'check'] as const) jobs.push(await startJob(base, { kind, ...whole }))
  expect(await counted()).toEqual(['kit_jobs{state="queued"} 2', 'kit_jobs{state="running"} 1'])
  await ask(base, 'POST', `/api/v1/jobs/${jobs[1]?.id}/cancel`)
  expect(await counted()).toContain('kit_jobs_ended_total{kind="sync",state="cancelled"} 1')
  held.open()
  for (const { id } of jobs) await ended(base, id)
  expect(await counted()).toEqual([
    'kit_jobs_ended_total{kind="copy",state="done"} 1',
    'kit_jobs_ended_total{kind="sync",state="cancelled"} 1',
    'kit_jobs_ended_total{kind="check",state="done"} 1',
  ])
  expect((await ask(base, 'GET', '/metrics')).text).toContain('\nkit_jobs_ended_total{kind="move",state="failed"} 0\n')
})

test('more jobs than may wait are refused, and told when to come again', async () => {
  const held = gate()
  const { base, from } = await serveTwo({ jobs: { runningMax: 1, queuedMax: 2 } }, held.change)
  await from.write('a', 'a')
  const jobs = [await startJob(base, { kind: 'copy', ...whole })]
  await vi.waitFor(() => expect(held.waiting()).toBeGreaterThan(0))
  for (let times = 0; times < 2; times++) jobs.push(await startJob(base, { kind: 'copy', ...whole }))
  const refused = await askJson(base, 'POST', '/api/v1/jobs', { kind: 'copy', ...whole })
  expect(refused).toMatchObject({ status: 429, code: 'RateLimited' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  held.open()
  for (const { id } of jobs) expect(await ended(base, id)).toMatchObject({ state: 'done' })
})

test('objects that fail make the job fail, with the others done', async () => {
  const { base, from, to } = await serveTwo({}, (store) =>
    withMethods(store, {
      read: (key, options) =>
        key === 'bad'
          ? Promise.reject(storageError('PermissionDenied', 'not this one', { key }))
          : store.read(key, options),
    }),
  )
  for (const key of ['bad', 'good']) await from.write(key, key)
  const job = await startJob(base, { kind: 'copy', ...whole })
  expect(await ended(base, job.id)).toMatchObject({
    state: 'failed',
    summary: { copied: 1, failed: 1 },
    error: { code: 'PermissionDenied', message: expect.stringContaining('1 objects failed') },
  })
  expect(await to.stat('good')).toMatchObject({ size: 4 })
  const items = ((await events(base, job.id)) ?? []).filter(({ event }) => event === 'item').map(data)
  expect(items.find(({ from: key }) => key === 'bad')).toMatchObject({
    status: 'failed',
    error: { code: 'PermissionDenied' },
  })
})

test('who comes back with Last-Event-ID misses nothing and hears nothing twice; what is gone is told as lost', async () => {
  const held = gate()
  const { base, from } = await serveTwo({ jobs: { eventsMax: 50, heartbeatMs: 30 } }, held.change)
  for (let index = 0; index < 20; index++) await from.write(`k${index}`, 'x')
  const job = await startJob(base, { kind: 'copy', ...whole })
  const first = (await events(base, job.id, { enough: (seen) => seen.length >= 2 })) ?? []
  const going = events(base, job.id, { after: first.at(-1)?.id ?? '' })
  held.open()
  const rest = (await going) ?? []
  const ids = [...first, ...rest].filter(({ event }) => event !== 'progress').map(({ id }) => Number(id))
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  const items = [...first, ...rest].filter(({ event }) => event === 'item').map((event) => data(event)['to'])
  expect(items).toHaveLength(20)
  expect(new Set(items).size).toBe(20)
  expect(await ask(base, 'GET', `/api/v1/jobs/${job.id}/events`, { headers: { 'last-event-id': 'x' } })).toMatchObject({
    status: 400,
    code: 'InvalidConfig',
  })
  for (let index = 20; index < 400; index++) await from.write(`k${index}`, 'x')
  const long = await startJob(base, { kind: 'copy', ...whole, to: { store: 'to', key: 'again' } })
  await ended(base, long.id)
  const told = (await events(base, long.id)) ?? []
  expect(told[0]).toMatchObject({ event: 'lost' })
  const lost = Number(data(told[0] as EventSourceMessage)['lost'])
  const kept = told.filter(({ event }) => event !== 'lost' && event !== 'progress').length
  // Three changes of state, and an item for each object.
  expect(lost + kept).toBe(403)
  expect(kept).toBe(50)
})

test('a stream of events shows that it lives, and costs nothing when it is left', async () => {
  const held = gate()
  const { base, from } = await serveTwo({ jobs: { heartbeatMs: 20 } }, held.change)
  await from.write('a', 'a')
  const job = await startJob(base, { kind: 'copy', ...whole })
  const asking = request(`${base}/api/v1/jobs/${job.id}/events`, { agent: false })
  asking.on('error', () => undefined).end()
  const [response] = await once(asking, 'response')
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.split('\n:\n').length > 3) break
  }
  asking.destroy()
  held.open()
  expect(await ended(base, job.id)).toMatchObject({ state: 'done' })
})

test('a server that stops cancels what waits, and what does not end in its time', async () => {
  const held = gate()
  const { base, from, close } = await serveTwo({ jobs: { runningMax: 1, graceMs: 100 } }, held.change)
  await from.write('a', 'a')
  const running = await startJob(base, { kind: 'copy', ...whole })
  const waiting = await startJob(base, { kind: 'copy', ...whole })
  await vi.waitFor(() => expect(held.waiting()).toBeGreaterThan(0))
  const heard = [running, waiting].map(({ id }) => events(base, id))
  await vi.waitFor(() => expect(heard).toHaveLength(2))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const stopping = close()
  for (const seen of await Promise.all(heard)) {
    const last = seen?.at(-1)
    expect(last?.event).toBe('state')
    expect(data(last as EventSourceMessage)).toMatchObject({
      job: { state: 'cancelled', error: { message: expect.stringContaining('the server stops') } },
    })
  }
  await stopping
})

test('a token begins what it may do itself, and sees its own jobs only', async () => {
  const { base, from, to } = await serveTwo()
  await from.write('mine/a', 'a')
  await from.write('a', 'a')
  await from.write('mine', 'of another')
  const begin = (body: object, who: string): ReturnType<typeof askJson> =>
    askJson(base, 'POST', '/api/v1/jobs', body, { 'x-who': who })
  const mine = { from: { store: 'from', key: 'mine/a' }, to: { store: 'to', key: 'mine/a' } }
  const tree = { from: { store: 'from', key: 'mine' }, to: { store: 'to', key: 'mine' } }
  for (const [body, who] of [
    [{ kind: 'copy', ...whole }, 'limited'],
    [{ kind: 'copy', ...mine, to: whole.to }, 'limited'],
    [{ kind: 'copy', ...mine, from: { store: 'from', key: 'a' } }, 'limited'],
    [{ kind: 'move', ...mine }, 'limited'],
    [{ kind: 'sync', ...mine, delete: true }, 'limited'],
    [{ kind: 'copy', ...mine, links: 'follow' }, 'limited'],
    [{ kind: 'copy', ...mine, links: 'keep' }, 'limited'],
    // There is an object of that very name, which is not below the path of the token.
    [{ kind: 'copy', ...tree }, 'limited'],
    [{ kind: 'copy', ...whole }, 'reader'],
    [{ kind: 'copy', ...mine, from: { store: 'none', key: 'mine/a' } }, 'limited'],
  ] as const) {
    expect([who, body, await begin(body, who)]).toMatchObject([who, body, { status: 403, code: 'PermissionDenied' }])
  }
  const job = await startJob(base, { kind: 'copy', ...mine }, 'limited')
  await ended(base, job.id)
  expect(await (await to.read('mine/a')).text()).toBe('a')
  await from.delete('mine')
  await ended(base, (await startJob(base, { kind: 'copy', ...tree }, 'limited')).id)
  expect((await begin({ kind: 'check', ...whole }, 'reader')).status).toBe(202)
  const headers = { 'x-who': 'reader' }
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/events'],
    ['POST', '/cancel'],
  ] as const) {
    expect((await ask(base, method, `/api/v1/jobs/${job.id}${path}`, { headers })).status).toBe(404)
  }
  const listed = async (who: string): Promise<number> =>
    ((await ask(base, 'GET', '/api/v1/jobs', { headers: { 'x-who': who } })).json()['jobs'] as object[]).length
  expect([await listed('limited'), await listed('reader'), await listed('')]).toEqual([2, 1, 3])
})

test('ended jobs are told of for a while, and not more of them than there may be', async () => {
  const { base, from } = await serveTwo({ jobs: { endedMax: 3, endedMs: 60_000 } })
  await from.write('a', 'a')
  const ids: string[] = []
  for (let index = 0; index < 5; index++) {
    const { id } = await startJob(base, { kind: 'copy', ...whole })
    await ended(base, id)
    ids.push(id)
  }
  const jobs = (await ask(base, 'GET', '/api/v1/jobs')).json()['jobs'] as Job[]
  expect(jobs.map(({ id }) => id)).toEqual(ids.slice(2).toReversed())
  expect((await ask(base, 'GET', `/api/v1/jobs/${ids[0]}`)).status).toBe(404)
})
