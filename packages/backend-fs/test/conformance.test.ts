import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore, type Store } from '@kit/core'
import { afterAll, describe, expect, it } from 'vitest'
import { fsBackend } from '../src/fs-backend.ts'
import { plugin, type FsOptions } from '../src/index.ts'
import { leftOver, openBelow } from './support.ts'

const all = realpathSync(mkdtempSync(join(tmpdir(), 'kit-fs-conformance-')))
const roots = new WeakMap<Store, string>()
let count = 0

const { address: _, ...withoutAddress } = plugin

function subject(fsync: boolean): Subject {
  const newRoot = (): string => join(all, `${++count}`)
  return {
    // A file: URL with credentials cannot even be parsed, so there is nothing to refuse.
    plugin: Object.assign((options: FsOptions) => plugin(options), withoutAddress),
    capabilities: effectiveCapabilities(plugin.narrow?.({ path: all, fsync }) ?? plugin.capabilities),
    manifest: JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8')),
    async open() {
      const path = newRoot()
      const store = await openStore(plugin({ path, fsync }))
      roots.set(store, path)
      return store
    },
    openBackend: async () => fsBackend({ path: newRoot(), create: true, fsync }),
    // A store keeps directories at hand while it is open.
    handles: () => openBelow(all).filter(isFile).length,
    leftovers: async (store) => leftOver(roots.get(store) ?? all),
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true
}

/** Every store in one folder, as several processes have it. */
function sharedSubject(): Subject {
  const path = join(all, 'shared')
  const { openBackend: _openBackend, leftovers: _leftovers, ...rest } = subject(false)
  return { ...rest, shared: true, open: () => openStore(plugin({ path })), leftovers: async () => leftOver(path) }
}

afterAll(() => rmSync(all, { recursive: true, force: true }))

for (const fsync of [false, true]) {
  describe(`the filesystem backend${fsync ? ' with fsync' : ''}`, () => {
    for (const { name, run } of conformance(subject(fsync))) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}

describe('the filesystem backend in one folder with others', () => {
  for (const { name, group, run } of conformance(sharedSubject())) {
    if (group !== 'upload') continue
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined()
    })
  }
})
