// The whole suite over a remote store through every layer alone and through all of them.
import { conformance, layerSets } from '@kit/conformance'
import { effectiveCapabilities, openStore } from '@kit/core'
import { afterAll, describe, expect, it } from 'vitest'
import { capabilities, meet } from '../src/capabilities.ts'
import { plugin } from '../src/index.ts'
import { kinds, served } from '../test/served.ts'

for (const kind of kinds) {
  const server = await served(kind)
  afterAll(() => server[Symbol.asyncDispose]())
  const own = meet(capabilities, server.capabilities)
  for (const { name: set, settings, own: layers } of layerSets) {
    describe(`a store of another Kit, over ${kind}, with ${set}`, () => {
      const open = async (): Promise<Awaited<ReturnType<typeof openStore>>> => {
        const spec = plugin({ url: server.url, store: await server.another(), capabilities: own, layers: settings })
        return openStore(spec, { layers: layers() })
      }
      const subject = {
        open,
        plugin,
        capabilities: effectiveCapabilities(own),
        inProcess: kind === 'memory',
        patienceMs: 10_000,
      }
      for (const { name, run } of conformance(subject)) {
        // oxlint-disable-next-line vitest/valid-title -- the title is data
        it(name, async () => {
          await expect(run()).resolves.toBeUndefined()
        })
      }
    })
  }
}
