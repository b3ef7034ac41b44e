import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same } from './expect.ts'

export const directories: CaseGroup = {
  name: 'directories',
  needs: ['write', 'list', 'directories', 'directories by themselves'],
  cases: [
    {
      title: 'a directory is made with its parents, is empty, and is there for stat and list',
      async run(scene) {
        const { store } = scene
        await store.directories.make(scene.key('new/with/parents'))
        for (const name of ['new', 'new/with', 'new/with/parents']) {
          same((await store.stat(scene.key(name))).kind, 'directory', `directories: ${name} is one`)
        }
        same(await all(store.list(scene.key('new/with/parents'))), [], 'directories: a new one is empty')
        same(await scene.names({ recursive: false }), ['new/'], 'lists: an empty directory is listed')
        const below = await all(store.list(scene.directory, { recursive: true }))
        const found = below.map((entry) => scene.name(entry)).toSorted()
        same(found, ['new/', 'new/with/', 'new/with/parents/'], 'lists: recursive gives directories that are there')
      },
    },
    {
      title: 'making one that exists is success and keeps what is in it',
      async run(scene) {
        const key = await scene.put('dir/file', 'x')
        await scene.store.directories.make(scene.key('dir'))
        await scene.store.directories.make(scene.key('dir'))
        same(await scene.text(key), 'x', 'directories: making one again changes nothing')
      },
    },
    {
      title: 'making one where a file is, is AlreadyExists',
      needs: ['no file and prefix'],
      async run(scene) {
        const key = await scene.put('file', 'x')
        await rejects(scene.store.directories.make(key), 'AlreadyExists', 'directories: a file is there')
        const below = scene.store.directories.make(scene.key('file/below'))
        await rejects(below, ['NotDirectory', 'AlreadyExists'], 'directories: none is below a file')
        same(await scene.text(key), 'x', 'directories: a failed call changes nothing')
      },
    },
    {
      title: 'an empty one is removed, its parent stays',
      async run(scene) {
        await scene.store.directories.make(scene.key('parent/child'))
        await scene.store.directories.remove(scene.key('parent/child'))
        await rejects(scene.store.stat(scene.key('parent/child')), 'NotFound', 'directories: a removed one is gone')
        same(
          (await scene.store.stat(scene.key('parent'))).kind,
          'directory',
          'directories: removing never prunes parents',
        )
      },
    },
    {
      title: 'removing one that holds something is NotEmpty and removes nothing',
      async run(scene) {
        const key = await scene.put('full/file', 'x')
        await rejects(
          scene.store.directories.remove(scene.key('full')),
          'NotEmpty',
          'directories: one that is not empty stays',
        )
        same(await scene.text(key), 'x', 'directories: a failed call changes nothing')
        await scene.store.directories.make(scene.key('outer/inner'))
        const outer = scene.store.directories.remove(scene.key('outer'))
        await rejects(outer, 'NotEmpty', 'directories: one that holds a directory is not empty')
      },
    },
    {
      title: 'removing a missing one is NotFound, a file NotDirectory',
      async run(scene) {
        await rejects(
          scene.store.directories.remove(scene.key('missing')),
          'NotFound',
          'directories: a missing one is NotFound',
        )
        const key = await scene.put('file', 'x')
        const codes = scene.capabilities.keys.fileAndPrefix ? (['NotDirectory', 'NotFound'] as const) : 'NotDirectory'
        await rejects(scene.store.directories.remove(key), codes, 'directories: a file is NotDirectory')
        same(await scene.text(key), 'x', 'directories: a failed call changes nothing')
      },
    },
    {
      title: 'a directory is no file: it is not read, replaced, copied, moved or deleted',
      needs: ['real directories'],
      async run(scene) {
        const { store } = scene
        const { ops } = scene.capabilities
        const key = scene.key('dir')
        await store.directories.make(key)
        const file = await scene.put('file', 'x')
        const rule = 'directories: a directory is IsDirectory for'
        await rejects(store.read(key), 'IsDirectory', `${rule} read`)
        await rejects(store.write(key, 'x'), 'IsDirectory', `${rule} write`)
        if (ops.delete) await rejects(store.delete(key), 'IsDirectory', `${rule} delete`)
        if (ops.append) await rejects(store.append(key, 'x'), 'IsDirectory', `${rule} append`)
        if (ops.copy) await rejects(store.copy(key, scene.key('to')), 'IsDirectory', `${rule} copy`)
        if (ops.move) await rejects(store.move(key, scene.key('to')), 'IsDirectory', `${rule} move`)
        if (ops.copy) await rejects(store.copy(file, key), 'IsDirectory', `${rule} a copy onto it`)
        if (ops.move) await rejects(store.move(file, key), 'IsDirectory', `${rule} a move onto it`)
        same((await store.stat(key)).kind, 'directory', 'directories: failed calls change nothing')
        same(await scene.text(file), 'x', 'directories: failed calls change nothing')
      },
    },
    {
      title: 'racers that make one directory and write into it all succeed',
      async run(scene) {
        await Promise.all([
          ...Array.from({ length: 10 }, () => scene.store.directories.make(scene.key('same/dir'))),
          ...Array.from({ length: 10 }, (_, index) => scene.put(`same/dir/${index}`, 'x')),
        ])
        const names = await all(scene.store.list(scene.key('same/dir')))
        holds(names.length === 10, 'directories: racers do not disturb each other', 10, names.length)
      },
    },
  ],
}
