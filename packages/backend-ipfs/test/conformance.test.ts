import { readFileSync } from 'node:fs'
import { conformance, type Fault, type Subject } from '@kit/conformance'
import { openStore } from '@kit/core'
import { startFaultProxy, startKubo, type FaultProxy, type Faults, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plugin, type IpfsOptions } from '../src/index.ts'
import { missing, nodes, openedBackend, urlOf } from './nodes.ts'

const manifest: unknown = JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8'))
let stores = 0

/** Every store has a directory of its own on the node. */
function subjectOf(url: () => string): Subject {
  const options = (): IpfsOptions => ({ url: url(), root: `/conformance/${++stores}` })
  return {
    plugin,
    manifest,
    open: async () => openStore(plugin({ ...options(), layers: { retry: { attempts: 2, base: 10 } } })),
    openBackend: () => openedBackend(options()),
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

describe.skipIf(missing).each(nodes)('$name', ({ options }) => {
  let node: Kubo
  beforeAll(async () => {
    node = await startKubo(options)
  })
  afterAll(() => node.stop())

  for (const { name, run } of conformance(subjectOf(() => urlOf(node)))) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined()
    })
  }
})

describe.skipIf(missing)('Kubo that is hard to reach', () => {
  let node: Kubo
  let proxy: FaultProxy
  beforeAll(async () => {
    node = await startKubo()
    proxy = await startFaultProxy({ target: node.api, http: true })
  })
  afterAll(async () => {
    await proxy.stop()
    await node.stop()
  })

  const subject: Subject = {
    ...subjectOf(() => proxy.endpoint),
    fault: (fault) => happening(proxy, fault),
    requests: () => proxy.requests.length,
  }
  for (const { name, run } of conformance(subject).filter((each) => /^(?:faults|gates): /.test(each.name))) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(name, async () => {
      await expect(run()).resolves.toBeUndefined()
    })
  }
})
