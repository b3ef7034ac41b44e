import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
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
