import type { CaseGroup } from './case.ts'
import { rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'

export const copyMove: CaseGroup = {
  name: 'copy and move',
  needs: ['write'],
  cases: [
    {
      title: 'a copy has the bytes, small, empty and of 3 MiB, and the source stays',
      needs: ['copy'],
      async run(scene) {
        for (const length of [10, 0, 3 * 2 ** 20 + 1]) {
          const bytes = sampleBytes(length, 5)
          const from = await scene.put(`from-${length}`, bytes)
          const to = scene.key(`new/directory/to-${length}`)
          const entry = await scene.store.copy(from, to)
          same([entry.key, entry.size], [to, length], 'copies: the answer is the entry of the copy')
          sameBytes(await scene.get(to), bytes, 'copies: the copy has the bytes')
          sameBytes(await scene.get(from), bytes, 'copies: the source stays')
        }
      },
    },
    {
      title: 'a copy and its source are two objects',
      needs: ['copy'],
      async run(scene) {
        const from = await scene.put('from', sampleBytes(1000, 1))
        const to = scene.key('to')
        await scene.store.copy(from, to)
        await scene.store.write(from, sampleBytes(500, 2))
        sameBytes(await scene.get(to), sampleBytes(1000, 1), 'copies: a later write to the source leaves the copy')
        await scene.store.write(to, sampleBytes(200, 3))
        sameBytes(await scene.get(from), sampleBytes(500, 2), 'copies: a later write to the copy leaves the source')
        if (scene.capabilities.ops.delete === undefined) return
        await scene.store.delete(from)
        sameBytes(await scene.get(to), sampleBytes(200, 3), 'copies: deleting the source leaves the copy')
      },
    },
    {
      title: 'a copy replaces what is there',
      needs: ['copy'],
      async run(scene) {
        const from = await scene.put('from', 'new')
        const to = await scene.put('to', 'old and longer')
        await scene.store.copy(from, to)
        same(await scene.text(to), 'new', 'copies: the target is replaced')
        same((await scene.store.stat(to)).size, 3, 'copies: the target is replaced')
      },
    },
    {
      title: 'a copy onto itself changes nothing',
      needs: ['copy'],
      async run(scene) {
        const key = await scene.put('self', sampleBytes(100))
        await scene.store.copy(key, key)
        sameBytes(await scene.get(key), sampleBytes(100), 'copies: onto itself nothing changes')
      },
    },
    {
      title: 'attributes go along with a copy and a move',
      needs: ['copy', 'write.metadata'],
      async run(scene) {
        const metadata = { title: 'Trip', year: '2026' }
        await scene.store.write(scene.key('from'), 'x', { metadata })
        await scene.store.copy(scene.key('from'), scene.key('copied'))
        same((await scene.store.stat(scene.key('copied'))).metadata, metadata, 'copies: attributes go along')
        if (scene.capabilities.ops.move === undefined) return
        await scene.store.move(scene.key('copied'), scene.key('moved'))
        same((await scene.store.stat(scene.key('moved'))).metadata, metadata, 'moves: attributes go along')
      },
    },
    {
      title: 'copying or moving what is missing is NotFound and makes nothing',
      async run(scene) {
        const { ops } = scene.capabilities
        const [from, to] = [scene.key('missing'), scene.key('to')]
        if (ops.copy !== undefined)
          await rejects(scene.store.copy(from, to), 'NotFound', 'copies: a missing source is NotFound')
        if (ops.move !== undefined)
          await rejects(scene.store.move(from, to), 'NotFound', 'moves: a missing source is NotFound')
        await rejects(scene.store.stat(to), 'NotFound', 'copies: a failed one makes nothing')
      },
    },
    {
      title: 'a move has the bytes under the new name alone',
      needs: ['move'],
      async run(scene) {
        for (const length of [10, 0, 3 * 2 ** 20 + 1]) {
          const bytes = sampleBytes(length, 6)
          const from = await scene.put(`from-${length}`, bytes)
          const to = scene.key(`other/directory/to-${length}`)
          const entry = await scene.store.move(from, to)
          same([entry.key, entry.size], [to, length], 'moves: the answer is the entry of the new name')
          sameBytes(await scene.get(to), bytes, 'moves: the bytes are at the new name')
          await rejects(scene.store.stat(from), 'NotFound', 'moves: the old name is gone')
          await rejects(scene.store.read(from), 'NotFound', 'moves: the old name is gone')
        }
      },
    },
    {
      title: 'a move replaces what is there, and onto itself does nothing',
      needs: ['move'],
      async run(scene) {
        const from = await scene.put('from', 'new')
        const to = await scene.put('to', 'old and longer')
        await scene.store.move(from, to)
        same(await scene.text(to), 'new', 'moves: the target is replaced')
        await scene.store.move(to, to)
        same(await scene.text(to), 'new', 'moves: onto itself nothing happens')
        if (scene.capabilities.ops.list !== undefined) same(await scene.names(), ['to'], 'moves: one name is left')
      },
    },
    {
      title: 'moving the name that others begin with moves none of them',
      needs: ['move'],
      async run(scene) {
        const key = await scene.put('dir/file', 'x')
        const rule = 'moves: files only'
        const codes = scene.capabilities.directories === 'implied' ? 'NotFound' : (['IsDirectory', 'NotFound'] as const)
        await rejects(scene.store.move(scene.key('dir'), scene.key('elsewhere')), codes, rule)
        same(await scene.text(key), 'x', rule)
      },
    },
  ],
}
