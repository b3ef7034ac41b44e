import { describe, expect, it } from 'vitest'
import { createClient, type JobEvent, type JobRequest } from '../src/index.ts'
import { served } from './served.ts'

const copy: JobRequest = { kind: 'copy', from: { store: 'files', key: '' }, to: { store: 'backup', key: '' } }

describe('jobs', () => {
  it('are begun, waited for and done', async () => {
    const { url, files, backup } = await served()
    const { jobs } = createClient({ url })
    for (let index = 0; index < 20; index++) await files.write(`a/${index}`, 'x')
    const { id } = await jobs.create(copy)
    const seen: number[] = []
    const job = await jobs.wait(id, { onProgress: ({ items }) => seen.push(items.done) })
    expect(job).toMatchObject({ id, state: 'done', kind: 'copy' })
    expect((await backup.stat('a/19')).size).toBe(1)
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    expect((await jobs.list()).map((one) => one.id)).toEqual([id])
    await expect(jobs.wait(id)).resolves.toMatchObject({ state: 'done' })
  })

  it('that fail reject with their error', async () => {
    const { url } = await served()
    const { jobs } = createClient({ url })
    const { id } = await jobs.create({ ...copy, from: { store: 'files', key: 'none' } })
    await expect(jobs.wait(id)).rejects.toMatchObject({ code: 'NotFound' })
    await expect(jobs.get('no-such-job')).rejects.toMatchObject({ code: 'NotFound', status: 404 })
  })

  it('tell what happens, each thing once, over connections that break', async () => {
    const { url, files, breakConnections } = await served()
    const { jobs } = createClient({ url })
    for (let index = 0; index < 50; index++) await files.write(`a/${index}`, 'x')
    const { id } = await jobs.create(copy)
    const events: JobEvent[] = []
    for await (const event of jobs.events(id)) {
      events.push(event)
      if (events.length % 7 === 3) breakConnections()
    }
    // How far it is may be told again; what happened has a number each.
    const happened = events.filter(({ event }) => event !== 'progress')
    const ids = happened.map((event) => Number(event.id))
    expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other))
    expect(events.filter(({ event }) => event === 'item')).toHaveLength(50)
    expect(events.at(-1)).toMatchObject({ event: 'state', data: { job: { state: 'done' } } })
    const [, , third] = happened
    const later = await Array.fromAsync(jobs.events(id, { after: third?.id }))
    const again = later.filter(({ event }) => event !== 'progress')
    expect(again.map((event) => event.id)).toEqual(happened.slice(3).map((event) => event.id))
    await expect(Array.fromAsync(jobs.events(id, { after: happened.at(-1)?.id }))).resolves.toEqual([])
  })

  it('can be cancelled, and listening can be', async () => {
    const { url, files } = await served()
    const { jobs } = createClient({ url })
    for (let index = 0; index < 200; index++) await files.write(`a/${index}`, new Uint8Array(10_000))
    const { id } = await jobs.create(copy)
    const controller = new AbortController()
    controller.abort()
    await expect(jobs.wait(id, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
    await jobs.cancel(id)
    const outcome = await jobs.wait(id).then(
      ({ state }) => state,
      (error: { code: string }) => error.code,
    )
    expect(['Aborted', 'done']).toContain(outcome)
  })
})
