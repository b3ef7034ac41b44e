import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { plugin as memory } from '@kit/backend-memory'
import { describe, expect, test } from 'vitest'
import { checkConfig, configProblems, openKit } from '../src/index.ts'
import { cache, configFile, installPackages, loadedPackages, s3, temporaryFolder, webdav } from './fakes.ts'

const twoStores = 'stores:\n  a: { type: memory }\n  b: { type: memory, layers: { retry: false } }\n'

describe('openKit', () => {
  test('gives the stores of a file by name (M1, M7)', async () => {
    const config = await configFile(twoStores)
    await using kit = await openKit({ config, plugins: [memory] })
    expect(kit).toMatchObject({
      path: config,
      stores: [
        { name: 'a', type: 'memory' },
        { name: 'b', type: 'memory' },
      ],
    })
    const store = await kit.store('a')
    await store.write('x', 'hello')
    expect(store.name).toBe('a')
    expect(await (await kit.store('a')).stat('x')).toMatchObject({ size: 5 })
  })

  test('opens a store once, however many ask at the same time', async () => {
    await using kit = await openKit({ config: await configFile(twoStores), plugins: [memory] })
    const [first, second] = await Promise.all([kit.store('a'), kit.store('a')])
    expect(first).toBe(second)
    expect(await kit.store('b')).not.toBe(first)
  })

  test('keeps files next to the configuration, wherever the program runs', async () => {
    const config = await configFile('stores: { a: { type: fs, path: data } }')
    await using kit = await openKit({ config, plugins: [fs] })
    await (await kit.store('a')).write('x', 'hello')
    expect(await readFile(join(dirname(config), 'data/x'), 'utf8')).toBe('hello')
  })

  test('closes the stores with itself and opens none afterwards', async () => {
    const kit = await openKit({ config: await configFile(twoStores), plugins: [memory] })
    const store = await kit.store('a')
    await kit.close()
    await kit.close()
    await expect(store.stat('x')).rejects.toMatchObject({ code: 'Aborted' })
    await expect(kit.store('b')).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('says which stores there are when one is not', async () => {
    await using kit = await openKit({ config: await configFile(twoStores), plugins: [memory] })
    await expect(kit.store('c')).rejects.toMatchObject({ code: 'NotFound', message: expect.stringContaining('a, b') })
  })

  test('finds kit.yaml in a folder above', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'kit.yaml'), twoStores)
    await mkdir(join(folder, 'deep/deeper'), { recursive: true })
    await using kit = await openKit({ cwd: join(folder, 'deep/deeper'), plugins: [memory] })
    expect(kit.path).toBe(join(folder, 'kit.yaml'))
  })

  test('looks into the user’s configuration folder last, and is empty where nothing is', async () => {
    const folder = await temporaryFolder()
    await using kit = await openKit({ cwd: folder, environment: { KIT_HOME: join(folder, 'home') } })
    expect(kit).toMatchObject({ path: join(folder, 'home/kit.yaml'), stores: [] })
    await expect(kit.store('a')).rejects.toMatchObject({ message: expect.stringContaining('no stores are configured') })
  })

  test('loads the code of a lazy plugin once, for stores of its type and for no others', async () => {
    const config = await configFile(`${twoStores}  c: { type: aws, bucket: x }\n  d: { type: s3 }\n`)
    let loads = 0
    const lazy = { type: 's3', aliases: ['aws'], schemes: ['s3'], load: async () => (loads++, s3) }
    await using kit = await openKit({ config, builtIn: [memory, lazy] })
    await kit.store('a')
    await kit.describe('b')
    await expect(kit.address('nope://x')).rejects.toMatchObject({ code: 'InvalidConfig' })
    expect(loads).toBe(0)
    // It is like an installed one: what is wrong with a store of its type shows when that is opened.
    await expect(kit.store('d')).rejects.toMatchObject({ message: expect.stringMatching(/kit\.yaml:5:.*bucket/) })
    expect(await kit.describe('c')).toMatchObject({ type: 'aws', options: { bucket: 'x' } })
    expect(await kit.plugin('aws')).toBe(s3)
    expect((await kit.plugins()).map(({ manifest, origin }) => [manifest.type, origin])).toEqual([
      ['memory', 'built in'],
      ['s3', 'built in'],
    ])
    expect(loads).toBe(1)
    const old = { ...lazy, load: async () => Object.assign(() => s3({ bucket: 'x' }), { ...s3, contract: 99 }) }
    await using other = await openKit({ config, builtIn: [memory, old] })
    await expect(other.store('c')).rejects.toMatchObject({ message: expect.stringContaining('99') })
  })

  test('refuses a named file that does not exist', async () => {
    const config = join(await temporaryFolder(), 'none.yaml')
    await expect(openKit({ config })).rejects.toMatchObject({ code: 'InvalidConfig' })
  })

  test('refuses a file that is not UTF-8', async () => {
    const config = await configFile('')
    await writeFile(config, Uint8Array.of(0x61, 0xff))
    await expect(openKit({ config })).rejects.toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(/not UTF-8/),
    })
  })

  test('tells the problems of all stores at once (M6)', async () => {
    const config = await configFile('stores:\n  a: { type: memory, max: 1 }\n  b: { type: s3 }\n')
    const error: unknown = await openKit({ config, plugins: [memory, s3] }).catch((caught: unknown) => caught)
    expect(configProblems(error)).toMatchObject([
      { file: config, line: 2 },
      { file: config, line: 3 },
    ])
  })

  test('fails only the stores that need what this machine lacks', async () => {
    const text = 'stores:\n  a: { type: memory }\n  b: { type: s3, bucket: "${B}" }\n  c: { type: other }\n'
    await using kit = await openKit({ config: await configFile(text), plugins: [memory, s3] })
    await kit.store('a')
    await expect(kit.store('b')).rejects.toMatchObject({
      message: expect.stringMatching(/kit\.yaml:3:26: .* B is not set/),
    })
    await expect(kit.store('c')).rejects.toMatchObject({
      message: expect.stringMatching(/kit\.yaml:4:14: .* type other; there are memory, s3/),
    })
    expect(await kit.check()).toMatchObject([{ line: 3 }, { line: 4 }])
  })

  test('tells the line of wrong settings of layers', async () => {
    const text = 'stores:\n  a: { type: memory, layers: { nonsense: true } }\n'
    const opening = openKit({ config: await configFile(text), plugins: [memory] })
    await expect(opening).rejects.toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(/kit\.yaml:2:\d+: .*nonsense/),
    })
  })
})

describe('checkConfig', () => {
  test('tells all that is wrong, of the text and of the stores, with what to do (M6)', async () => {
    const text =
      'storse: {}\nstores:\n  a: { type: memory, max: 1 }\n  b: { type: webdav, url: "${U}", password: secret }\n  c: { type: none }\n  d: { over: x }\n'
    const config = await configFile(text)
    const { path, exists, problems } = await checkConfig({ config, plugins: [memory, webdav] })
    expect({ path, exists }).toStrictEqual({ path: config, exists: true })
    expect(problems).toMatchObject([
      { file: config, line: 1, column: 1, message: expect.stringContaining('storse') },
      { line: 3, message: expect.stringContaining('max') },
      { line: 4, message: expect.stringContaining('U is not set'), hint: expect.stringContaining('environment') },
      { line: 4, message: expect.stringContaining('reference'), hint: expect.stringContaining('env:NAME') },
      { line: 5, message: expect.stringContaining('none'), hint: expect.stringContaining('kit plugin add') },
      { line: 6, message: expect.stringContaining('no type') },
    ])
    expect(JSON.stringify(problems)).not.toContain('secret:')
  })

  test('finds nothing wrong where there is no file', async () => {
    const folder = await temporaryFolder()
    const checked = await checkConfig({ cwd: folder, environment: { KIT_HOME: join(folder, 'home') } })
    expect(checked).toStrictEqual({ path: join(folder, 'home/kit.yaml'), exists: false, problems: [] })
  })
})

describe('plugins', () => {
  test('are found from the file’s folder and run only for the stores that need them (R1)', async () => {
    const folder = await temporaryFolder()
    await installPackages(folder, { 'kit-red': 'red', 'kit-blue': 'blue' })
    await writeFile(
      join(folder, 'kit.yaml'),
      'stores: { r: { type: red, token: env:T }, b: { type: blue, login: { user: ann, password: literal } } }',
    )
    await using kit = await openKit({ cwd: folder })
    expect(await kit.describe('r')).toMatchObject({
      name: 'r',
      type: 'red',
      line: 1,
      package: 'kit-red',
      version: '1.2.3',
      options: { token: 'env:T' },
      capabilities: { directories: 'implied' },
    })
    expect((await kit.describe('b')).options).toStrictEqual({ login: { user: 'ann', password: '(not shown)' } })
    expect((await kit.plugins()).map(({ manifest }) => manifest.type)).toStrictEqual(['red', 'blue'])
    expect(loadedPackages()).toStrictEqual([])
    await kit.store('r')
    expect(loadedPackages()).toStrictEqual(['kit-red'])
  })

  test('that the program passes in come first, built-in ones last', async () => {
    const folder = await temporaryFolder()
    await installPackages(folder, { 'kit-memory': 'memory', 'kit-s3': 's3' })
    await writeFile(
      join(folder, 'kit.yaml'),
      'stores: { m: { type: memory }, s: { type: s3 }, w: { type: webdav, url: u } }',
    )
    await using kit = await openKit({ cwd: folder, plugins: [memory], builtIn: [s3, webdav] })
    expect((await kit.describe('m')).package).toBeUndefined()
    expect((await kit.describe('s')).package).toBe('kit-s3')
    expect(await kit.describe('w')).toMatchObject({ type: 'webdav', options: { url: 'u' } })
  })

  test('of one type from two packages need a pin', async () => {
    const folder = await temporaryFolder()
    await installPackages(folder, { 'kit-one': 'same', 'kit-two': 'same' })
    const config = join(folder, 'kit.yaml')
    await writeFile(config, 'stores: { a: { type: same } }')
    await using unpinned = await openKit({ config })
    await expect(unpinned.store('a')).rejects.toMatchObject({
      message: expect.stringMatching(/kit\.yaml:1:22: several .* kit-one, kit-two; .*`plugins: \{ same: "kit-one" \}`/),
    })
    await writeFile(config, 'stores: { a: { type: same } }\nplugins: { same: kit-two }')
    await using pinned = await openKit({ config })
    await pinned.store('a')
    expect(loadedPackages()).toStrictEqual(['kit-two'])
  })

  test('open inline addresses by scheme', async () => {
    const folder = await temporaryFolder()
    await installPackages(folder, { 'kit-red': 'red' })
    await using kit = await openKit({ config: join(folder, 'kit.yaml'), create: true })
    expect(await kit.address('red://x')).toBe(await kit.address('red://x'))
    await expect(kit.address('green://x')).rejects.toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(/green:/),
    })
    await expect(kit.address('x')).rejects.toMatchObject({ code: 'InvalidConfig' })
    loadedPackages()
  })

  test('are described with what they wrap, without literal secrets', async () => {
    const text =
      'stores:\n  a: { type: cache, over: [w] }\n  w: { type: webdav, url: "${U}", password: env:P }\n  x: { type: none, key: k }\n'
    await using kit = await openKit({ config: await configFile(text), plugins: [cache, webdav] })
    expect(await kit.describe('a')).toMatchObject({
      type: 'cache',
      over: [{ name: 'w', type: 'webdav', line: 3, options: { url: '${U}', password: 'env:P' } }],
    })
    expect(await kit.describe('x')).toMatchObject({ missing: /no installed plugin/, options: { key: '(not shown)' } })
  })
})
