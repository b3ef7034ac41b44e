import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plugin as memory } from '@kit/backend-memory'
import { definePlugin, type AnyPlugin, type Backend } from '@kit/core'
import { readArguments, startServer, type RunningServer } from '@kit/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { askJson } from './ask.ts'
import { data, events, whole } from './job-client.ts'

/** A store in memory with one object, whose reads wait until they are cancelled; `reads` counts those that do. */
function waitingPlugin(): { readonly plugin: AnyPlugin; reads(): number } {
  let reads = 0
  const plugin = definePlugin({
    contract: 0,
    type: 'waiting',
    options: {},
    capabilities: memory.capabilities,
    async open(_options, environment) {
      const backend = await memory.open({ maxBytes: undefined }, environment)
      const read: Backend['read'] = ({ signal }) =>
        new Promise((_resolve, reject) => {
          reads++
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      return new Proxy(backend, {
        get: (target, name) => (name === 'read' ? read : (Reflect.get(target, name, target) as unknown)),
      })
    },
  })
  return { plugin, reads: () => reads }
}

/** A server whose job reads and does not end by itself, and what its stream of events tells. */
async function withRunningJob(grace: string): Promise<{ server: RunningServer; last: Promise<unknown> }> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-grace-'))
  const config = join(folder, 'kit.yaml')
  await writeFile(config, 'stores: { from: { type: waiting }, to: { type: memory } }\n')
  const { plugin, reads } = waitingPlugin()
  const settings = readArguments(['--port', '0', '--config', config, '--grace', grace], {})
  const server = await startServer(settings, { builtIn: [memory, plugin] })
  onTestFinished(async () => {
    server.abort()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
  const put = await fetch(`${server.url}/api/v1/stores/from/objects/a`, { method: 'PUT', body: 'a' })
  expect(put.status).toBe(201)
  const started = await askJson(server.url, 'POST', '/api/v1/jobs', { kind: 'copy', ...whole })
  expect(started.status).toBe(202)
  const id = String(Reflect.get(Object(started.json()['job']), 'id'))
  let began = false
  const seen = events(server.url, id, { enough: () => ((began = true), false) })
  await vi.waitFor(() => expect([reads(), began]).toEqual([1, true]))
  const last = seen.then((all) => {
    const event = all?.at(-1)
    return event === undefined ? undefined : data(event)['job']
  })
  return { server, last }
}

test('jobs have the time of --grace when the server stops, and are cancelled then', async () => {
  const { server, last } = await withRunningJob('200ms')
  const stopped = server.close()
  expect(await last).toMatchObject({
    state: 'cancelled',
    error: { message: expect.stringContaining('was not done in time') },
  })
  await stopped
})

test('whoever does not want to wait for a job need not: a long grace ends at once', async () => {
  const { server, last } = await withRunningJob('1h')
  const stopped = server.close()
  server.abort()
  await expect(stopped).resolves.toBeUndefined()
  // Its stream breaks with the other connections.
  await last.catch(() => undefined)
})
