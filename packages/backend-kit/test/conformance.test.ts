import { readFileSync } from 'node:fs'
import { conformance, type Fault, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore, type Store } from '@kit/core'
import { startFaultProxy, type FaultProxy, type Faults } from '@kit/test-servers'
import { afterAll, describe, expect, it } from 'vitest'
import { meet, capabilities as carried } from '../src/capabilities.ts'
import { plugin, type KitOptions } from '../src/index.ts'
import { openedBackend } from './opened.ts'
import { kinds, served as serve, type Kind } from './served.ts'

interface Stoppable {
  readonly subject: Subject
  stop(): Promise<void>
}

/** Every store has a namesake on the server; `through`: what goes wrong goes wrong on the way there. */
async function served(kind: Kind, through: 'nothing' | 'faults'): Promise<Stoppable> {
  const server = await serve(kind)
  const proxy = through === 'faults' ? await startFaultProxy({ target: server.url, http: true }) : undefined
  const names = new WeakMap<Store, string>()
  const own = meet(carried, server.capabilities)
  const options = (store: string): KitOptions => ({ url: proxy?.endpoint ?? server.url, store, capabilities: own })
  const subject: Subject = {
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
    requests: () => server.requests(),
    async leftovers(store) {
      const name = names.get(store) ?? ''
      const files = await server.files()
      return files.filter((path) => path.includes(`/${name}/.kit/`))
    },
    ...(proxy && { fault: (fault) => happening(proxy, fault) }),
  }
  return {
    subject,
    async stop() {
      await proxy?.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

const faults: { readonly [Kind in 'offline' | 'busy' | 'denied']: Faults } = {
  // What is open already breaks too.
  offline: { refuse: true, inject: [{ times: Infinity, answer: 'reset' }] },
  busy: { inject: [{ times: Infinity, answer: { status: 429 } }] },
  denied: { inject: [{ times: Infinity, answer: { status: 403 } }] },
}

async function happening(proxy: FaultProxy, fault: Fault): Promise<AsyncDisposable> {
  if (fault.kind === 'cut') {
    // The head of the answer is part of what passes.
    const limit = { direction: 'down', afterBytes: fault.afterBytes + 1000, fate: 'reset', times: 1 } as const
    await proxy.set({ limit })
  } else await proxy.set(faults[fault.kind])
  return { [Symbol.asyncDispose]: () => proxy.reset() }
}

const whole = await Promise.all(kinds.map(async (kind) => ({ kind, ...(await served(kind, 'nothing')) })))
const failing = await served('memory', 'faults')
afterAll(() => Promise.all([...whole, failing].map((made) => made.stop())))

for (const { kind, subject } of whole) {
  describe(`a store of another Kit, over ${kind}`, () => {
    for (const { name, run } of conformance(subject)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}

describe('a store of another Kit that is hard to reach', () => {
  for (const { name, run } of conformance(failing.subject).filter((one) => one.name.startsWith('faults: '))) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined()
    })
  }
})
