// The memory of `kit`, as it is shipped: it stays flat at any size. Wants Linux, 10 GiB of disk, and a million inodes in /dev/shm.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, linkSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Cost } from './report-cost.ts'

const gibibyte = 2 ** 30
const million = 1_000_000
/** Most that a process may hold, in bytes; 150 MB is wanted. */
const limit = 250e6

const cli = join(import.meta.dirname, '..')
let kit = ''

beforeAll(async () => {
  await promisify(execFile)('pnpm', ['run', 'build'], { cwd: cli })
  const { bin }: { readonly bin: { readonly kit: string } } = JSON.parse(
    readFileSync(join(cli, 'package.json'), 'utf8'),
  )
  kit = join(cli, bin.kit)
})

async function temporaryFolder(under: string): Promise<string> {
  const folder = await mkdtemp(join(under, 'kit-prove-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface Ran {
  readonly cost: Cost
  readonly lines: number
  readonly seconds: number
}

/** Runs `kit` to its end, counts the lines that it prints, and tells what it took. */
async function run(args: readonly string[], cwd: string): Promise<Ran> {
  const preload = `--import=${join(import.meta.dirname, 'report-cost.ts')}`
  const { PATH = '' } = process.env
  const started = performance.now()
  const child = spawn(process.execPath, [preload, kit, ...args], {
    cwd,
    env: { PATH, HOME: cwd, KIT_HOME: join(cwd, '.kit') },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let lines = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
  })
  const [, , complaint, report] = child.stdio
  const [[code], said, told] = await Promise.all([once(child, 'close'), textOf(complaint), textOf(report)])
  expect(code, said).toBe(0)
  const cost: Cost = JSON.parse(told)
  return { cost, lines, seconds: (performance.now() - started) / 1000 }
}

async function textOf(stream: unknown): Promise<string> {
  return text(stream as AsyncIterable<Uint8Array>)
}

function tell(what: string, { cost, seconds }: Ran): void {
  console.log(`${what}: peak ${(cost.peakBytes / 1e6).toFixed(0)} MB, ${seconds.toFixed(1)} s`)
}

test('cp of 10 GiB', async () => {
  const folder = await temporaryFolder(tmpdir())
  for (const [name, size] of [
    ['one', 8 * gibibyte],
    ['a/two', gibibyte],
    ['b/three', gibibyte],
  ] as const) {
    mkdirSync(join(folder, 'from', name, '..'), { recursive: true })
    // Sparse: its bytes are read, but lie nowhere.
    writeFileSync(join(folder, 'from', name), '')
    truncateSync(join(folder, 'from', name), size)
  }
  const ran = await run(['cp', '-r', './from', './to'], folder)
  tell('cp -r of 10 GiB', ran)
  expect((await stat(join(folder, 'to/one'))).size).toBe(8 * gibibyte)
  // They were not skipped over, nor left to the kernel.
  console.log(
    `  read ${(ran.cost.readBytes / gibibyte).toFixed(1)} GiB, wrote ${(ran.cost.writtenBytes / gibibyte).toFixed(1)} GiB`,
  )
  expect(ran.cost.peakBytes).toBeLessThan(limit)
})

test.each([
  ['a thousand folders of a thousand', 1000],
  ['one folder', 1],
] as const)('ls of a million entries in %s', async (what, folders) => {
  const folder = await temporaryFolder('/dev/shm')
  const first = join(folder, 'first')
  closeSync(openSync(first, 'wx'))
  for (let at = 0; at < folders; at += 1) {
    const into = join(folder, 'tree', `folder-${at}`)
    mkdirSync(into, { recursive: true })
    // Names of one file: each is an entry, and takes no inode.
    for (let name = 0; name < million / folders; name += 1) linkSync(first, join(into, `name-${name}`))
  }
  for (const args of [
    ['ls', '-r'],
    ['ls', '-r', '-l'],
    ['ls', '-r', '-U'],
  ]) {
    const ran = await run([...args, './tree'], folder)
    tell(`${args.join(' ')} of a million entries in ${what}`, ran)
    expect.soft(ran.lines).toBeGreaterThanOrEqual(million)
    expect.soft(ran.cost.peakBytes, args.join(' ')).toBeLessThan(limit)
  }
})
