import { readFileSync } from 'node:fs'
import { conformance, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore, type Store } from '@kit/core'
import { startFaultProxy, type Faults } from '@kit/test-servers'
import { afterAll, describe, expect, it } from 'vitest'
import { meet, capabilities as carried } from '../src/capabilities.ts'
import { plugin, type KitOptions } from '../src/index.ts'
import { openedBackend } from './opened.ts'
import { kinds, served, type Kind } from './served.ts'

/** Every store has a namesake on the server; what goes wrong goes wrong on the way there. */
async function subject(kind: Kind): Promise<Subject & { readonly stop: () => Promise<void> }> {
  const server = await served(kind)
  const proxy = await startFaultProxy({ target: server.url, http: true })
  const names = new WeakMap<Store, string>()
  const own = meet(carried, server.capabilities)
  const options = (store: string): KitOptions => ({ url: proxy.endpoint, store, capabilities: own })
  const faults: { readonly [Kind in 'offline' | 'busy' | 'denied']: Faults } = {
    // What is open already breaks too.
    offline: { refuse: true, inject: [{ times: Infinity, answer: 'reset' }] },
    busy: { inject: [{ times: Infinity, answer: { status: 429 } }] },
    denied: { inject: [{ times: Infinity, answer: { status: 403 } }] },
  }
  return {
    plugin,
    manifest: JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8')),
    capabilities: effectiveCapabilities(own),
    inProcess: kind === 'memory',
    async open() {
      const name = await server.another()
      const store = await openStore(plugin({ ...options(name), layers: { retry: { attempts: 2, base: 10 } } }))
      names.set(store, name)
      return store
    },
    openBackend: async () => openedBackend(options(await server.another())),
    requests: () => proxy.requests.length,
    async leftovers(store) {
      const name = names.get(store) ?? ''
      const files = await server.files()
      return files.filter((path) => path.includes(`/${name}/.kit/tmp/`))
    },
    async fault(fault) {
      await proxy.set(
        fault.kind === 'cut'
          ? { limit: { direction: 'down', afterBytes: fault.afterBytes + 1000, fate: 'reset', times: 1 } }
          : faults[fault.kind],
      )
      return { [Symbol.asyncDispose]: () => proxy.reset() }
    },
    async stop() {
      await proxy.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

for (const kind of kinds) {
  const made = await subject(kind)
  afterAll(() => made.stop())
  describe(`a store of another Kit, over ${kind}`, () => {
    for (const { name, run } of conformance(made)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
