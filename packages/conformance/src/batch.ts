import { bytesSource, parseKey, type Change } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { rejects, same } from './expect.ts'
import type { Scene } from './scene.ts'

function writing(scene: Scene, name: string, text: string): Change {
  return { write: parseKey(scene.key(name)), source: bytesSource(new TextEncoder().encode(text)) }
}

export const batch: CaseGroup = {
  name: 'batch',
  needs: ['write', 'batch'],
  cases: [
    {
      title: 'several changes are made together',
      async run(scene) {
        const key = (name: string): ReturnType<typeof parseKey> => parseKey(scene.key(name))
        for (const name of ['goes', 'copied', 'moved']) await scene.put(name, name)
        await scene.store.batch(
          [
            writing(scene, 'new', 'new'),
            { delete: key('goes') },
            { copy: key('copied'), to: key('copy') },
            { move: key('moved'), to: key('to') },
          ],
          { message: 'conformance' },
        )
        const texts = await Promise.all(['new', 'copied', 'copy', 'to'].map((name) => scene.text(scene.key(name))))
        same(texts, ['new', 'copied', 'copied', 'moved'], 'batches: every change is made')
        for (const name of ['goes', 'moved'])
          await rejects(scene.store.stat(key(name)), 'NotFound', 'batches: every change is made')
      },
    },
    {
      title: 'of changes of which one fails none is made',
      async run(scene) {
        await scene.put('stays', 'x')
        const missing = parseKey(scene.key('missing'))
        const changes: Change[] = [
          writing(scene, 'new', 'new'),
          { delete: parseKey(scene.key('stays')) },
          { move: missing, to: parseKey(scene.key('to')) },
        ]
        await rejects(scene.store.batch(changes), 'NotFound', 'batches: a missing source fails it')
        await rejects(scene.store.stat(scene.key('new')), 'NotFound', 'batches: all or nothing')
        same(await scene.text(scene.key('stays')), 'x', 'batches: all or nothing')
      },
    },
  ],
}
