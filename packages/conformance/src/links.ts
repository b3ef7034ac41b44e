import type { CaseGroup } from './case.ts'
import { all, rejection, rejects, same } from './expect.ts'

export const links: CaseGroup = {
  name: 'links',
  needs: ['write', 'links'],
  cases: [
    {
      title: 'a link tells where it points, as it was spelt, and is not followed by stat',
      async run(scene) {
        await scene.put('dir/file', 'the bytes')
        for (const [name, target] of [
          ['to-file', 'dir/file'],
          ['dotted', './dir/../dir/file'],
          ['nowhere', 'not/there'],
        ] as const) {
          await scene.store.links.make(scene.key(name), target)
          const entry = await scene.store.stat(scene.key(name))
          same([entry.kind, entry.target], ['link', target], 'links: stat tells the link itself')
        }
      },
    },
    {
      title: 'a link is read through to the file it points to, from its own directory on',
      async run(scene) {
        await scene.put('dir/file', 'the bytes')
        await scene.store.links.make(scene.key('top'), 'dir/file')
        await scene.store.links.make(scene.key('dir/beside'), 'file')
        await scene.store.links.make(scene.key('other/up'), '../dir/file')
        for (const name of ['top', 'dir/beside', 'other/up']) {
          same(await scene.text(scene.key(name)), 'the bytes', `links: ${name} is read through`)
        }
      },
    },
    {
      title: 'a link to nothing is NotFound for read',
      async run(scene) {
        await scene.store.links.make(scene.key('nowhere'), 'not/there')
        await rejects(
          scene.store.read(scene.key('nowhere')),
          'NotFound',
          'links: a target that is not there is NotFound',
        )
      },
    },
    {
      title: 'a link that points out of the store is not read through (R6)',
      async run(scene) {
        const outside = ['/etc/passwd', '../../../../../../../../../../../etc/passwd', '..']
        for (const [index, target] of outside.entries()) {
          const key = scene.key(`out-${index}`)
          const made = await scene.store.links.make(key, target).catch((error: unknown) => error)
          if (made instanceof Error) continue
          await rejection(
            scene.store.read(key),
            'links: one is read through only while its target stays under the root',
          )
        }
      },
    },
    {
      title: 'a link in a circle fails, and does not hang',
      async run(scene) {
        await scene.store.links.make(scene.key('a'), 'b')
        await scene.store.links.make(scene.key('b'), 'a')
        await rejection(scene.store.read(scene.key('a')), 'links: a circle cannot be read')
      },
    },
    {
      title: 'a link is not made where something is',
      async run(scene) {
        const key = await scene.put('file', 'x')
        await rejects(
          scene.store.links.make(key, 'other'),
          'AlreadyExists',
          'links: something there already is AlreadyExists',
        )
        await scene.store.links.make(scene.key('link'), 'file')
        const again = scene.store.links.make(scene.key('link'), 'other')
        await rejects(again, 'AlreadyExists', 'links: something there already is AlreadyExists')
        same(await scene.text(key), 'x', 'links: a failed call changes nothing')
      },
    },
    {
      title: 'a deleted link leaves what it pointed to',
      needs: ['delete'],
      async run(scene) {
        const key = await scene.put('file', 'x')
        await scene.store.links.make(scene.key('link'), 'file')
        await scene.store.delete(scene.key('link'))
        await rejects(scene.store.stat(scene.key('link')), 'NotFound', 'links: the link itself is removed')
        same(await scene.text(key), 'x', 'links: what it points to stays')
      },
    },
    {
      title: 'links are listed as links',
      needs: ['list'],
      async run(scene) {
        await scene.put('dir/file', 'x')
        await scene.store.links.make(scene.key('link'), 'dir')
        for (const recursive of [false, true]) {
          const found = await all(scene.store.list(scene.directory, { recursive }))
          const link = found.find(({ key }) => key === scene.key('link'))
          same(link?.kind, 'link', 'links: a listing tells the link itself')
          const below = found.filter(({ key }) => key.startsWith(scene.key('link/')))
          same(below, [], 'links: a recursive listing does not follow them')
        }
      },
    },
  ],
}
