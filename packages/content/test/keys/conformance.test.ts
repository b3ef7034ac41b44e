import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { conformance, type Subject } from '@kit/conformance'
import { openStore, type StoreSpec } from '@kit/core'
import { temporaryFolder } from '@kit/test-servers'
import { afterAll, describe, expect, it } from 'vitest'
import { addressable } from '../../src/index.ts'

const folder = await temporaryFolder('cas')
afterAll(() => folder.remove())
let folders = 0

const below: Readonly<Record<string, () => StoreSpec>> = {
  memory: () => memory({}),
  fs: () => fs({ path: `${folder.path}/${++folders}` }),
}

for (const [name, over] of Object.entries(below)) {
  await using store = await openStore(addressable({ over: over() }))
  const subject: Subject = {
    inProcess: true,
    capabilities: store.capabilities,
    open: () => openStore(addressable({ over: over() })),
  }
  describe(`content over paths, on ${name}`, () => {
    for (const { name: title, run } of conformance(subject)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(title, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
