import { conformance, type Subject } from '@kit/conformance'
import { memory } from '@kit/backend-memory'
import { openStore, type Store } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { pathsStore } from '../../src/index.ts'

for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) {
  const open = (): Promise<Store> => openStore(pathsStore({ over: memory({}), profile }))
  await using store = await open()
  const subject: Subject = {
    plugin: pathsStore,
    capabilities: store.capabilities,
    inProcess: true,
    open,
  }
  describe(`paths over content in memory, ${profile}`, () => {
    for (const { name, run } of conformance(subject)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
