import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same } from './expect.ts'
import { sampleBytes } from './samples.ts'

export const stat: CaseGroup = {
  name: 'stat',
  needs: ['objects to read'],
  cases: [
    {
      title: 'an object has kind, key and size (C2)',
      async run(scene) {
        const key = await scene.put('folder/file.txt', sampleBytes(1234))
        const entry = await scene.store.stat(key)
        same([entry.kind, entry.key, entry.size], ['file', key, 1234], 'entries: stat tells kind, key and size')
      },
    },
    {
      title: 'a missing object is NotFound, however near its name is',
      async run(scene) {
        await scene.put('name', 'x')
        for (const name of ['nam', 'name2', 'name.', 'Name1', 'other', 'other/below']) {
          await rejects(scene.store.stat(scene.key(name)), 'NotFound', `entries: ${name} is not there`)
        }
      },
    },
    {
      title: 'stat, read and list tell the same size and etag',
      async run(scene) {
        const key = await scene.put('same', sampleBytes(777))
        const entry = await scene.store.stat(key)
        const reading = await scene.store.read(key)
        await reading[Symbol.asyncDispose]()
        same([reading.entry.size, reading.entry.etag], [entry.size, entry.etag], 'entries: read tells what stat tells')
        if (scene.capabilities.ops.list === undefined) return
        const [listed] = await all(scene.store.list(scene.directory))
        same([listed?.key, listed?.size], [key, 777], 'entries: list tells what stat tells')
        if (listed?.etag !== undefined) same(listed.etag, entry.etag, 'entries: list tells what stat tells')
      },
    },
    {
      title: 'every file has an etag, strong or weak as declared',
      needs: ['etag'],
      async run(scene) {
        for (const [name, bytes] of [
          ['some', sampleBytes(10)],
          ['none', sampleBytes(0)],
        ] as const) {
          const { etag } = await scene.store.stat(await scene.put(name, bytes))
          holds(
            etag !== undefined && etag !== '',
            'entries: every file has an etag where one is declared',
            'an etag',
            etag,
          )
          const weak = etag.startsWith('W/')
          same(weak, scene.capabilities.etag === 'weak', 'entries: etags are strong or weak as declared')
        }
      },
    },
    {
      title: 'an etag stays while nothing changes and changes with the bytes, of the same length too',
      needs: ['strong etag', 'write'],
      async run(scene) {
        const key = await scene.put('etag', sampleBytes(100, 1))
        const first = (await scene.store.stat(key)).etag
        same((await scene.store.stat(key)).etag, first, 'entries: an etag stays while nothing changes')
        await scene.get(key)
        same((await scene.store.stat(key)).etag, first, 'entries: reading does not change the etag')
        const seen = new Set([first])
        for (let round = 2; round <= 20; round++) {
          const written = await scene.store.write(key, sampleBytes(100, round))
          same((await scene.store.stat(key)).etag, written.etag, 'entries: stat tells the etag of the last write')
          holds(
            !seen.has(written.etag),
            'entries: a strong etag changes with every change of the bytes',
            'a new one',
            written.etag,
          )
          seen.add(written.etag)
        }
      },
    },
    {
      title: 'a name that others begin with is no object',
      needs: ['implied directories'],
      async run(scene) {
        await scene.put('prefix/below', 'x')
        await rejects(
          scene.store.stat(scene.key('prefix')),
          'NotFound',
          'directories: an implied one is NotFound for stat',
        )
        await rejects(
          scene.store.read(scene.key('prefix')),
          ['NotFound', 'IsDirectory'],
          'directories: none can be read',
        )
        if (scene.capabilities.ops.list === undefined) return
        const entry = await scene.store.stat(scene.key('prefix'), { implied: true })
        same(entry.kind, 'directory', 'directories: `implied` finds one with a listing')
        await rejects(
          scene.store.stat(scene.key('pref'), { implied: true }),
          'NotFound',
          'directories: half a name is none',
        )
      },
    },
    {
      title: 'ping succeeds on a store that works (C1)',
      needs: ['ping'],
      run: (scene) => scene.store.ping(),
    },
  ],
}
