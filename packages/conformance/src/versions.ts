import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same } from './expect.ts'

export const versions: CaseGroup = {
  name: 'versions',
  needs: ['write', 'versions'],
  cases: [
    {
      title: 'every write is a version, the newest first, and each can be read',
      async run(scene) {
        const key = scene.key('doc')
        for (const text of ['one', 'two, longer', 'three']) await scene.store.write(key, text)
        await scene.put('doc-other', 'another object')
        const kept = await all(scene.store.versions(key))
        same(
          kept.map((entry) => entry.size),
          [5, 11, 3],
          'versions: the newest first, none of other objects',
        )
        const names = kept.map(({ version }) => version)
        holds(
          !names.includes(undefined) && new Set(names).size === 3,
          'versions: each has a name of its own',
          '3 names',
          names,
        )
        if (scene.capabilities.read.version === undefined) return
        const texts = await Promise.all(names.map(async (version) => (await scene.store.read(key, { version })).text()))
        same(texts, ['three', 'two, longer', 'one'], 'versions: each can be read')
        same((await scene.store.stat(key, { version: names[2] })).size, 3, 'versions: each can be asked for')
        same(await scene.text(key), 'three', 'versions: without a name the newest is read')
      },
    },
    {
      title: 'a version that is not there is NotFound',
      needs: ['read.version'],
      async run(scene) {
        const key = await scene.put('doc', 'x')
        const { version } = await scene.store.write(scene.key('other'), 'y')
        await rejects(
          scene.store.read(key, { version: version ?? 'none' }),
          'NotFound',
          'versions: of another object is NotFound',
        )
        same(await all(scene.store.versions(scene.key('missing'))), [], 'versions: a missing object has none')
      },
    },
  ],
}
