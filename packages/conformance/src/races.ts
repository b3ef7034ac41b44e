import { errorCode, type Store } from '@kit/core'
import type { CaseGroup, Definition } from './case.ts'
import { holds, same, sameBytes } from './expect.ts'
import { inChunks, sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

/** Stores for racers: two instances where they share objects, so that no lock of one instance decides. */
async function racers(scene: Scene, count: number): Promise<Store[]> {
  const stores = scene.subject.shared === true ? [scene.store, await scene.another()] : [scene.store]
  return Array.from({ length: count }, (_, index) => stores[index % stores.length] ?? scene.store)
}

const createOnly = [
  { what: 'bytes', count: 50, body: (index: number) => `racer ${index}` },
  { what: 'streams', count: 12, body: (index: number) => inChunks(sampleBytes(700_000, index + 1)) },
].map(({ what, count, body }): Definition => ({
  title: `of ${count} racers that create one object from ${what} one wins (R6)`,
  needs: ['write.ifAbsent'],
  async run(scene) {
    const key = scene.key('race')
    const stores = await racers(scene, count)
    const results = await Promise.allSettled(
      stores.map((store, index) => store.write(key, body(index), { ifAbsent: true })),
    )
    const winners = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    same(winners.length, 1, 'conditions: of create-only racers exactly one wins')
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      const code = errorCode(result.reason)
      holds(
        code === 'AlreadyExists' || code === 'Conflict',
        'conditions: losers get AlreadyExists',
        'AlreadyExists',
        result.reason,
      )
    }
    const winner = winners[0] ?? 0
    const wrote = body(winner)
    const expected = typeof wrote === 'string' ? new TextEncoder().encode(wrote) : sampleBytes(700_000, winner + 1)
    sameBytes(await scene.get(key), expected, "conditions: what is there is the winner's")
  },
}))

export const races: CaseGroup = {
  name: 'races',
  needs: ['write'],
  cases: [
    ...createOnly,
    {
      title: 'racers that compare and swap lose no update (R6)',
      needs: ['write.ifMatch', 'strong etag', 'consistent.read'],
      async run(scene) {
        const count = scene.full ? 50 : 20
        const key = await scene.put('counter', '0')
        const increment = async (store: Store): Promise<void> => {
          for (;;) {
            const reading = await store.read(key)
            const value = Number(await reading.text())
            try {
              await store.write(key, `${value + 1}`, { ifMatch: reading.entry.etag })
              return
            } catch (error) {
              const code = errorCode(error)
              holds(
                code === 'ConditionFailed' || code === 'Conflict',
                'conditions: losers get ConditionFailed',
                'that',
                error,
              )
            }
          }
        }
        await Promise.all((await racers(scene, count)).map(increment))
        same(Number(await scene.text(key)), count, 'conditions: racers that compare and swap lose no update')
      },
    },
    {
      title: 'racers that delete one state: one wins',
      needs: ['delete', 'delete.ifMatch', 'strong etag'],
      async run(scene) {
        const { etag } = await scene.store.write(scene.key('once'), 'x')
        const stores = await racers(scene, 10)
        const results = await Promise.allSettled(
          stores.map((store) => store.delete(scene.key('once'), { ifMatch: etag })),
        )
        const won = results.filter(({ status }) => status === 'fulfilled').length
        same(won, 1, 'conditions: of racers that delete one state exactly one wins')
      },
    },
    {
      title: 'writers at once leave the whole of one of them',
      needs: ['write.atomic'],
      async run(scene) {
        const key = scene.key('last')
        const bodies = Array.from({ length: 8 }, (_, index) => sampleBytes(300_000 + index * 1000, index + 1))
        for (let round = 0; round < 3; round++) {
          await Promise.all(
            bodies.map((bytes, index) => scene.store.write(key, index % 2 === 0 ? bytes.slice() : inChunks(bytes))),
          )
          const found = await scene.get(key)
          const whole = bodies.some((bytes) => Buffer.compare(bytes, found) === 0)
          holds(
            whole,
            'writes: the whole of one writer or of another',
            'one of the bodies',
            `${found.byteLength} bytes of several`,
          )
        }
      },
    },
    {
      title: 'a hundred calls in parallel do not disturb each other (C1)',
      async run(scene) {
        const work = Array.from({ length: 100 }, async (_, index) => {
          const key = scene.key(`parallel/${index % 7}/${index}`)
          const bytes = sampleBytes(index * 331, index + 1)
          await scene.store.write(key, index % 3 === 0 ? inChunks(bytes, 1000) : bytes)
          sameBytes(await scene.get(key), bytes, 'concurrency: calls in parallel do not disturb each other')
          same((await scene.store.stat(key)).size, bytes.byteLength, 'concurrency: calls in parallel')
          if (index % 2 === 0 && scene.capabilities.ops.delete !== undefined) await scene.store.delete(key)
        })
        await Promise.all(work)
        const { ops } = scene.capabilities
        if (ops.list === undefined || ops.delete === undefined) return
        const left = (await scene.names()).filter((name) => !name.endsWith('/'))
        same(left.length, 50, 'concurrency: every call had its effect')
      },
    },
  ],
}
