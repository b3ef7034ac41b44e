// Trees moved between two real WebDAV servers whose connections break, over and over and in the middle of bodies.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore, type Store } from '@kit/core'
import { plan, run, type ItemResult, type Summary } from '@kit/core/transfer'
import { startFaultProxy, startRclone, tryProvide, whyMissing, type FaultProxy, type Rclone } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webdav } from '../backend-webdav/src/index.ts'

const missing = whyMissing(await tryProvide('rclone'))
if (missing !== undefined) process.stderr.write(`skipped: rclone: ${missing}\n`)

const points = 12

interface Side {
  readonly server: Rclone
  readonly proxy: FaultProxy
  readonly store: Store
}

async function startSide(): Promise<Side> {
  const server = await startRclone('webdav', { user: 'kit', password: 'kit-secret-key' })
  const proxy = await startFaultProxy({ target: server.endpoint })
  const { user, password } = server
  const spec = webdav({ url: `${proxy.endpoint}/`, user, password, layers: { retry: { base: 1, max: 20 } } })
  return { server, proxy, store: await openStore(spec) }
}

async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(folder.length + 1), await readFile(path, 'latin1'))
  }
  return files
}

describe.skipIf(missing !== undefined)('a transfer over connections that break', () => {
  let from: Side
  let to: Side
  const tree = new Map<string, string>()

  beforeAll(async () => {
    ;[from, to] = [await startSide(), await startSide()]
    for (let index = 0; index < 33; index++) {
      const size = index % 11 === 0 ? 1_500_000 : 20 + index * 300
      tree.set(`d${index % 4}/file-${index}`, String.fromCharCode(65 + index).repeat(size))
    }
    for (const [key, text] of tree) {
      await mkdir(join(from.server.folder, key, '..'), { recursive: true })
      await writeFile(join(from.server.folder, key), text)
    }
  })
  afterAll(async () => {
    for (const { store, proxy, server } of [from, to]) {
      await store.close()
      await proxy.stop()
      await server[Symbol.asyncDispose]()
    }
  })

  async function copyOnce(): Promise<{ results: ItemResult[]; summary: Summary }> {
    const ends = [{ store: from.store }, { store: to.store, key: 'copy' }] as const
    const running = run(...ends, plan(...ends, { kind: 'sync', delete: true }), { concurrency: 4 })
    const results: ItemResult[] = []
    for (;;) {
      const step = await running.next()
      if (step.done === true) return { results, summary: step.value }
      results.push(step.value)
    }
  }

  it(
    `goes on after ${points} cuts to an equal tree; every object is whole at any time, and what is verified stays`,
    { timeout: 120_000 },
    async () => {
      for (let point = 0; point < points; point++) {
        for await (const { error } of to.store.deleteMany([...tree.keys()].map((key) => `copy/${key}`))) {
          expect(error).toBeUndefined()
        }
        const broken = point % 2 === 0 ? from : to
        const direction = point % 2 === 0 ? 'down' : 'up'
        await broken.proxy.set({ limit: { direction, afterBytes: 300 + point ** 2 * 10_000, fate: 'reset', times: 8 } })
        const first = await copyOnce().catch(() => undefined)
        await broken.proxy.reset()
        for (const [key, text] of await filesOf(to.server.folder)) {
          expect(tree.get(key.slice('copy/'.length)) === text, `${key} is not whole`).toBe(true)
        }
        const again = await copyOnce()
        expect(again.summary).toMatchObject({ failed: 0 })
        const before = new Set(
          first?.results.filter(({ status }) => status === 'done').map(({ action }) => Reflect.get(action, 'to')),
        )
        for (const { action, status } of again.results) {
          if (action.action === 'copy') expect([status, before.has(action.to)]).toEqual(['done', false])
        }
        const files = await filesOf(join(to.server.folder, 'copy'))
        expect([...files.keys()].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
          [...tree.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
        )
        for (const [key, text] of files) expect(tree.get(key) === text, key).toBe(true)
      }
      // Connections are kept between calls: so many were made because so many broke.
      expect(from.proxy.connections.total + to.proxy.connections.total).toBeGreaterThan(points * 4)
    },
  )
})
