import { describe, expect, it } from 'vitest'
import {
  checkOptions,
  contractNumber,
  createRegistry,
  definePlugin,
  effectiveCapabilities,
  isPlugin,
  isStoreSpec,
  manifestOf,
  openStore,
  optionsSchema,
  parseBytes,
  parseDuration,
  requireOptions,
  type Backend,
  type Plugin,
  type StoreSpec,
} from '../../src/index.ts'
import { bare, codeOf, rich, ScriptedBackend, scriptedPlugin } from '../scripted-backend.ts'

interface Options {
  path: string
  region?: 'eu' | 'us'
  cacheBytes?: number | `${number}${string}`
  timeout?: number | `${number}${string}`
  password?: string | (() => string)
  tls?: boolean
  hosts?: string[]
  count?: number
  over?: StoreSpec
}

const example: Plugin<Options> = definePlugin<Options>({
  contract: 0,
  type: 'example',
  aliases: ['old-example'],
  schemes: ['example'],
  options: {
    path: { type: 'string', description: 'Where.', required: true, aliases: ['EXAMPLE_PATH', 'root'] },
    region: { type: 'string', description: 'Which.', values: ['eu', 'us'], default: 'eu' },
    cacheBytes: { type: 'bytes', description: 'How much.', minimum: 10 },
    timeout: { type: 'duration', description: 'How long.' },
    password: { type: 'string', description: 'Secret.', secret: true },
    tls: { type: 'boolean', description: 'Whether.' },
    hosts: { type: 'list', description: 'Hosts.' },
    count: { type: 'number', description: 'How many.', minimum: 1 },
    over: { type: 'store', description: 'Below.' },
  },
  capabilities: rich,
  address: (url) => ({ path: url.pathname }),
  open: () => new ScriptedBackend(rich),
})

function definition(): Parameters<typeof definePlugin<{ note?: string }>>[0] {
  return {
    contract: 0,
    type: 'made',
    options: { note: { type: 'string', description: 'A note.' } },
    capabilities: rich,
    open: () => new ScriptedBackend(rich),
  }
}

describe('options', () => {
  it('come checked: canonical names, defaults, sizes and durations as numbers', () => {
    const { checked, problems } = checkOptions(example, {
      root: '/r',
      cacheBytes: '1 KiB',
      timeout: '2 min',
      layers: {},
      tls: undefined,
    })
    expect(problems).toEqual([])
    expect(checked).toEqual({ path: '/r', region: 'eu', cacheBytes: 1024, timeout: 120_000 })
  })

  it('are refused all at once, each named, with what was meant', () => {
    const { problems } = checkOptions(example, {
      pahh: 'x',
      region: 'mars',
      cacheBytes: 5,
      timeout: 'soon',
      tls: 'yes',
      hosts: 'one',
      count: 0,
      colour: 1,
    })
    expect(problems.map(({ path }) => String(path[0])).toSorted()).toEqual([
      'cacheBytes',
      'colour',
      'count',
      'hosts',
      'pahh',
      'path',
      'region',
      'timeout',
      'tls',
    ])
    expect(problems.find(({ path }) => path[0] === 'pahh')?.message).toContain('did you mean path?')
    expect(() => requireOptions(example, {})).toThrow(/path is missing: Where\./)
    expect(checkOptions(example, { path: 'a', root: 'b' }).problems[0]?.message).toContain('same option')
  })

  it('of layers and of what is wrapped are checked with the others', () => {
    const { problems } = checkOptions(example, { path: 'x', layers: { retries: {} } })
    expect(problems).toMatchObject([
      { path: ['layers'], message: expect.stringContaining('there is no layer retries') },
    ])
    const leaf = definePlugin({ ...definition(), type: 'leaf' })
    expect(checkOptions(leaf, { over: example({ path: 'x' }) }).problems).toMatchObject([{ path: ['over'] }])
  })

  it('that are maps of known fields are checked inside', () => {
    const fields = {
      path: { type: 'string', description: 'Where.', required: true, localPath: true },
      maxBytes: { type: 'bytes', description: 'Most.', default: '1 KiB' },
    } as const
    const disk = definePlugin<{ disk?: { path: string } }>({
      ...definition(),
      options: { disk: { type: 'map', description: 'Disk.', fields } },
    } as never)
    expect(checkOptions(disk, { disk: { path: 'a' } }).checked).toEqual({ disk: { path: 'a', maxBytes: 1024 } })
    for (const bad of [{}, { path: 1 }, { path: 'a', size: 1 }])
      expect(checkOptions(disk, { disk: bad }).problems).toHaveLength(1)
  })

  it('never repeat a secret in a message', () => {
    for (const password of [12_345, { hunter: 2 }])
      expect(() => requireOptions(example, { path: 'x', password })).not.toThrow(/12345|hunter/)
  })

  it('sizes and durations know their units', () => {
    expect([parseBytes('10 GB'), parseBytes('10gib'), parseBytes('1.5 KiB'), parseBytes(7), parseBytes('7')]).toEqual([
      1e10,
      10 * 2 ** 30,
      1536,
      7,
      7,
    ])
    expect([parseDuration('1.5 s'), parseDuration('7 d'), parseDuration(20), parseDuration('5m')]).toEqual([
      1500, 604_800_000, 20, 300_000,
    ])
    for (const bad of ['', 'x', '1 XB', '-1', '1e30', 'constructor', '5 toString'])
      expect(() => parseBytes(bad)).toThrow(/InvalidConfig/)
  })

  it('give a JSON Schema that takes secrets as references only', () => {
    const schema = optionsSchema(example) as {
      properties: Record<string, Record<string, unknown>>
      required: string[]
      additionalProperties: boolean
    }
    expect(schema.required).toEqual(['type'])
    expect(schema.additionalProperties).toBe(false)
    expect(schema.properties['password']).toMatchObject({ pattern: '^(env|file):', writeOnly: true })
    expect(schema.properties['region']).toMatchObject({ enum: ['eu', 'us'], default: 'eu' })
    expect(schema.properties['over']).toMatchObject({ $ref: '#/$defs/store' })
    expect(schema.properties['root']).toMatchObject({ deprecated: true })
    expect(schema.properties['EXAMPLE_PATH']).toBeUndefined()
  })
})

describe('plugins', () => {
  it('are callable and give plain specs', () => {
    const spec = example({ path: '/r', layers: { deadline: '1 s' } })
    expect(spec).toEqual({ plugin: example, options: { path: '/r', layers: { deadline: '1 s' } } })
    expect(isPlugin(example)).toBe(true)
    expect(isStoreSpec(spec)).toBe(true)
    expect(isStoreSpec({ plugin: {}, options: {} })).toBe(false)
  })

  it('have a manifest that is plain JSON', () => {
    const manifest = manifestOf(example)
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest)
    expect(manifest).toMatchObject({
      contract: 0,
      type: 'example',
      aliases: ['old-example'],
      schemes: ['example'],
      wraps: 'one',
    })
  })

  it('are found by type, alias and address; two of one name are an error', () => {
    const registry = createRegistry([example])
    expect(registry.get('old-example')).toBe(example)
    expect(registry.address('example://host/a/b').options).toEqual({ path: '/a/b' })
    expect(() => registry.get('s3')).toThrow(/installed are example, old-example/)
    for (const bad of ['nonsense', 'other://x', 'example://user:hunter2@host/'])
      expect(() => registry.address(bad)).toThrow(/InvalidConfig/)
    const twin = definePlugin({ ...definition(), type: 'twin', schemes: ['example'] })
    expect(() => createRegistry([example, twin])).toThrow(/two plugins .* claim the scheme example/)
  })

  it('of a newer contract are refused by name', async () => {
    const newer = definePlugin({ ...definition(), contract: contractNumber + 1 })
    expect(await codeOf(openStore(newer({})))).toBe('InvalidConfig')
    expect(() => createRegistry([newer])).toThrow(/contract/)
  })
})

describe('opening', () => {
  it('opens inner stores first, in Backend form, and closes everything once', async () => {
    const inner = new ScriptedBackend(bare)
    let given: Backend | undefined
    const outer = new ScriptedBackend(rich)
    const wrapper = definePlugin<{ over: StoreSpec }>({
      contract: 0,
      type: 'wrapper',
      options: { over: { type: 'store', description: 'Below.', required: true } },
      capabilities: rich,
      open: (_options, environment) => {
        given = environment.over[0]
        return outer
      },
    })
    inner.put('d/a', 'text')
    const store = await openStore(wrapper({ over: { plugin: scriptedPlugin(inner), options: {} } }), { name: 'top' })
    expect(given?.capabilities).toEqual(effectiveCapabilities(bare))
    const context = { signal: new AbortController().signal, requestId: 'r', attempt: 1, log: () => undefined }
    const part = await given?.read(context, 'd/a' as never, { range: { from: 1, to: 3 } })
    expect(new TextDecoder().decode(part?.body as Uint8Array)).toBe('ex')
    await store.close()
    await store.close()
    expect([outer.closed, inner.closed]).toEqual([1, 1])
    expect(await codeOf(store.stat('a'))).toBe('Aborted')
  })

  it('closes what was opened when a later part fails', async () => {
    const inner = new ScriptedBackend(rich)
    const failing = definePlugin<{ over: StoreSpec }>({
      contract: 0,
      type: 'failing',
      options: { over: { type: 'store', description: 'Below.' } },
      capabilities: rich,
      open: () => {
        throw new Error('no')
      },
    })
    await expect(openStore(failing({ over: { plugin: scriptedPlugin(inner), options: {} } }))).rejects.toThrow('no')
    expect(inner.closed).toBe(1)
  })

  it('refuses unknown layers, and a backend that declares what it has not', async () => {
    const backend = new ScriptedBackend(rich)
    expect(await codeOf(openStore({ plugin: scriptedPlugin(backend), options: { layers: { retries: {} } } }))).toBe(
      'InvalidConfig',
    )
    expect(
      await codeOf(openStore({ plugin: scriptedPlugin(backend), options: { layers: { retry: { attempts: 0 } } } })),
    ).toBe('InvalidConfig')
    const lying = new ScriptedBackend({ ...rich, ops: { ...rich.ops, url: 'native', pins: 'native' } })
    await expect(openStore({ plugin: scriptedPlugin(lying), options: {} })).rejects.toThrow(/declares url, pins/)
  })
})
