import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore, type Store } from '@kit/core'
import { afterAll, describe, expect, it } from 'vitest'
import { contentBackend } from '../src/content-backend.ts'
import { plugin } from '../src/index.ts'
import { openBelow } from './support.ts'

const all = realpathSync(mkdtempSync(join(tmpdir(), 'kit-content-conformance-')))
const roots = new WeakMap<Store, string>()
let count = 0

function subject(durable: 'process' | 'power'): Subject {
  const newRoot = (): string => join(all, `${++count}`)
  const options = { create: true, readOnly: false, profile: 'unixfs-v1-2025', keep: {} } as const
  return {
    plugin,
    capabilities: effectiveCapabilities(plugin.narrow?.({ path: all, durable }) ?? plugin.capabilities),
    manifest: JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8')),
    async open() {
      const path = newRoot()
      const store = await openStore(plugin({ path, durable }))
      roots.set(store, path)
      return store
    },
    openBackend: async () => contentBackend({ ...options, durable, path: newRoot() }),
    handles: () => openBelow(all).length,
    leftovers: async (store) =>
      readdirSync(roots.get(store) ?? all).filter((name) => !/^(segment-\d+|snapshot-\d+|lock-.*)$/.test(name)),
  }
}

afterAll(() => rmSync(all, { recursive: true, force: true }))

for (const durable of ['process', 'power'] as const) {
  describe(`the content store, durable to ${durable}`, () => {
    for (const { name, run } of conformance(subject(durable))) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
