import { effectiveCapabilities, errorCode, openStore, type Capabilities } from '@kit/core'
import { fs } from '@kit/backend-fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { capabilities, differences, meet, unasked } from '../src/capabilities.ts'
import { plugin, type KitOptions } from '../src/index.ts'
import { served, type Kind, type Served } from './served.ts'

async function server(kind: Kind): Promise<Served> {
  const made = await served(kind)
  onTestFinished(() => made[Symbol.asyncDispose]())
  return made
}

const weak: Capabilities = {
  ops: { write: 'emulated', list: 'native' },
  etag: 'weak',
  read: {},
  write: { durable: 'process', attributes: [] },
  list: { ordered: 'emulated', pageMax: 10, fields: [] },
  keys: { maxBytes: 100, caseSensitive: false, unicode: 'nfc', forbidden: ':' },
  directories: 'implied',
  consistent: { read: false, list: false },
}

describe('what a remote store can do', () => {
  it('is what both sides can, and the same once more', () => {
    for (const remote of [effectiveCapabilities(fs.capabilities), weak, capabilities, unasked]) {
      const met = meet(capabilities, remote)
      expect(meet(capabilities, met)).toEqual(met)
      expect(meet(met, remote)).toEqual(met)
      expect(JSON.parse(JSON.stringify(met))).toEqual(met)
      expect(differences(met, capabilities)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^ops/)]))
    }
  })

  it('is no more than the store behind the server can', () => {
    const met = meet(capabilities, weak)
    expect(met.ops).toEqual({ write: 'native', list: 'native' })
    expect(met).toMatchObject({ etag: 'weak', directories: 'implied', consistent: { read: false, list: false } })
    expect(met.write).not.toHaveProperty('atomic')
    expect(met.write).not.toHaveProperty('ifMatch')
    expect(met.list).not.toHaveProperty('ordered')
  })

  it('has exact names, because the other side spells them as its store needs', () => {
    expect(meet(capabilities, weak).keys).toEqual({ maxBytes: 100, caseSensitive: true, unicode: 'exact' })
  })

  it('is told by a probe, and what it tells can be saved as JSON and given again', async () => {
    const { url, name } = await server('fs')
    await using asked = await openStore(plugin({ url, store: name }))
    const saved: object = JSON.parse(JSON.stringify(await asked.probe()))
    expect(saved).toMatchObject({ directories: 'real', write: { attributes: ['modified', 'mode'] } })
    await using store = await openStore(plugin({ url, store: name, capabilities: saved }))
    expect(store.can('url')).toBe(false)
    await store.write('a', 'x', { ifAbsent: true })
    expect(await (await store.read('a')).text()).toBe('x')
  })

  it('is refused at the first call where a saved one claims what is not so, by name', async () => {
    const { url, name } = await server('fs')
    const claimed = meet(capabilities, {
      ...effectiveCapabilities(fs.capabilities),
      consistent: { read: true, list: true },
    })
    const more = {
      ...claimed,
      write: { ...claimed.write, attributes: ['contentType', 'modified'] },
      ops: { ...claimed.ops, url: 'native' },
    }
    await using store = await openStore(plugin({ url, store: name, capabilities: more }))
    expect(await store.stat('a').catch((error: unknown) => error)).toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(
        /ops\.url.*write\.attributes\.contentType|write\.attributes\.contentType.*ops\.url/,
      ),
    })
  })

  it('is no map of something else', async () => {
    const options: KitOptions = { url: 'https://h', store: 's', capabilities: { ops: {} } }
    const failed = await openStore(plugin(options)).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'InvalidConfig', message: expect.stringContaining('read, keys') })
  })
})

describe('a store that was not asked', () => {
  it('refuses an attribute that would be lost on the other side, and writes nothing', async () => {
    const { url, name } = await server('fs')
    await using store = await openStore(plugin({ url, store: name }))
    const failed = await store.write('a', 'x', { contentType: 'text/plain' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'Unsupported', message: expect.stringContaining('contentType') })
    expect(errorCode(await store.stat('a').catch((error: unknown) => error))).toBe('NotFound')
  })

  it("passes on the other side's own Unsupported", async () => {
    const { url, name } = await server('memory')
    await using store = await openStore(plugin({ url, store: name }))
    const failed = await store.links.make('a', 'b').catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'Unsupported', retry: 'never', applied: 'no' })
  })

  it('promises nothing in its name', () => {
    expect(unasked).toMatchObject({
      write: { durable: 'process', conditionScope: 'host' },
      consistent: { read: false, list: false },
    })
  })
})
