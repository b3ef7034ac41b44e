import type { CaseGroup } from './case.ts'
import { all, same } from './expect.ts'

export const search: CaseGroup = {
  name: 'search',
  needs: ['write', 'search'],
  cases: [
    {
      title: 'finds objects by name under a directory and no others',
      async run(scene) {
        const word = `needle${scene.directory.slice(-8).replaceAll('-', '')}`
        for (const name of [`in/${word}.txt`, `in/deep/${word}.txt`, 'in/straw.txt', `out/${word}.txt`])
          await scene.put(name, name)
        const found = await all(scene.store.search({ name: word, under: scene.key('in') }))
        const names = found.map((entry) => scene.name(entry)).toSorted()
        same(names, [`in/${word}.txt`, `in/deep/${word}.txt`].toSorted(), 'searches: by name, under a directory')
        same(
          await all(scene.store.search({ name: `${word}-not`, under: scene.directory })),
          [],
          'searches: nothing is found',
        )
      },
    },
  ],
}
