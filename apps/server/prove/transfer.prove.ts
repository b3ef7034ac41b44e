// 2 GiB up and down through the server, each in a process of its own: how fast, and whether memory stays flat.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { spawnServer, type Spawned } from '../test/spawn-server.ts'
import type { Job, Outcome } from './transfer-client.ts'

const mebibyte = 2 ** 20
const sizes = [256 * mebibyte, 2048 * mebibyte] as const
/** Most that the server may grow by between the small transfer and the large one. */
const growthMax = 64 * mebibyte
/** Most that it may have at all. */
const peakMax = 400 * mebibyte

let folder = ''
let server: Spawned

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-prove-'))
  server = await spawnServer(folder, ['--port', '0'])
})
afterAll(async () => {
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  await rm(folder, { recursive: true, force: true })
})

/** Highest resident memory of the server since it started, in bytes. */
function peakMemory(): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

async function transfer(job: Job): Promise<Outcome> {
  const client = fork(join(import.meta.dirname, 'transfer-client.ts'), { execArgv: ['--conditions=@kit/source'] })
  client.send(job)
  const [outcome] = (await once(client, 'message')) as [Outcome]
  client.disconnect()
  await once(client, 'exit')
  return outcome
}

test.each(['length', 'chunks'] as const)('2 GiB up with %s, and down, in flat memory', async (framing) => {
  const peaks: number[] = []
  for (const size of sizes) {
    const path = `/api/v1/stores/files/objects/${framing}`
    const up = await transfer({ base: server.base, path, size, direction: 'up', framing })
    const down = await transfer({ base: server.base, path, size, direction: 'down', framing })
    expect(up).toMatchObject({ size, sum: down.sum })
    expect(down.size).toBe(size)
    peaks.push(peakMemory())
    const rate = ({ seconds }: Outcome): string => `${(size / 1e9 / seconds).toFixed(2)} GB/s`
    const peak = `${(peakMemory() / mebibyte).toFixed(0)} MiB`
    console.log(`${size / mebibyte} MiB, ${framing}: up ${rate(up)}, down ${rate(down)}, server peak ${peak}`)
  }
  const [small = 0, large = 0] = peaks
  expect(large).toBeLessThan(peakMax)
  expect(large - small).toBeLessThan(growthMax)
})
