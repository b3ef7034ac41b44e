import { errorCodes, isStorageError } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, rejection, rejects, same } from './expect.ts'

export const errors: CaseGroup = {
  name: 'errors',
  needs: ['objects to read'],
  cases: [
    {
      title: 'NotFound tells operation, store and key, and that a retry is of no use (E3, E4)',
      async run(scene) {
        await scene.put('there', 'x')
        const { store, capabilities } = scene
        const key = scene.key('not/there')
        const failing: Record<string, () => Promise<unknown>> = {
          stat: () => store.stat(key),
          read: () => store.read(key),
          ...(capabilities.ops.copy ? { copy: () => store.copy(key, scene.key('to')) } : {}),
          ...(capabilities.ops.move ? { move: () => store.move(key, scene.key('to')) } : {}),
        }
        for (const [operation, work] of Object.entries(failing)) {
          const error = await rejects(work, 'NotFound', `errors: ${operation} of a missing object is NotFound`)
          same(error.operation, operation, 'errors: they tell the operation')
          same(error.store, store.name, 'errors: they tell the store')
          same(error.key, key, 'errors: they tell the key')
          same(
            [error.retry, error.applied],
            ['never', 'no'],
            'errors: NotFound is never retried and nothing was applied',
          )
          holds(error.message.includes(key), 'errors: the message names the key', key, error.message)
        }
      },
    },
    {
      title: 'every rejection is a StorageError of a known code',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const { store } = scene
        const works = [
          () => store.stat(scene.key('missing')),
          () => store.read(scene.key('missing')),
          () => store.read(key, { range: { from: 100 } }),
          () => store.stat('../up'),
          () => store.read(key, { ifMatch: '"no-such-etag"' }),
          () => store.stat(key, { signal: AbortSignal.abort() }),
        ]
        for (const work of works) {
          const error = await rejection(work(), 'errors: a failure rejects')
          holds(isStorageError(error), 'errors: every rejection is a StorageError', 'a StorageError', error)
          holds(errorCodes.includes(error.code), 'errors: the code is of the catalogue', errorCodes.length, error.code)
          holds(error instanceof Error, 'errors: every rejection is an Error', 'an Error', error)
          const json: unknown = JSON.parse(JSON.stringify(error))
          same(Reflect.get(Object(json), 'code'), error.code, 'errors: they can be told as JSON (E1)')
        }
      },
    },
    {
      title: 'reading a directory is IsDirectory',
      needs: ['real directories'],
      async run(scene) {
        const key = await scene.put('dir/file', 'x')
        const directory = key.slice(0, key.lastIndexOf('/'))
        await rejects(scene.store.read(directory), 'IsDirectory', 'reads: a directory is IsDirectory')
      },
    },
    {
      title: 'writing over a directory is IsDirectory and leaves it',
      needs: ['write', 'real directories'],
      async run(scene) {
        const key = await scene.put('dir/file', 'x')
        await rejects(scene.store.write(scene.key('dir'), 'y'), 'IsDirectory', 'writes: a directory is not replaced')
        await rejects(scene.store.write('', 'y'), 'IsDirectory', 'writes: the root is a directory')
        same(await scene.text(key), 'x', 'writes: a failed write changes nothing')
      },
    },
    {
      title: 'writing through a file is NotDirectory, where a name cannot be both',
      needs: ['write', 'no file and prefix'],
      async run(scene) {
        const key = await scene.put('file', 'x')
        for (const name of ['file/below', 'file/far/below']) {
          await rejects(scene.store.write(scene.key(name), 'y'), 'NotDirectory', 'writes: a file is no directory')
          await rejects(
            scene.store.stat(scene.key(name)),
            ['NotFound', 'NotDirectory'],
            'entries: nothing is below a file',
          )
        }
        same(await scene.text(key), 'x', 'writes: a failed write changes nothing')
      },
    },
    {
      title: 'a name can be a file and have others below, where that is declared',
      needs: ['write', 'file and prefix'],
      async run(scene) {
        await scene.put('both', 'file')
        await scene.put('both/below', 'below')
        same(await scene.text(scene.key('both')), 'file', 'keys: `a` and `a/b` may both be files')
        same(await scene.text(scene.key('both/below')), 'below', 'keys: `a` and `a/b` may both be files')
        if (scene.capabilities.ops.list === undefined) return
        same(await scene.names(), ['both', 'both/below'], 'lists: both are listed')
        same(
          await scene.names({ recursive: false }),
          ['both', 'both/'],
          'lists: both the file and the directory are listed',
        )
        if (scene.capabilities.ops.delete === undefined) return
        await scene.store.delete(scene.key('both'))
        same(await scene.text(scene.key('both/below')), 'below', 'deletes: what is below stays')
      },
    },
    {
      title: 'the root is a directory, and no object of any operation',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const { store } = scene
        const { ops } = scene.capabilities
        const rule = 'directories: the root is IsDirectory for'
        same((await store.stat('')).kind, 'directory', 'directories: the root is a directory')
        await rejects(store.read(''), 'IsDirectory', `${rule} read`)
        if (ops.write) await rejects(store.write('', 'x'), 'IsDirectory', `${rule} write`)
        if (ops.delete) await rejects(store.delete(''), 'IsDirectory', `${rule} delete`)
        if (ops.copy) await rejects(store.copy('', scene.key('to')), 'IsDirectory', `${rule} copy`)
        if (ops.copy) await rejects(store.copy(key, ''), 'IsDirectory', `${rule} a copy onto it`)
        if (ops.move) await rejects(store.move(key, ''), 'IsDirectory', `${rule} a move onto it`)
        if (ops.append) await rejects(store.append('', 'x'), 'IsDirectory', `${rule} append`)
        if (ops.update) await rejects(store.update('', {}), 'IsDirectory', `${rule} update`)
        if (ops.deleteMany) {
          const results = await all(store.deleteMany(['']))
          await rejects(Promise.reject(results[0]?.error), 'IsDirectory', `${rule} deleteMany`)
        }
        same(await scene.text(key), 'x', 'directories: a refused call changes nothing')
      },
    },
    {
      title: 'a closed store answers no more, and closing twice is no error',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const store = await scene.another()
        await store.close()
        await store.close()
        await rejection(store.stat(key), 'closing: a closed store answers no more')
        await rejection(all(store.list(scene.directory)), 'closing: a closed store answers no more')
      },
    },
  ],
}
