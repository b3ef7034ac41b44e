import { readFileSync } from 'node:fs'
import { conformance, type Fault, type Subject } from '@kit/conformance'
import { effectiveCapabilities, openStore } from '@kit/core'
import {
  startFaultProxy,
  startKubo,
  startLassie,
  tryProvide,
  whyMissing,
  type FaultProxy,
  type Faults,
} from '@kit/test-servers'
import { cidOf } from '@kit/content'
import { afterAll, describe, expect, it } from 'vitest'
import { plugin, type GatewayOptions } from '../src/index.ts'
import { seed } from './kubo-content.ts'

const kuboProgram = await tryProvide('kubo')
const lassieProgram = await tryProvide('lassie')
const missing = whyMissing(kuboProgram) ?? whyMissing(lassieProgram)
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`)

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

interface Subjects extends AsyncDisposable {
  readonly subjects: readonly { readonly name: string; readonly subject: Subject }[]
}

async function started(lassieProgramPath: string): Promise<Subjects> {
  const kubo = await startKubo()
  const lassie = await startLassie({ providers: [kubo.gateway], token: 'sesame' })
  const proxy = await startFaultProxy({ target: kubo.gateway, http: true })
  const manifest: unknown = JSON.parse(readFileSync(new URL('../kit.json', import.meta.url), 'utf8'))
  const bytes = new TextEncoder().encode('a block of the conformance suite')
  await kubo.ipfs(['block', 'put', '--cid-codec=raw'], 'a block of the conformance suite')
  const blockSample = { cid: cidOf('raw', bytes), bytes }
  const subject = (options: Omit<GatewayOptions, 'timeout'>, more: Partial<Subject> = {}): Subject => ({
    plugin,
    manifest,
    capabilities: effectiveCapabilities(plugin.narrow?.({ timeout: 1, ...options }) ?? plugin.capabilities),
    open: () => openStore(plugin({ ...options, layers: { retry: { attempts: 2, base: 10 } } })),
    shared: true,
    seed: (objects) => seed(kubo, objects),
    blockSample,
    patienceMs: 10_000,
    ...more,
  })
  return {
    subjects: [
      {
        name: "Kubo's gateway",
        subject: subject(
          { endpoints: [proxy.endpoint] },
          { requests: () => proxy.requests.length, fault: (fault) => happening(proxy, fault) },
        ),
      },
      { name: 'a Lassie daemon', subject: subject({ endpoints: [lassie.endpoint], token: 'sesame' }) },
      {
        name: 'a Lassie daemon of the store itself',
        subject: subject({ lassie: { program: lassieProgramPath, providers: [kubo.gateway] } }),
      },
    ],
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await lassie.stop()
      await kubo.stop()
    },
  }
}

const running = 'path' in lassieProgram && missing === undefined ? await started(lassieProgram.path) : undefined
afterAll(async () => running?.[Symbol.asyncDispose]())

describe.skipIf(running === undefined)('read-only, over', () => {
  for (const { name, subject } of running?.subjects ?? []) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    describe(name, () => {
      for (const { name: title, run } of conformance(subject)) {
        // oxlint-disable-next-line vitest/valid-title -- the title is data
        it(title, async () => {
          await expect(run()).resolves.toBeUndefined()
        })
      }
    })
  }
})
