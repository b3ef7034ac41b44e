import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layerSets, runConformance } from '@kit/conformance'
import { openStore } from '@kit/core'
import { afterAll, describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'kit-fs-layers-'))
let count = 0

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the filesystem backend keeps every rule', () => {
  for (const { name, settings, own } of layerSets) {
    it(`through ${name}`, { timeout: 600_000 }, async () => {
      const { passed, failed } = await runConformance({
        open: () => openStore(plugin({ path: join(folder, `${++count}`), layers: settings }), { layers: own() }),
      })
      expect(failed.map((failure) => [failure.name, String(failure.error)])).toEqual([])
      console.log(`fs through ${name}: ${passed.length} cases`)
    })
  }
})
