// A server process as `npm start` makes it, with a token, and programs of others that talk to it.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy, temporaryFolder, tryProvide, whyMissing, type ProgramName } from '@kit/test-servers'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { ask } from '../ask.ts'
import { objects } from '../serve.ts'
import { spawnServer, type Spawned } from '../spawn-server.ts'

export const mebibyte = 2 ** 20
export const size = 16 * mebibyte + 12_345
const token = 'correct-horse-battery-staple'
export const authorization = `Bearer ${token}`

/** True when the tests with a program cannot run here; the reason is printed. */
export async function cannotRun(name: ProgramName): Promise<boolean> {
  const missing = whyMissing(await tryProvide(name))
  if (missing !== undefined) process.stderr.write(`skipped: ${name}: ${missing}\n`)
  return missing !== undefined
}

export interface Peering {
  /** Of the fault proxy before the server. */
  readonly base: string
  /** The object that is there, `big`, and its SHA-256. */
  readonly url: string
  readonly hash: string
  readonly proxy: Awaited<ReturnType<typeof startFaultProxy>>
  readonly server: Spawned
  /** A new empty folder for each test. */
  readonly folder: string
  /** Where the server keeps its objects. */
  readonly files: string
  /** The ranges that were asked for in this test, in order; `undefined` for a request without. */
  readonly ranges: readonly (string | undefined)[]
}

/** For all tests of a group: one server behind a fault proxy, with one object of 16 MiB. `options` gives more of its command line. */
export function peering(options: () => Promise<readonly string[]> = async () => []): () => Peering {
  let current: Peering
  let stop = async (): Promise<void> => {}
  let ranges: (string | undefined)[] = []
  beforeAll(async () => {
    const home = await temporaryFolder('peers')
    await writeFile(join(home.path, 'kit.yaml'), 'stores:\n  files: { type: fs, path: .kit/files }\n')
    const server = await spawnServer(home.path, ['--port', '0', ...(await options())], { KIT_TOKEN: token })
    if (server.base === '') throw new Error(`the server did not start: ${server.errors()}`)
    const proxy = await startFaultProxy({ target: server.base, http: true })
    stop = async () => {
      await proxy.stop()
      server.child.kill('SIGTERM')
      const code = await server.ended
      await home.remove()
      expect(code, server.errors()).toBe(0)
    }
    const body = randomBytes(size)
    const answer = await ask(server.base, 'PUT', `${objects}/big`, { body, headers: { authorization } })
    expect(answer.status, answer.text).toBe(201)
    const hash = createHash('sha256').update(body).digest('hex')
    const files = join(home.path, '.kit/files')
    current = {
      base: proxy.endpoint,
      url: `${proxy.endpoint}${objects}/big`,
      hash,
      proxy,
      server,
      folder: '',
      files,
      ranges,
    }
  })
  beforeEach(async () => {
    const folder = await temporaryFolder('peer')
    await current.proxy.reset()
    ranges = []
    const when = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): boolean => {
      ranges.push(headers['range'] as string | undefined)
      return false
    }
    // Never answers; it only looks.
    await current.proxy.set({ inject: [{ when, times: Infinity, answer: 'reset' }] })
    current = { ...current, folder: folder.path, ranges }
    return () => folder.remove()
  })
  afterAll(() => stop())
  return () => current
}

export interface Ran {
  readonly code: number
  readonly output: string
}

/** Runs a program to its end. Its exit code is for the test to judge. */
export function run(program: string, args: readonly string[], cwd: string, input?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd, maxBuffer: 64 * mebibyte }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: stdout + stderr })
    })
    child.stdin?.end(input ?? '')
  })
}

/** Starts a download, waits until some of it has arrived on the disk, and ends the program. */
export async function interrupt(
  program: string,
  args: readonly string[],
  file: string,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<void> {
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  while ((await onDisk(file)) < mebibyte) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it was interrupted`)
    await sleep(10)
  }
  child.kill(signal)
  await ended
}

/** Bytes that a file has on the disk, holes left out. */
async function onDisk(file: string): Promise<number> {
  return await stat(file).then(
    (found) => Math.min(found.size, found.blocks * 512),
    () => 0,
  )
}

export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
