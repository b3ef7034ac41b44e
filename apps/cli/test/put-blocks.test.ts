import { cidOf, pathsStore } from '@kit/content'
import { content } from '@kit/backend-content'
import { memory } from '@kit/backend-memory'
import { openStore, storageError, type Store } from '@kit/core'
import { temporaryFolder } from '@kit/test-servers'
import { describe, expect, test } from 'vitest'
import { putBlocks } from '../src/content/put-blocks.ts'

const bodies = Array.from({ length: 40 }, (_, at) => new Uint8Array(600_000).fill(at))
const cids = bodies.map((bytes) => cidOf('raw', bytes))
const call = { signal: new AbortController().signal }

/** One store that takes many blocks in one call, and one that takes them one by one. */
const stores: readonly (readonly [title: string, open: (folder: string) => Promise<Store>])[] = [
  ['a store that takes them in one call', (path) => openStore(content({ path }))],
  ['a store that takes them one by one', () => openStore(pathsStore({ over: memory({}) }))],
]

describe.each(stores)('%s', (_title, open) => {
  test('has all blocks when the work is done, though their buffer is used again and again', async () => {
    await using folder = await temporaryFolder('put-blocks')
    await using store = await open(folder.path)
    const buffer = new Uint8Array(600_000)
    const result = await putBlocks(store, call, async (writer) => {
      for (const [at, cid] of cids.entries()) {
        buffer.set(bodies[at] ?? [])
        await writer.put(cid, buffer, call)
      }
      return 'made'
    })
    expect(result).toBe('made')
    for (const cid of cids) expect(await store.blocks.has(cid)).toBe(true)
  })

  test('a block that it refuses ends the work', async () => {
    await using folder = await temporaryFolder('put-blocks')
    await using store = await open(folder.path)
    const work = putBlocks(store, call, async (writer) => {
      for (;;) await writer.put(cids[0] ?? '', new Uint8Array([1]), call)
    })
    await expect(work).rejects.toMatchObject({ code: 'Corrupt' })
  })

  test('work that fails is told as it failed, and waits for nobody', async () => {
    await using folder = await temporaryFolder('put-blocks')
    await using store = await open(folder.path)
    const failure = storageError('Conflict', 'the source changed')
    const work = putBlocks(store, call, async (writer) => {
      await writer.put(cids[0] ?? '', bodies[0] ?? new Uint8Array(), call)
      throw failure
    })
    await expect(work).rejects.toBe(failure)
  })
})
