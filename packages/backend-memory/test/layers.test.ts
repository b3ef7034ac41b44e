import { layerSets, runConformance } from '@kit/conformance'
import { openStore } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

describe('the memory backend keeps every rule', () => {
  for (const { name, settings, own } of layerSets) {
    it(`through ${name}`, async () => {
      const { failed } = await runConformance({
        plugin,
        inProcess: true,
        open: () => openStore(plugin({ layers: settings }), { layers: own() }),
      })
      expect(failed.map((failure) => [failure.name, String(failure.error)])).toEqual([])
    }, 120_000)
  }
})
