import type { CaseGroup } from './case.ts'
import { all, rejects, same } from './expect.ts'

export const deleting: CaseGroup = {
  name: 'delete',
  needs: ['write', 'delete'],
  cases: [
    {
      title: 'a deleted object is gone for stat, read and list (C2)',
      needs: ['consistent.read'],
      async run(scene) {
        const key = await scene.put('gone', 'x')
        await scene.put('stays', 'y')
        await scene.store.delete(key)
        await rejects(scene.store.stat(key), 'NotFound', 'deletes: the object is gone')
        await rejects(scene.store.read(key), 'NotFound', 'deletes: the object is gone')
        if (scene.capabilities.ops.list !== undefined)
          same(await scene.names(), ['stays'], 'deletes: the object is gone')
      },
    },
    {
      title: 'deleting what is absent is success',
      async run(scene) {
        await scene.store.delete(scene.key('never-there'))
        await scene.store.delete(scene.key('no/such/directory/file'))
        const key = await scene.put('twice', 'x')
        await scene.store.delete(key)
        await scene.store.delete(key)
      },
    },
    {
      title: 'deleting leaves objects of like names and those below',
      async run(scene) {
        const others = ['a-b', 'a.b', 'aa', 'b', 'a b', ...(scene.capabilities.keys.fileAndPrefix ? ['a/b'] : [])]
        for (const name of [...others, 'a']) await scene.put(name, name)
        await scene.store.delete(scene.key('a'))
        for (const name of others)
          same(await scene.text(scene.key(name)), name, 'deletes: nothing but the object is removed')
      },
    },
    {
      title: 'deleting the name that others begin with removes none of them',
      async run(scene) {
        const key = await scene.put('dir/below/file', 'x')
        for (const name of ['dir', 'dir/below']) {
          const work = scene.store.delete(scene.key(name))
          if (scene.capabilities.directories === 'real') {
            await rejects(work, 'IsDirectory', 'deletes: a directory is never removed')
          } else
            await work.catch((error: unknown) => rejects(Promise.reject(error), 'IsDirectory', 'deletes: a directory'))
        }
        same(await scene.text(key), 'x', 'deletes: delete never removes what is below')
      },
    },
    {
      title: 'deleting the last object of a real directory leaves the directory',
      needs: ['real directories'],
      async run(scene) {
        const key = await scene.put('dir/below/file', 'x')
        await scene.store.delete(key)
        const entry = await scene.store.stat(scene.key('dir/below'))
        same(entry.kind, 'directory', 'directories: delete never prunes parents')
      },
    },
    {
      title: 'a deleted name can be written again',
      async run(scene) {
        const key = await scene.put('again', 'first')
        await scene.store.delete(key)
        await scene.store.write(key, 'second')
        same(await scene.text(key), 'second', 'deletes: a name is free again')
      },
    },
    {
      title: 'deleteMany tells one result for each key, absent ones as success (E5)',
      needs: ['deleteMany'],
      async run(scene) {
        const keys: string[] = []
        for (let index = 0; index < 25; index++) keys.push(await scene.put(`many/${index}`, 'x'))
        const stays = await scene.put('many/stays', 'x')
        const asked = [...keys, scene.key('many/absent'), scene.key('nowhere/absent')]
        const results = await all(scene.store.deleteMany(asked))
        same(
          results.map(({ key }) => key).toSorted(),
          asked.toSorted(),
          'deletes: deleteMany gives one result for each key',
        )
        same(
          results.filter(({ error }) => error !== undefined),
          [],
          'deletes: absent is success',
        )
        for (const key of keys) await rejects(scene.store.stat(key), 'NotFound', 'deletes: deleteMany removes them all')
        same(await scene.text(stays), 'x', 'deletes: deleteMany removes nothing else')
      },
    },
    {
      title: 'deleteMany reports what fails by key and removes the rest',
      needs: ['deleteMany'],
      async run(scene) {
        const keys = [await scene.put('part/1', 'x'), await scene.put('part/2', 'x')]
        const real = scene.capabilities.directories === 'real'
        const failing = real ? scene.key('part') : '../outside'
        const results = await all(scene.store.deleteMany([keys[0] ?? '', failing, keys[1] ?? '']))
        const failed = results.filter(({ error }) => error !== undefined)
        same(
          failed.map(({ key }) => key),
          [failing],
          'deletes: a failure of one key is told for that key alone',
        )
        const code = real ? 'IsDirectory' : 'InvalidKey'
        await rejects(Promise.reject(failed[0]?.error), code, 'deletes: a failure of one key is a StorageError')
        for (const key of keys) await rejects(scene.store.stat(key), 'NotFound', 'deletes: the other keys are removed')
      },
    },
    {
      title: 'deleteMany takes more keys than fit into one request, and any iterable',
      needs: ['deleteMany'],
      async run(scene) {
        const many = (scene.capabilities.delete?.batchMax ?? 1000) + 3
        const present = [await scene.put('first', 'x'), await scene.put('last', 'x')]
        async function* keys(): AsyncGenerator<string> {
          yield present[0] ?? ''
          for (let index = 0; index < many; index++) yield scene.key(`absent-${index}`)
          yield present[1] ?? ''
        }
        // Stores that delete one by one are asked for few.
        if (scene.capabilities.ops.deleteMany !== 'native' && !scene.full) return
        const results = await all(scene.store.deleteMany(keys()))
        same(results.length, many + 2, 'deletes: deleteMany gives one result for each key')
        for (const key of present)
          await rejects(scene.store.stat(key), 'NotFound', 'deletes: deleteMany removes them all')
      },
    },
    {
      title: 'nothing is deleted before deleteMany is iterated',
      needs: ['deleteMany'],
      async run(scene) {
        const key = await scene.put('waits', 'x')
        scene.store.deleteMany([key])
        same(await scene.text(key), 'x', 'deletes: nothing happens before the results are pulled')
      },
    },
  ],
}
