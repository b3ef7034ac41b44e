// 2 GiB up and down and a long listing through a server, three processes in all: how fast, and whether memory stays flat.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServerProcess, type ServerProcess } from '../test/server-process.ts'
import type { Outcome, Work } from './transfer-process.ts'

const mebibyte = 2 ** 20
/** Most that the program may grow by between the small work and the large one. */
const growthMax = 64 * mebibyte

let folder = ''
let server: ServerProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-prove-'))
  server = await startServerProcess(folder)
})
afterAll(async () => {
  await server.stop('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

async function done(work: Omit<Work, 'url'>): Promise<Outcome> {
  const program = fork(join(import.meta.dirname, 'transfer-process.ts'), { execArgv: ['--conditions=@kit/source'] })
  program.send({ ...work, url: server.url })
  const [outcome] = (await once(program, 'message')) as [Outcome]
  program.disconnect()
  await once(program, 'exit')
  expect(outcome.size).toBe(work.size)
  return outcome
}

function told(name: string, { seconds, peak, processor }: Outcome, size: number): void {
  const rate = (size / 1e9 / seconds).toFixed(2)
  const cost = (processor / (size / 1e9)).toFixed(2)
  console.log(`${name}: ${rate} GB/s, ${cost} s of processor per GB, peak ${(peak / mebibyte).toFixed(0)} MiB`)
}

test.each(['up', 'down'] as const)('2 GiB %s in flat memory', async (kind) => {
  const [small, large] = [256 * mebibyte, 2048 * mebibyte]
  const peaks: number[] = []
  for (const size of [small, large]) {
    if (kind === 'down') await done({ kind: 'up', key: `${size}`, size })
    const outcome = await done({ kind, key: `${size}`, size })
    told(`${size / mebibyte} MiB ${kind}`, outcome, size)
    peaks.push(outcome.peak)
  }
  expect((peaks[1] ?? 0) - (peaks[0] ?? 0)).toBeLessThan(growthMax)
})

test('100,000 entries listed in flat memory', async () => {
  const peaks: number[] = []
  for (const size of [5_000, 100_000]) {
    const directory = join(folder, '.kit/files', `many-${size}`)
    await mkdir(directory, { recursive: true })
    for (let index = 0; index < size; index++) await writeFile(join(directory, `entry-${index}`), '')
    const outcome = await done({ kind: 'list', key: `many-${size}`, size })
    console.log(
      `${size} entries: ${(size / outcome.seconds).toFixed(0)}/s, peak ${(outcome.peak / mebibyte).toFixed(0)} MiB`,
    )
    peaks.push(outcome.peak)
  }
  expect((peaks[1] ?? 0) - (peaks[0] ?? 0)).toBeLessThan(growthMax)
})
