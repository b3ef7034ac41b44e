import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, compareKeys, manifestOf, type Entry } from '../../src/index.ts'
import {
  configFolder,
  discoverPlugins,
  env,
  file,
  fileSource,
  fromNodeStream,
  loadPlugin,
  pluginFolder,
  secretFrom,
  secretReference,
  temporaryFiles,
  toNodeStream,
} from '../../src/node/index.ts'
import { sorted } from '../../src/store/sorted.ts'
import { bytesOf, chunked, codeOf, rich, ScriptedBackend, scriptedPlugin } from '../scripted-backend.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kit-core-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function put(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
}

describe('discovery (R1)', () => {
  const manifest = { ...manifestOf(scriptedPlugin(new ScriptedBackend(rich))), type: 'mine' }
  const code = (type: string): string =>
    `export const plugin = Object.assign((options) => ({ plugin, options }), { contract: 0, type: '${type}', aliases: [], schemes: [], options: {}, capabilities: {}, open() {} })`
  const plugin = (name: string, more: object = {}): object => ({
    name,
    version: '2.0.0',
    type: 'module',
    keywords: ['kit-backend'],
    kit: './kit.json',
    exports: { '.': './index.js' },
    ...more,
  })

  it('finds the plugins that the folder and its parents depend on, by their manifests, and runs nothing', async () => {
    await put('package.json', { dependencies: { 'kit-mine': '*', 'not-a-plugin': '*', 'not-installed': '*' } })
    await put('node_modules/kit-mine/package.json', plugin('kit-mine'))
    await put('node_modules/kit-mine/kit.json', manifest)
    await put('node_modules/kit-mine/index.js', 'throw new Error("it ran")')
    await put('node_modules/not-a-plugin/package.json', { name: 'not-a-plugin', version: '1.0.0' })
    await put('node_modules/unasked/package.json', plugin('unasked'))
    await put('deep/er/package.json', { devDependencies: { '@scope/kit-other': '*' } })
    await put('deep/er/node_modules/@scope/kit-other/package.json', plugin('@scope/kit-other'))
    await put('deep/er/node_modules/@scope/kit-other/kit.json', { ...manifest, type: 'other' })
    const found = await discoverPlugins(join(folder, 'deep/er/still/deeper'))
    expect(found.map((each) => [each.package, each.version, each.manifest.type])).toEqual([
      ['@scope/kit-other', '2.0.0', 'other'],
      ['kit-mine', '2.0.0', 'mine'],
    ])
  })

  it('looks into the plugin folder last', async () => {
    await put('plugins/package.json', { dependencies: { 'kit-mine': '*' } })
    await put('plugins/node_modules/kit-mine/package.json', plugin('kit-mine'))
    await put('plugins/node_modules/kit-mine/kit.json', manifest)
    await put('elsewhere/package.json', {})
    expect(await discoverPlugins(join(folder, 'elsewhere'), join(folder, 'plugins'))).toHaveLength(1)
  })

  it('loads by package specifier, links too, and refuses what contradicts its manifest', async () => {
    await put('package.json', {
      dependencies: { 'kit-mine': '*', 'kit-liar': '*', 'kit-empty': '*', 'kit-broken': '*' },
    })
    const bodies = {
      'kit-liar': code('something-else'),
      'kit-empty': 'export const nothing = 1',
      'kit-broken': 'throw new Error("broken")',
    }
    for (const [name, body] of Object.entries(bodies)) {
      await put(`node_modules/${name}/package.json`, plugin(name))
      await put(`node_modules/${name}/kit.json`, manifest)
      await put(`node_modules/${name}/index.js`, body)
    }
    await put('store/kit-mine/package.json', plugin('kit-mine'))
    await put('store/kit-mine/kit.json', manifest)
    await put('store/kit-mine/index.js', code('mine'))
    await symlink(join(folder, 'store/kit-mine'), join(folder, 'node_modules/kit-mine'))
    const found = await discoverPlugins(folder)
    const load = async (name: string): Promise<string> => {
      const one = found.find((each) => each.package === name)
      return one === undefined ? 'not found' : (await loadPlugin(one)).type
    }
    expect(await load('kit-mine')).toBe('mine')
    for (const name of Object.keys(bodies)) expect([name, await codeOf(load(name))]).toEqual([name, 'InvalidConfig'])
  })

  it('names the plugin whose manifest cannot be read', async () => {
    await put('package.json', { dependencies: { 'kit-mine': '*' } })
    await put('node_modules/kit-mine/package.json', plugin('kit-mine'))
    await expect(discoverPlugins(folder)).rejects.toThrow(/kit-mine/)
  })
})

describe('secrets', () => {
  it('are fetched late, from the environment or a file', async () => {
    const secret = env('KIT_TEST_SECRET')
    const get = secret as () => Promise<string>
    delete process.env['KIT_TEST_SECRET']
    expect(await codeOf(get())).toBe('InvalidConfig')
    process.env['KIT_TEST_SECRET'] = 'hush'
    expect(await get()).toBe('hush')
    await writeFile(join(folder, 'secret'), 'from a file\n')
    expect(await (file(join(folder, 'secret')) as () => Promise<string>)()).toBe('from a file')
    expect(await codeOf((file(join(folder, 'none')) as () => Promise<string>)())).toBe('InvalidConfig')
  })

  it('stand in files as references only, and show as such', () => {
    expect(secretReference(secretFrom('env:A'))).toBe('env:A')
    expect(secretReference(secretFrom('file:/a/b'))).toBe('file:/a/b')
    expect(secretReference('literal')).toBeUndefined()
    expect(() => secretFrom('hunter2')).toThrow(/InvalidConfig/)
    expect(() => secretFrom('hunter2')).not.toThrow(/hunter2/)
  })
})

describe('files as bodies', () => {
  it('can be sent again from any offset', async () => {
    const bytes = bytesOf(2_500_000)
    await writeFile(join(folder, 'f'), bytes)
    const source = await fileSource(join(folder, 'f'))
    expect(source.size).toBe(2_500_000)
    for (const from of [0, 1, 1_048_576, 2_500_000])
      expect(await collect(source.open(from) ?? new Uint8Array())).toEqual(bytes.slice(from))
  })

  it('fail with Conflict when the file changes in between', async () => {
    await writeFile(join(folder, 'f'), bytesOf(10))
    const source = await fileSource(join(folder, 'f'))
    await writeFile(join(folder, 'f'), bytesOf(20))
    expect(await codeOf(collect(source.open(0) ?? new Uint8Array()))).toBe('Conflict')
    expect(await codeOf(fileSource(join(folder, 'none')))).toBe('NotFound')
  })
})

describe('sorting with a spill', () => {
  it('gives the same order as in memory and leaves no file', async () => {
    const entries: Entry[] = Array.from({ length: 1000 }, (_, index) => ({
      kind: 'file',
      key: `k${(index * 7919) % 1000}-é\u{1F600}`,
      size: index,
      modified: new Date(index),
    }))
    const give = async function* (): AsyncGenerator<Entry> {
      yield* entries
    }
    const result = await Array.fromAsync(sorted(give(), temporaryFiles(folder), 64))
    expect(result).toEqual(entries.toSorted((a, b) => compareKeys(a.key, b.key)))
    expect(await readdir(folder)).toEqual([])
    const iterator = sorted(give(), temporaryFiles(folder), 64)
    await iterator.next()
    await iterator.return(undefined)
    expect(await readdir(folder)).toEqual([])
    expect(await codeOf(Array.fromAsync(sorted(give(), undefined, 64)))).toBe('TooLarge')
  })
})

describe('Node streams', () => {
  it('carry a body both ways and free it when destroyed', async () => {
    const bytes = bytesOf(100_000)
    expect(await collect(fromNodeStream(toNodeStream(chunked(bytes, 777))))).toEqual(bytes)
    let freed = false
    const body = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      try {
        for (;;) yield new Uint8Array(10)
      } finally {
        freed = true
      }
    }
    const stream = toNodeStream(body())
    for await (const chunk of stream) if (chunk.length > 0) break
    expect(freed).toBe(true)
    const readable = Readable.from([Buffer.from('abc'), Buffer.from('def')])
    for await (const chunk of fromNodeStream(readable)) {
      expect(chunk.buffer).toBeInstanceOf(ArrayBuffer)
      break
    }
    expect(readable.destroyed).toBe(true)
  })
})

describe('folders', () => {
  it('follow KIT_HOME, then XDG_CONFIG_HOME, then the home folder', () => {
    expect(configFolder({ KIT_HOME: '/k', XDG_CONFIG_HOME: '/x' })).toBe('/k')
    expect(configFolder({ XDG_CONFIG_HOME: '/x' })).toBe('/x/kit')
    expect(configFolder({})).toMatch(/\.config\/kit$/)
    expect(pluginFolder({ KIT_HOME: '/k' })).toBe('/k/plugins')
  })
})
