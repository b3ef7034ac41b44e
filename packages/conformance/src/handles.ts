import type { CaseGroup } from './case.ts'
import { rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'

const text = new TextEncoder()

export const handles: CaseGroup = {
  name: 'handles',
  needs: ['write', 'open'],
  cases: [
    {
      title: 'reading fills from any offset, less at the end, and nothing beyond it',
      async run(scene) {
        const bytes = sampleBytes(100_000)
        await using handle = await scene.store.open(await scene.put('read', bytes), 'read')
        same([handle.entry.key, handle.entry.size], [scene.key('read'), 100_000], 'handles: the entry is the object')
        const reads = [
          [0, 10],
          [5, 70_000],
          [99_990, 10],
          [50_000, 50_000],
        ] as const
        await Promise.all(
          reads.map(async ([at, length]) => {
            const into = new Uint8Array(length)
            same(await handle.read(into, at), length, 'handles: reads fill what they are given')
            sameBytes(into, bytes.subarray(at, at + length), 'handles: reads begin at their offset')
          }),
        )
        const into = new Uint8Array(100)
        same(await handle.read(into, 99_960), 40, 'handles: fewer than asked only at the end')
        sameBytes(into.subarray(0, 40), bytes.subarray(99_960), 'handles: fewer than asked only at the end')
        same([await handle.read(into, 100_000), await handle.read(into, 200_000)], [0, 0], 'handles: 0 beyond the end')
      },
    },
    {
      title: 'a reader sees the object as it was when opened',
      async run(scene) {
        const key = await scene.put('stable', 'as it was')
        await using handle = await scene.store.open(key, 'read')
        await scene.store.write(key, 'replaced since')
        const into = new Uint8Array(9)
        await handle.read(into, 0)
        same(new TextDecoder().decode(into), 'as it was', 'handles: a reader sees the object as it was when opened')
      },
    },
    {
      title: 'what is written is unseen until published, gaps are zeroes, and truncate cuts',
      async run(scene) {
        const key = await scene.put('write', 'the old value')
        await using handle = await scene.store.open(key, 'write')
        await handle.write(text.encode('NEW'), 4)
        await handle.write(text.encode('end'), 20)
        await handle.truncate(22)
        same(await scene.text(key), 'the old value', 'handles: written bytes are unseen until published')
        const into = new Uint8Array(30)
        same(await handle.read(into, 0), 22, 'handles: the writer reads what it wrote')
        const entry = await handle.publish()
        same(entry.size, 22, 'handles: publish answers with the entry')
        same(await scene.text(key), 'the NEW value\0\0\0\0\0\0\0en', 'handles: the published bytes are those written')
      },
    },
    {
      title: 'a handle stays open after publishing',
      async run(scene) {
        const key = await scene.put('twice', '1')
        await using handle = await scene.store.open(key, 'write')
        await handle.write(text.encode('first'), 0)
        await handle.publish()
        await handle.write(text.encode('second'), 0)
        same(await scene.text(key), 'first', 'handles: written bytes are unseen until published')
        await handle.publish()
        same(await scene.text(key), 'second', 'handles: it stays open, and publishes again')
      },
    },
    {
      title: 'closing without publishing drops what was written, and twice is no error',
      async run(scene) {
        const key = await scene.put('dropped', 'kept')
        const handle = await scene.store.open(key, 'write')
        await handle.write(text.encode('lost'), 0)
        await handle.close()
        await handle.close()
        same(await scene.text(key), 'kept', 'handles: closing drops what was not published')
        same((await scene.subject.leftovers?.(scene.store)) ?? [], [], 'handles: closing leaves nothing behind')
      },
    },
    {
      title: 'an object that changed meanwhile is not overwritten',
      needs: ['strong etag', 'write.ifMatch'],
      async run(scene) {
        const key = await scene.put('changed', 'old')
        await using handle = await scene.store.open(key, 'write')
        await handle.write(text.encode('mine'), 0)
        await scene.store.write(key, 'theirs')
        await rejects(handle.publish(), 'ConditionFailed', 'handles: published with a condition on the opened etag')
        same(await scene.text(key), 'theirs', 'handles: a failed condition changes nothing')
        await handle.publish({ unconditional: true })
        same(await scene.text(key), 'mine', 'handles: `unconditional` publishes over it')
      },
    },
    {
      title: 'writing makes a missing object, reading one is NotFound',
      async run(scene) {
        await rejects(
          scene.store.open(scene.key('missing'), 'read'),
          'NotFound',
          'handles: a missing object is NotFound for read',
        )
        const handle = await scene.store.open(scene.key('made'), 'write')
        await handle.write(text.encode('made'), 0)
        await rejects(
          scene.store.stat(scene.key('made')),
          'NotFound',
          'handles: written bytes are unseen until published',
        )
        await handle.publish()
        await handle.close()
        same(await scene.text(scene.key('made')), 'made', 'handles: writing makes a missing object')
      },
    },
  ],
}
