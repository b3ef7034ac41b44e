import type { CaseGroup } from './case.ts'
import { holds, same } from './expect.ts'
import { sampleBytes } from './samples.ts'

const mebibyte = 2 ** 20

export const usage: CaseGroup = {
  name: 'usage',
  needs: ['usage'],
  cases: [
    {
      title: 'tells whole numbers of bytes and objects, and only what it knows (C2)',
      async run(scene) {
        const told = await scene.store.usage()
        for (const [name, value] of Object.entries(told)) {
          if (value === undefined) continue
          holds(
            Number.isSafeInteger(value) && value >= 0,
            `usage: ${name} is a number of bytes or objects`,
            'a whole number',
            value,
          )
        }
        const { usedBytes, freeBytes, totalBytes } = told
        if (totalBytes === undefined) return
        for (const part of [usedBytes ?? 0, freeBytes ?? 0]) {
          holds(part <= totalBytes, 'usage: no part is more than the total', totalBytes, part)
        }
      },
    },
    {
      title: 'counts what is written',
      needs: ['write', 'a store of its own'],
      async run(scene) {
        const before = await scene.store.usage()
        for (let index = 0; index < 3; index++) await scene.put(`n-${index}`, sampleBytes(mebibyte, index + 1))
        const after = await scene.store.usage()
        if (after.usedBytes !== undefined) {
          holds(
            after.usedBytes >= 3 * mebibyte,
            'usage: used bytes hold what was written',
            3 * mebibyte,
            after.usedBytes,
          )
        }
        if (after.objects !== undefined && before.objects !== undefined) {
          same(after.objects - before.objects, 3, 'usage: objects are counted')
        }
      },
    },
  ],
}
