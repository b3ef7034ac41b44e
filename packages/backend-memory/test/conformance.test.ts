import { readFileSync } from 'node:fs'
import { openStore } from '@kit/core'
import { conformance, type Subject } from '@kit/conformance'
import { describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'
import { memoryBackend } from '../src/memory-backend.ts'

const manifest = new URL('../kit.json', import.meta.url)

const subject: Subject = {
  plugin,
  manifest: JSON.parse(readFileSync(manifest, 'utf8')),
  inProcess: true,
  open: () => openStore(plugin({})),
  openBackend: async () => memoryBackend(Infinity),
}

describe('the memory backend', () => {
  for (const { name, run } of conformance(subject)) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined()
    })
  }
})
