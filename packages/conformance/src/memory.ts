import type { Bytes } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { holds, same } from './expect.ts'
import { sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

const mebibyte = 2 ** 20
const maxGrowth = 64 * mebibyte

/** Runs the work and fails when the process grew by more than 64 MiB at any time. */
async function flat(what: string, work: (look: () => void) => Promise<void>): Promise<void> {
  const before = process.memoryUsage.rss()
  let most = before
  await work(() => {
    most = Math.max(most, process.memoryUsage.rss())
  })
  const growth = most - before
  holds(growth <= maxGrowth, `streams: memory stays flat during ${what}`, `at most ${maxGrowth} bytes more`, growth)
}

async function* generated(total: number): AsyncGenerator<Bytes> {
  const piece = sampleBytes(256 * 1024)
  for (let at = 0; at < total; at += piece.byteLength) yield piece.slice(0, Math.min(piece.byteLength, total - at))
}

async function plantMany(scene: Scene, count: number): Promise<void> {
  for (let at = 0; at < count; at += 100) {
    const names = Array.from(
      { length: Math.min(100, count - at) },
      (_, index) => `d${Math.floor((at + index) / 500)}/n${at + index}`,
    )
    await Promise.all(names.map((name) => scene.put(name, '')))
  }
}

export const memory: CaseGroup = {
  name: 'memory',
  needs: ['write', 'subject.outOfProcess'],
  cases: [
    {
      title: 'a long body is written and read in flat memory, by a slow reader too (B-IPFS-7)',
      async run(scene) {
        const total = (scene.full ? 1024 : 128) * mebibyte
        const key = scene.key('long')
        await flat('a long write', async (look) => {
          await scene.store.write(key, generated(total), { size: total, onProgress: look })
        })
        await flat('a long read', async (look) => {
          let length = 0
          for await (const chunk of await scene.store.read(key)) {
            if (length === 0) await new Promise((resolve) => setTimeout(resolve, 300))
            length += chunk.byteLength
            look()
          }
          same(length, total, 'reads: the chunks are the object')
        })
      },
    },
    {
      title: 'a long listing is pulled in flat memory',
      needs: ['list'],
      async run(scene) {
        const count = scene.full ? 100_000 : 2000
        await plantMany(scene, count)
        await flat('a long listing', async (look) => {
          let found = 0
          for await (const entry of scene.store.list(scene.directory, { recursive: true })) {
            if (entry.kind === 'file') found++
            if (found % 100 === 0) look()
          }
          same(found, count, 'lists: nothing is missing and nothing comes twice')
        })
      },
    },
  ],
}
