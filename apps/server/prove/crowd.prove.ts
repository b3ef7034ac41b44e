// Many clients at once: what the server holds for 200 downloads, and whether 500 that break off leave anything behind.
import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask } from '../test/ask.ts'
import { filesIn } from '../test/serve.ts'
import { spawnServer, type Spawned } from '../test/spawn-server.ts'
import type { Crowd } from './crowd-client.ts'

const mebibyte = 2 ** 20
const big = 64 * mebibyte
const objects = '/api/v1/stores/files/objects'
/** Most that the server may hold while 200 clients download, as a floor and as an aim. */
const peakMax = 250 * mebibyte
const peakAim = 150 * mebibyte

let folder = ''
let server: Spawned
let port = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-crowd-'))
  // Put there past the server, whose memory is looked at from its start.
  await mkdir(join(folder, '.kit/files'), { recursive: true })
  await writeFile(join(folder, '.kit/files/big'), Buffer.alloc(big, 7))
  await writeFile(join(folder, 'kit.yaml'), 'stores:\n  files: { type: fs, path: .kit/files }\n')
  server = await spawnServer(folder, ['--port', '0'])
  await ask(server.base, 'GET', `${objects}/big`, { headers: { range: 'bytes=0-9' } })
  port = Number(new URL(server.base).port)
})
afterAll(async () => {
  server.child.kill('SIGTERM')
  if ((await server.ended) !== 0) throw new Error(`the server did not stop as it should: ${server.errors()}`)
  await rm(folder, { recursive: true, force: true })
})

function memory(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`
}

/** Open files and connections of the server, by kind and count; what it holds from the start, too. */
function held(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fd of readdirSync(`/proc/${server.child.pid}/fd`)) {
    let target = ''
    try {
      target = readlinkSync(`/proc/${server.child.pid}/fd/${fd}`)
    } catch {
      continue
    }
    const kind = target.startsWith('socket:') ? 'socket' : target
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** A connection that has asked for the large object and takes none of it. */
async function stalled(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(`GET ${objects}/big HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  socket.pause()
  return socket
}

test('200 downloads at once, of clients that take and of clients that do not, in little memory', async () => {
  const idle = memory('VmRSS')
  const sockets = await Promise.all(Array.from({ length: 200 }, stalled))
  await sleep(3_000)
  const waiting = memory('VmRSS')
  for (const socket of sockets) socket.destroy()
  const client = fork(join(import.meta.dirname, 'crowd-client.ts'), { execArgv: ['--conditions=@kit/source'] })
  const crowd: Crowd = { port, path: `${objects}/big`, size: big, clients: 200 }
  client.send(crowd)
  const [bytes] = (await once(client, 'message')) as [number]
  client.disconnect()
  const peak = memory('VmHWM')
  console.log(
    `idle ${inMebibytes(idle)}, 200 that take nothing ${inMebibytes(waiting)}, peak over 200 that take 64 MiB each ${inMebibytes(peak)} (aim ${inMebibytes(peakAim)})`,
  )
  expect(bytes).toBe(200 * big)
  expect(peak).toBeLessThan(peakMax)
})

test('500 clients that break off anywhere leave no handle, no lock and no temporary file', async () => {
  // The store opens the folders of its temporaries with the first upload, and keeps them open.
  expect((await fetch(`${server.base}${objects}/first`, { method: 'PUT', body: 'x'.repeat(mebibyte) })).status).toBe(
    201,
  )
  await ask(server.base, 'GET', '/health')
  await vi.waitFor(() => expect(held()['socket'] ?? 0).toBeLessThan(20), 10_000)
  const before = held()
  const files = await filesIn(folder)
  const one = async (index: number): Promise<void> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const put = index % 2 === 0
    const length = 4 * mebibyte
    const head = put
      ? `PUT ${objects}/up${index % 7} HTTP/1.1\r\nHost: localhost\r\n${index % 4 === 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`
      : `GET ${objects}/big HTTP/1.1\r\nHost: localhost\r\n\r\n`
    if (index % 5 === 0) socket.write(head.slice(0, randomInt(head.length)))
    else {
      socket.write(head)
      // Never all of it: none of these uploads is whole.
      if (put) socket.write(Buffer.alloc(randomInt(length - 1)))
    }
    if (index % 3 === 0) socket.resume()
    await sleep(randomInt(1_500))
    if (index % 2 === 0) socket.destroy()
    else socket.resetAndDestroy()
  }
  await Promise.all(Array.from({ length: 500 }, (_, index) => one(index)))
  // A connection of the proof itself may have been closing when it was counted before.
  await vi.waitFor(
    () => {
      const { socket = 0, ...rest } = held()
      const { socket: most = 0, ...others } = before
      expect(rest).toEqual(others)
      expect(socket).toBeLessThanOrEqual(most)
    },
    { timeout: 30_000, interval: 500 },
  )
  expect(await filesIn(folder)).toEqual(files)
  expect((await ask(server.base, 'GET', `${objects}/big`)).body).toHaveLength(big)
  console.log(`after 500 that broke off: ${JSON.stringify(held())}`)
})
