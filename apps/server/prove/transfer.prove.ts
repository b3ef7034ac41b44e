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
  if ((await server.ended) !== 0) throw new Error(`the server did not stop as it should: ${server.errors()}`)
  await rm(folder, { recursive: true, force: true })
})

/** Highest resident memory of the server since it started, in bytes. */
function peakMemory(): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Processor time of the server so far, in seconds. */
function processorTime(): number {
  const stat = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // User and system time, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** One transfer and what it cost, as a line tells it. */
async function measured(job: Job): Promise<{ readonly outcome: Outcome; readonly line: string }> {
  const before = processorTime()
  const outcome = await transfer(job)
  const rate = (job.size / 1e9 / outcome.seconds).toFixed(2)
  const cost = ((processorTime() - before) / (job.size / 1e9)).toFixed(2)
  return { outcome, line: `${job.direction} ${rate} GB/s (${cost} s of processor per GB)` }
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
    const up = await measured({ base: server.base, path, size, direction: 'up', framing })
    const down = await measured({ base: server.base, path, size, direction: 'down', framing })
    expect(up.outcome).toMatchObject({ size, sum: down.outcome.sum })
    expect(down.outcome.size).toBe(size)
    peaks.push(peakMemory())
    const peak = `${(peakMemory() / mebibyte).toFixed(0)} MiB`
    console.log(`${size / mebibyte} MiB, ${framing}: ${up.line}, ${down.line}, server peak ${peak}`)
  }
  const [small = 0, large = 0] = peaks
  expect(large).toBeLessThan(peakMax)
  expect(large - small).toBeLessThan(growthMax)
})
