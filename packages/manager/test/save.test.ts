import { spawnSync } from 'node:child_process'
import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { plugin as memory } from '@kit/backend-memory'
import { env } from '@kit/core/node'
import { describe, expect, test } from 'vitest'
import { openKit } from '../src/index.ts'
import { cache, configFile, temporaryFolder, webdav } from './fakes.ts'

const plugins = [memory, cache, webdav]
const text = `# yaml-language-server: $schema=./kit.schema.json
# My stores.
stores:
  # The second one.
  b: { type: memory, layers: { retry: false } } # small

  a:
    type: cache
    over: b
mounts: { /x: a }
`

describe('save', () => {
  test('adds a store and keeps comments, order and the rest (M7)', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await kit.add('nas', { type: 'webdav', url: 'https://nas.example.org/', password: env('NAS_PASSWORD') })
    expect(await readFile(config, 'utf8')).toBe(text)
    await kit.save()
    const added = '  nas:\n    type: webdav\n    url: https://nas.example.org/\n    password: env:NAS_PASSWORD\n'
    expect(await readFile(config, 'utf8')).toBe(text.replace('mounts:', `${added}mounts:`))
  })

  test('removes a store and closes it (M7)', async () => {
    const config = await configFile('stores:\n  a: { type: memory }\n  b: { type: memory }\n')
    await using kit = await openKit({ config, plugins })
    const store = await kit.store('a')
    await kit.remove('a')
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe('stores:\n  b: { type: memory }\n')
    await expect(store.stat('x')).rejects.toMatchObject({ code: 'Aborted' })
    await expect(kit.store('a')).rejects.toMatchObject({ code: 'NotFound' })
  })

  test('writes with mode 0600 and leaves no other file (M7)', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await kit.add('c', { type: 'memory' })
    await kit.save()
    expect((await stat(config)).mode & 0o777).toBe(0o600)
    expect(await readdir(dirname(config))).toStrictEqual(['kit.yaml'])
  })

  test('makes a file that was not there, and its folder', async () => {
    const config = join(await temporaryFolder(), 'deep/kit.yaml')
    await using kit = await openKit({ config, create: true, plugins })
    await kit.add('c', { type: 'memory' })
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe('stores:\n  c:\n    type: memory\n')
  })

  test('refuses to overwrite a file that changed since it was read', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await kit.add('c', { type: 'memory' })
    await writeFile(config, `${text}# more\n`)
    await expect(kit.save()).rejects.toMatchObject({ code: 'Conflict' })
    expect(await readFile(config, 'utf8')).toBe(`${text}# more\n`)
    expect(await readdir(dirname(config))).toStrictEqual(['kit.yaml'])
  })

  test('saves twice in a row', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await kit.add('c', { type: 'memory' })
    await kit.save()
    await kit.add('d', { type: 'memory' })
    await kit.save()
    expect(await readFile(config, 'utf8')).toContain('  d:\n    type: memory\n')
  })

  test('writes through a symbolic link', async () => {
    const config = await configFile(text)
    const link = join(dirname(config), 'link.yaml')
    await symlink('kit.yaml', link)
    await using kit = await openKit({ config: link, plugins })
    await kit.add('c', { type: 'memory' })
    await kit.save()
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect(await readFile(config, 'utf8')).toContain('  c:\n')
  })

  test('does not touch a file when nothing changed', async () => {
    const config = await configFile(text)
    const before = await stat(config)
    await using kit = await openKit({ config, plugins })
    await kit.save()
    expect((await stat(config)).ino).toBe(before.ino)
  })
})

describe('update', () => {
  test('sets and takes out options, and keeps the rest as it is written (X4)', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    const store = await kit.store('b')
    await kit.update('b', { maxBytes: '1 MiB', layers: undefined })
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe(
      text.replace('{ type: memory, layers: { retry: false } }', '{ type: memory, maxBytes: 1 MiB }'),
    )
    await expect(store.stat('x')).rejects.toMatchObject({ code: 'Aborted' })
    expect(await kit.store('b')).not.toBe(store)
  })

  test('refuses what would make the file wrong, and changes nothing', async () => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await expect(kit.update('b', { max: 1 })).rejects.toMatchObject({ code: 'InvalidConfig' })
    await expect(kit.update('c', {})).rejects.toMatchObject({ code: 'NotFound' })
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe(text)
  })
})

describe('the comment that names the schema', () => {
  test('is put at the top once, and replaced where it is there', async () => {
    const config = await configFile('# Mine.\nstores: {}\n')
    await using kit = await openKit({ config, plugins })
    kit.nameSchema('./a$&.json')
    kit.nameSchema('./b$&.json')
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe('# yaml-language-server: $schema=./b$&.json\n# Mine.\nstores: {}\n')
  })
})

describe('two programs that save at once', () => {
  test('never lose a change: one wins, the others are told (M7)', async () => {
    const config = await configFile('stores: {}\n')
    const save = async (name: string): Promise<string> => {
      for (let conflicts = 0; ; conflicts++) {
        await using kit = await openKit({ config, plugins })
        await kit.add(name, { type: 'memory' })
        try {
          await kit.save()
          return `${name} after ${conflicts}`
        } catch (error) {
          expect(error).toMatchObject({ code: 'Conflict' })
        }
      }
    }
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`)
    await Promise.all(names.map(save))
    await using kit = await openKit({ config, plugins })
    expect(kit.stores.map(({ name }) => name).toSorted()).toStrictEqual(names.toSorted())
    expect(await readdir(dirname(config))).toStrictEqual(['kit.yaml'])
  })

  test('are not held up by one that died while it saved', async () => {
    const config = await configFile(text)
    const { pid } = spawnSync(process.execPath, ['--version'])
    await writeFile(join(dirname(config), '.kit.yaml.lock'), JSON.stringify({ pid, host: hostname() }))
    await using kit = await openKit({ config, plugins })
    await kit.add('c', { type: 'memory' })
    await kit.save()
    expect(await readdir(dirname(config))).toStrictEqual(['kit.yaml'])
  })

  test('wait for each other, and give up on one that does not end', async () => {
    const config = await configFile(text)
    const lock = join(dirname(config), '.kit.yaml.lock')
    await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname() }))
    await using kit = await openKit({ config, plugins })
    await kit.add('c', { type: 'memory' })
    await expect(kit.save()).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(lock) })
    expect(await readFile(config, 'utf8')).toBe(text)
  })
})

describe('a change that would make the file wrong', () => {
  test.each([
    ['a store that is there', 'b', { type: 'memory' }, 'AlreadyExists', /already/],
    ['a name that is none', 'x:y', { type: 'memory' }, 'InvalidConfig', /no name of a store/],
    ['an option that there is not', 'c', { type: 'memory', max: 1 }, 'InvalidConfig', /kit\.yaml:14:5: .*max/],
    ['a type that there is not', 'c', { type: 'nonsense' }, 'InvalidConfig', /nonsense/],
    ['a literal secret', 'c', { type: 'webdav', url: 'u', password: 'p' }, 'InvalidConfig', /secret is a reference/],
    ['a cycle', 'c', { type: 'cache', over: 'c' }, 'InvalidConfig', /wrap themselves/],
  ])('is refused: %s', async (_, name, entry, code, message) => {
    const config = await configFile(text)
    await using kit = await openKit({ config, plugins })
    await expect(kit.add(name, entry)).rejects.toMatchObject({ code, message })
    expect(kit.stores).toHaveLength(2)
    await kit.save()
    expect(await readFile(config, 'utf8')).toBe(text)
  })

  test('is refused: removing a store that another wraps', async () => {
    await using kit = await openKit({ config: await configFile(text), plugins })
    await expect(kit.remove('b')).rejects.toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(/no store b/),
    })
    expect(kit.stores).toHaveLength(2)
  })
})
