import type { Body } from '@kit/core'
import type { CaseGroup, Definition } from './case.ts'
import { rejects, same, sameBytes } from './expect.ts'
import { inChunks, sampleBytes } from './samples.ts'

const large = 3 * 2 ** 20
const weak = 'W/"a-weak-one"'

/** Small bytes at once, and a stream that is large enough for every chunked path. */
const bodies: readonly { readonly what: string; readonly bytes: Uint8Array<ArrayBuffer>; make(): Body }[] = [
  { what: 'small bytes', bytes: sampleBytes(20, 2), make: () => sampleBytes(20, 2) },
  { what: 'a stream of 3 MiB', bytes: sampleBytes(large, 3), make: () => inChunks(sampleBytes(large, 3)) },
]

const writes: readonly Definition[] = bodies.flatMap(({ what, bytes, make }): Definition[] => [
  {
    title: `ifAbsent makes what is not there and leaves what is (${what})`,
    needs: ['write.ifAbsent'],
    async run(scene) {
      const key = scene.key('absent')
      await scene.store.write(key, make(), { ifAbsent: true })
      sameBytes(await scene.get(key), bytes, 'conditions: ifAbsent on a missing object writes')
      await scene.store.write(key, 'now there')
      const refused = scene.store.write(key, make(), { ifAbsent: true })
      await rejects(refused, 'AlreadyExists', `conditions: a failed ifAbsent is AlreadyExists (${what})`)
      same(await scene.text(key), 'now there', 'conditions: a failed condition changes nothing')
    },
  },
  {
    title: `ifMatch replaces only the state that it names (${what})`,
    needs: ['write.ifMatch', 'strong etag'],
    async run(scene) {
      const key = scene.key('match')
      const first = await scene.store.write(key, 'first')
      const second = await scene.store.write(key, make(), { ifMatch: first.etag })
      sameBytes(await scene.get(key), bytes, 'conditions: ifMatch of the present etag writes')
      const stale = scene.store.write(key, 'third', { ifMatch: first.etag })
      await rejects(stale, 'ConditionFailed', 'conditions: ifMatch of an old etag is ConditionFailed')
      await scene.store.write(key, 'fourth', { ifMatch: second.etag })
      const streamed = scene.store.write(key, make(), { ifMatch: second.etag })
      await rejects(streamed, 'ConditionFailed', `conditions: a failed ifMatch is ConditionFailed (${what})`)
      same(await scene.text(key), 'fourth', 'conditions: a failed condition changes nothing')
    },
  },
  {
    title: `ifMatch of a missing object fails and makes none (${what})`,
    needs: ['write.ifMatch', 'strong etag'],
    async run(scene) {
      const { etag } = await scene.store.write(scene.key('other'), 'x')
      const write = scene.store.write(scene.key('missing'), make(), { ifMatch: etag })
      await rejects(write, 'ConditionFailed', 'conditions: a missing object fails ifMatch')
      await rejects(
        scene.store.stat(scene.key('missing')),
        'NotFound',
        'conditions: a failed condition changes nothing',
      )
    },
  },
])

export const conditions: CaseGroup = {
  name: 'conditions',
  needs: ['write'],
  cases: [
    ...writes,
    {
      title: 'a weak etag is never enough for a write',
      needs: ['write.ifMatch'],
      async run(scene) {
        const key = await scene.put('weak', 'old')
        for (const { make } of bodies) {
          const write = scene.store.write(key, make(), { ifMatch: weak })
          await rejects(write, 'ConditionFailed', 'conditions: they need a strong etag')
        }
        same(await scene.text(key), 'old', 'conditions: a failed condition changes nothing')
      },
    },
    {
      title: 'stat and read with ifMatch serve only the state that it names',
      needs: ['read.ifMatch', 'strong etag'],
      async run(scene) {
        for (const [name, length] of [
          ['small', 100],
          ['large', large],
        ] as const) {
          const key = scene.key(name)
          const old = await scene.store.write(key, sampleBytes(length, 1))
          const bytes = sampleBytes(length, 2)
          const { etag } = await scene.store.write(key, bytes)
          for (const range of [undefined, { from: 10, to: 20 }]) {
            const reading = await scene.store.read(key, { ifMatch: etag, range })
            const expected = bytes.subarray(range?.from ?? 0, range?.to ?? length)
            sameBytes(await reading.bytes(), expected, 'conditions: ifMatch of the present etag reads')
            const stale = scene.store.read(key, { ifMatch: old.etag, range })
            await rejects(stale, 'ConditionFailed', 'conditions: a read with a failed ifMatch is ConditionFailed')
          }
          same((await scene.store.stat(key, { ifMatch: etag })).etag, etag, 'conditions: stat with ifMatch')
          const stale = scene.store.stat(key, { ifMatch: old.etag })
          await rejects(stale, 'ConditionFailed', 'conditions: stat with a failed ifMatch is ConditionFailed')
        }
      },
    },
    {
      title: 'stat and read with ifNoneMatch are NotModified while nothing changed',
      needs: ['read.ifNoneMatch', 'etag'],
      async run(scene) {
        const key = scene.key('none-match')
        const { etag } = await scene.store.stat(await scene.put('none-match', 'first, short'))
        for (const range of [undefined, { from: 1, to: 3 }]) {
          const read = scene.store.read(key, { ifNoneMatch: etag, range })
          await rejects(read, 'NotModified', 'conditions: a failed ifNoneMatch is NotModified')
        }
        const stat = scene.store.stat(key, { ifNoneMatch: etag })
        await rejects(stat, 'NotModified', 'conditions: stat with a failed ifNoneMatch is NotModified')
        await scene.store.write(key, 'second, and longer')
        const reading = await scene.store.read(key, { ifNoneMatch: etag })
        same(await reading.text(), 'second, and longer', 'conditions: ifNoneMatch of an old etag reads')
        const missing = scene.store.read(scene.key('missing'), { ifNoneMatch: etag })
        await rejects(missing, 'NotFound', 'conditions: a missing object is NotFound, not NotModified')
      },
    },
    {
      title: 'delete with ifMatch removes only the state that it names',
      needs: ['delete', 'delete.ifMatch', 'strong etag'],
      async run(scene) {
        const key = scene.key('delete')
        const old = await scene.store.write(key, 'old')
        const present = await scene.store.write(key, 'present')
        const stale = scene.store.delete(key, { ifMatch: old.etag })
        await rejects(stale, 'ConditionFailed', 'conditions: delete of another state is ConditionFailed')
        await rejects(
          scene.store.delete(key, { ifMatch: weak }),
          'ConditionFailed',
          'conditions: they need a strong etag',
        )
        same(await scene.text(key), 'present', 'conditions: a failed condition changes nothing')
        await scene.store.delete(key, { ifMatch: present.etag })
        await rejects(scene.store.stat(key), 'NotFound', 'conditions: delete of the present state deletes')
        const absent = scene.store.delete(key, { ifMatch: present.etag })
        await rejects(absent, 'ConditionFailed', 'conditions: a missing object fails ifMatch')
      },
    },
    {
      title: 'copy with ifAbsent, ifMatch and fromEtag changes only what they name',
      needs: ['copy', 'copy conditions', 'strong etag'],
      async run(scene) {
        const [from, to] = [scene.key('from'), scene.key('to')]
        const old = await scene.store.write(from, 'old source')
        const source = await scene.store.write(from, 'source')
        const stale = scene.store.copy(from, to, { fromEtag: old.etag })
        await rejects(stale, 'ConditionFailed', 'conditions: fromEtag pins the source of a copy')
        await rejects(scene.store.stat(to), 'NotFound', 'conditions: a failed condition changes nothing')
        await scene.store.copy(from, to, { fromEtag: source.etag, ifAbsent: true })
        const again = scene.store.copy(from, to, { ifAbsent: true })
        await rejects(again, 'AlreadyExists', 'conditions: a copy with a failed ifAbsent is AlreadyExists')
        const target = await scene.store.write(to, 'target')
        const wrong = scene.store.copy(from, to, { ifMatch: source.etag })
        await rejects(wrong, 'ConditionFailed', 'conditions: a copy with a failed ifMatch is ConditionFailed')
        same(await scene.text(to), 'target', 'conditions: a failed condition changes nothing')
        await scene.store.copy(from, to, { ifMatch: target.etag })
        same(await scene.text(to), 'source', 'conditions: a copy whose conditions hold is made')
      },
    },
    {
      title: 'move with ifAbsent and ifMatch changes only what they name',
      needs: ['move', 'move conditions', 'strong etag'],
      async run(scene) {
        const [from, to] = [scene.key('from'), scene.key('to')]
        const source = await scene.store.write(from, 'source')
        const target = await scene.store.write(to, 'target')
        const occupied = scene.store.move(from, to, { ifAbsent: true })
        await rejects(occupied, 'AlreadyExists', 'conditions: a move with a failed ifAbsent is AlreadyExists')
        const wrong = scene.store.move(from, to, { ifMatch: source.etag })
        await rejects(wrong, 'ConditionFailed', 'conditions: a move with a failed ifMatch is ConditionFailed')
        same(
          [await scene.text(from), await scene.text(to)],
          ['source', 'target'],
          'conditions: a failed one changes nothing',
        )
        await scene.store.move(from, to, { ifMatch: target.etag })
        same(await scene.text(to), 'source', 'conditions: a move whose conditions hold is made')
        await rejects(scene.store.stat(from), 'NotFound', 'moves: the old name is gone')
        await scene.store.move(to, scene.key('new'), { ifAbsent: true })
        same(await scene.text(scene.key('new')), 'source', 'conditions: a move whose conditions hold is made')
      },
    },
  ],
}
