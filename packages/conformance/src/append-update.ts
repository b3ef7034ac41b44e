import type { CaseGroup } from './case.ts'
import { holds, rejection, rejects, same, sameBytes } from './expect.ts'
import { failing, inChunks, sampleBytes } from './samples.ts'

export const append: CaseGroup = {
  name: 'append',
  needs: ['append'],
  cases: [
    {
      title: 'adds to the end and makes a missing object',
      async run(scene) {
        const key = scene.key('log/of/today')
        await scene.store.append(key, 'one ')
        const entry = await scene.store.append(key, inChunks(new TextEncoder().encode('two ')))
        await scene.store.append(key, '')
        same(entry.size, 8, 'appends: the answer is the entry of the longer object')
        same(await scene.text(key), 'one two ', 'appends: bytes are added to the end')
      },
    },
    {
      title: 'adds several MiB to an object of several MiB',
      async run(scene) {
        const [first, second] = [sampleBytes(2 * 2 ** 20, 1), sampleBytes(2 * 2 ** 20 + 5, 2)]
        const key = scene.key('large')
        await scene.store.append(key, first)
        await scene.store.append(key, inChunks(second))
        sameBytes(
          await scene.get(key),
          new Uint8Array(Buffer.concat([first, second])),
          'appends: bytes are added to the end',
        )
      },
    },
    {
      title: '`at` adds only to an object of that length',
      async run(scene) {
        const key = scene.key('at')
        await rejects(scene.store.append(key, 'x', { at: 5 }), 'ConditionFailed', 'appends: `at` beyond the end fails')
        await rejects(scene.store.stat(key), 'NotFound', 'appends: a failed one makes nothing')
        await scene.store.append(key, 'one', { at: 0 })
        await scene.store.append(key, 'two', { at: 3 })
        for (const at of [0, 3, 7]) {
          await rejects(
            scene.store.append(key, 'no', { at }),
            'ConditionFailed',
            'appends: another length is ConditionFailed',
          )
        }
        same(await scene.text(key), 'onetwo', 'appends: a failed condition changes nothing')
      },
    },
    {
      title: 'racers that append at one length: one wins each round',
      async run(scene) {
        const key = scene.key('racers')
        await scene.store.append(key, 'start')
        const work = Array.from({ length: 10 }, (_, index) => scene.store.append(key, `${index}`, { at: 5 }))
        const results = await Promise.allSettled(work)
        const won = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [`start${index}`] : []))
        same(won, [await scene.text(key)], 'appends: of racers at one length one wins')
      },
    },
    {
      title: 'a source that fails leaves the object as it was',
      async run(scene) {
        const key = scene.key('fails')
        await scene.store.append(key, 'as it was')
        const failure = new RangeError('no more')
        const came = await rejection(
          scene.store.append(key, failing(sampleBytes(200_000), 150_000, failure)),
          "appends: a source's own failure fails the append",
        )
        holds(came === failure, "writes: a source's own failure is thrown as itself", failure, came)
        same(await scene.text(key), 'as it was', 'appends: a failed one changes nothing')
      },
    },
  ],
}

export const update: CaseGroup = {
  name: 'update',
  needs: ['write', 'update', 'write.metadata'],
  cases: [
    {
      title: 'sets the named attributes and leaves the others and the bytes',
      async run(scene) {
        const key = scene.key('updated')
        const attributes = scene.capabilities.write?.attributes ?? []
        const typed = attributes.includes('contentType') ? { contentType: 'text/plain' } : {}
        await scene.store.write(key, 'the bytes', { metadata: { a: '1' }, ...typed })
        await scene.store.update(key, { metadata: { b: '2' } })
        const entry = await scene.store.stat(key)
        same(entry.metadata, { b: '2' }, 'updates: a named attribute is set')
        if (attributes.includes('contentType')) same(entry.contentType, 'text/plain', 'updates: the others are left')
        same(await scene.text(key), 'the bytes', 'updates: the bytes are left')
      },
    },
    {
      title: 'of a missing object is NotFound',
      run: async (scene) => {
        await rejects(
          scene.store.update(scene.key('missing'), { metadata: {} }),
          'NotFound',
          'updates: a missing object',
        )
      },
    },
  ],
}
