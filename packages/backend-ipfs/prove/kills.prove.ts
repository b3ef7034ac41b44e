// A daemon that is killed again and again while files are written: what was acknowledged is whole, and nothing else has a name.
import { openStore } from '@kit/core'
import { startKubo } from '@kit/test-servers'
import { expect, test } from 'vitest'
import { plugin } from '../src/index.ts'

const kills = 25
const writers = 4

test(`${kills} kills lose no acknowledged file and leave no part of another`, async () => {
  let node = await startKubo()
  const started = [node]
  const acknowledged = new Map<string, number>()
  const begun = new Map<string, number>()
  let count = 0
  try {
    for (let round = 0; round < kills; round++) {
      await using store = await openStore(plugin({ url: node.api, layers: { retry: false } }))
      const writing = Array.from({ length: writers }, async (_, writer) => {
        for (;;) {
          const [key, size] = [`${writer}/${count++}`, 1000 + ((count * 7919) % 400_000)]
          begun.set(key, size)
          await store.write(key, new Uint8Array(size).fill(size % 251))
          acknowledged.set(key, size)
        }
      })
      const ended = Promise.allSettled(writing)
      await new Promise((resolve) => setTimeout(resolve, 20 + ((round * 37) % 150)))
      await node.kill()
      await ended
      node = await startKubo({ successorOf: node })
      started.push(node)
    }
    await using store = await openStore(plugin({ url: node.api }))
    const found = new Map<string, number>()
    for await (const { kind, key, size = -1 } of store.list('', { recursive: true })) {
      if (kind === 'file') found.set(key, size)
    }
    for (const [key, size] of acknowledged) expect([key, found.get(key)]).toEqual([key, size])
    for (const [key, size] of found) {
      expect([key, begun.get(key)]).toEqual([key, size])
      const bytes = await (await store.read(key)).bytes()
      expect(bytes.every((byte) => byte === size % 251)).toBe(true)
    }
    console.log(`${kills} kills, ${acknowledged.size} acknowledged files, ${found.size} found, all whole`)
  } finally {
    for (const each of started) await each.stop()
  }
}, 300_000)
