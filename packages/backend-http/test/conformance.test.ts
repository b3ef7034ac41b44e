import { readFileSync } from 'node:fs'
import { conformance, type Fault, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore } from '@kit/core'
import {
  startFaultProxy,
  startWeb,
  tryProvide,
  whyMissing,
  type FaultProxy,
  type Faults,
  type WebDaemon,
} from '@kit/test-servers'
import { afterAll, describe, expect, it } from 'vitest'
import { narrowed } from '../src/capabilities.ts'
import { plugin, type HttpOptions } from '../src/index.ts'
import { openedBackend, plant } from './opened.ts'

const etags: Readonly<Record<WebDaemon, 'strong' | 'weak'>> = {
  nginx: 'strong',
  'nginx-json': 'strong',
  // Of a file that was changed in the last second Apache gives a weak one.
  apache: 'weak',
  python: 'weak',
}

interface Served {
  readonly subject: Subject
  stop(): Promise<void>
}

async function served(daemon: WebDaemon, index: 'auto' | 'none', faulty: boolean = false): Promise<Served> {
  const server = await startWeb(daemon)
  const proxy = await startFaultProxy({ target: server.url, http: true })
  const options: HttpOptions = { url: faulty ? proxy.endpoint : server.url, etag: etags[daemon], index }
  const subject: Subject = {
    plugin,
    manifest: JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8')),
    capabilities: effectiveCapabilities(narrowed({ etag: etags[daemon], index })),
    shared: true,
    open: () => openStore(plugin({ ...options, layers: { retry: { attempts: 2, base: 10 } } })),
    openBackend: () => openedBackend(options),
    seed: (objects) => plant(server.folder, objects),
    ...(faulty && { fault: (fault) => happening(proxy, fault) }),
  }
  return {
    subject,
    async stop() {
      await proxy.stop()
      await server.stop()
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
    await proxy.set({ limit: { direction: 'down', afterBytes: fault.afterBytes + 1000, fate: 'reset', times: 1 } })
  } else await proxy.set(faults[fault.kind])
  return { [Symbol.asyncDispose]: () => proxy.reset() }
}

const programs = { nginx: 'nginx', 'nginx-json': 'nginx', apache: 'apache', python: undefined } as const
const all = ['nginx', 'nginx-json', 'apache', 'python'] as const satisfies readonly WebDaemon[]

const runs = all.flatMap((daemon) => [
  { daemon, index: 'auto', faulty: false } as const,
  ...(daemon === 'nginx'
    ? [{ daemon, index: 'none', faulty: false } as const, { daemon, index: 'auto', faulty: true } as const]
    : []),
])

for (const { daemon, index, faulty } of runs) {
  const program = programs[daemon]
  const missing = program === undefined ? undefined : whyMissing(await tryProvide(program))
  const made = missing === undefined ? await served(daemon, index, faulty) : undefined
  afterAll(() => made?.stop())
  const cases = made === undefined ? [] : conformance(made.subject)

  describe(`a folder that ${daemon} serves, index: ${index}${faulty ? ', over a bad line' : ''}`, () => {
    it.skipIf(missing !== undefined)('has its server', () => {
      expect(missing).toBeUndefined()
    })
    for (const { name, run } of faulty ? cases.filter((one) => one.name.startsWith('faults: ')) : cases) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
