// The whole suite over a daemon through every layer alone and through all of them.
import { conformance, layerSets } from '@kit/conformance'
import { openStore, type Store } from '@kit/core'
import { startKubo, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

let node: Kubo
let stores = 0
beforeAll(async () => {
  node = await startKubo()
})
afterAll(() => node.stop())

for (const { name: set, settings, own: layers } of layerSets) {
  describe(`files of a daemon, with ${set}`, () => {
    const open = async (): Promise<Store> => {
      const spec = plugin({ url: node.api, root: `/layers/${++stores}`, layers: settings })
      return openStore(spec, { layers: layers() })
    }
    for (const { name, run } of conformance({ open, plugin, patienceMs: 10_000 })) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
