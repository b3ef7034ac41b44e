import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { jsonLines, workplace, type Workplace } from './kit-command.ts'

// npm is run by these, without network.
vi.setConfig({ testTimeout: 120_000 })

const capabilities = {
  ops: { write: 'native' },
  read: {},
  keys: { maxBytes: 100, caseSensitive: true, unicode: 'exact' },
  directories: 'implied',
  consistent: { read: true, list: true },
}

interface Made {
  readonly type?: string
  readonly contract?: number
  readonly keywords?: readonly string[]
  readonly manifest?: string
  readonly peers?: Readonly<Record<string, string>>
}

/** The folder of a plugin package; its code tells on standard error that it ran, and its install script leaves a file. */
async function pluginSource({ folder }: Workplace, name: string, made: Made = {}): Promise<string> {
  const { type = name.replace(/^kit-/, ''), contract = 0, keywords = ['kit-backend'] } = made
  const at = join(folder, 'sources', name)
  const head = { contract, type, aliases: [], schemes: [] }
  const options = {
    type: 'object',
    properties: { type: { const: type }, url: { type: 'string', description: 'Where.' } },
    required: ['type', 'url'],
  }
  await mkdir(at, { recursive: true })
  const scripts = { postinstall: `node -e "require('fs').writeFileSync('${join(folder, 'ran')}', '')"` }
  const own = {
    name,
    version: '1.2.3',
    type: 'module',
    exports: './index.js',
    keywords,
    kit: './kit.json',
    scripts,
    peerDependencies: made.peers,
  }
  await writeFile(join(at, 'package.json'), JSON.stringify(own))
  await writeFile(
    join(at, 'kit.json'),
    made.manifest ?? JSON.stringify({ ...head, wraps: 'nothing', options, capabilities }),
  )
  await writeFile(
    join(at, 'index.js'),
    `console.error('RAN ${name}')
     const capabilities = ${JSON.stringify(capabilities)}
     const missing = async () => { throw new Error('nothing here') }
     export const plugin = Object.assign((options) => ({ plugin, options }), ${JSON.stringify(head)}, {
       capabilities, options: { url: { type: 'string', description: 'Where.', required: true } },
       open: () => ({ capabilities, stat: missing, read: missing, write: missing }),
     })`,
  )
  return at
}

/** The same, packed as it would be published. */
async function packed(place: Workplace, name: string, made: Made = {}): Promise<string> {
  const at = await pluginSource(place, name, made)
  const { stdout, stderr, status } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', place.folder],
    { cwd: at, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return join(place.folder, `${name}-1.2.3.tgz`).replace(/^$/, stdout)
}

const offline = { npm_config_offline: 'true' }

describe('kit plugin', () => {
  test('installs a packed plugin, lists it and uses it; nothing of it runs before (R1)', async () => {
    const place = await workplace('stores: {}\n')
    const { folder, kit } = place
    await packed(place, 'kit-red')
    const added = await kit(['plugin', 'add', './kit-red-1.2.3.tgz'], { environment: offline })
    expect(added).toMatchObject({ code: 0, stdout: 'added kit-red 1.2.3, type red\n' })
    expect(added.stderr).toContain(
      `npm install ${join(folder, 'kit-red-1.2.3.tgz')} (into ${join(folder, 'home/plugins')})`,
    )
    expect(existsSync(join(folder, 'ran'))).toBe(false)
    const again = await kit(['plugin', 'add', './kit-red-1.2.3.tgz'], { environment: offline })
    expect(again).toMatchObject({ code: 0, stdout: added.stdout })
    const listed = await kit(['plugin', 'ls'])
    expect(listed.stdout).toMatch(/^red +kit-red 1\.2\.3$/m)
    const info = await kit(['plugin', 'info', 'red'])
    expect(info.stdout).toMatch(/url +string +Where\. \(required\)[^]*write\.atomic +-/)
    const matrix = await kit(['matrix'])
    expect(matrix.stdout).toMatch(/^ +red +fs +memory +kit +content$/m)
    expect([added, listed, info, matrix].map(({ stderr }) => stderr).join('')).not.toContain('RAN')
    expect(await kit(['store', 'add', 'r', 'red', '--set', 'url=u', '--no-test'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('RAN kit-red'),
    })
    expect((await kit(['plugin', 'rm', 'red'], { environment: offline })).stdout).toBe('removed kit-red\n')
    expect((await kit(['plugin', 'ls'])).stdout).not.toContain('red')
  })

  test('installs from a folder as a copy, so that it stays what was looked at', async () => {
    const place = await workplace()
    const at = await pluginSource(place, 'kit-blue')
    expect((await place.kit(['plugin', 'add', at], { environment: offline })).code).toBe(0)
    await writeFile(join(at, 'kit.json'), '{}')
    const [result] = jsonLines((await place.kit(['plugin', 'ls', '--json'])).stdout)
    expect(result).toMatchObject({
      plugins: expect.arrayContaining([
        expect.objectContaining({
          type: 'blue',
          package: 'kit-blue',
          version: '1.2.3',
          origin: 'installed',
          contract: 0,
        }),
        expect.objectContaining({ type: 'fs', origin: 'built in' }),
      ]),
    })
  })

  test.each([
    ['what is no plugin', { keywords: [] }, /kit-odd is no Kit plugin/],
    ['a plugin for a newer Kit', { contract: 99 }, /written for contract 99, this Kit speaks 0/],
    ['a manifest that is none', { manifest: '{}' }, /manifest of kit-odd is none/],
    ['a manifest that is no JSON', { manifest: '{' }, /manifest .*kit-odd cannot be read/],
  ])('removes %s again, and says why', async (_, made, message) => {
    const place = await workplace()
    const at = await pluginSource(place, 'kit-odd', made)
    const refused = await place.kit(['plugin', 'add', at], { environment: offline })
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(refused.stderr).toContain('it was removed again')
    const left = JSON.parse(await readFile(join(place.folder, 'home/plugins/package.json'), 'utf8')) as object
    expect(left).not.toHaveProperty('dependencies.kit-odd')
    expect(existsSync(join(place.folder, 'home/plugins/node_modules/kit-odd'))).toBe(false)
    expect((await place.kit(['plugin', 'ls'])).code).toBe(0)
  })

  test('takes what a plugin needs beside it from where it is told, and keeps that', async () => {
    const place = await workplace()
    const needed = await pluginSource(place, 'needed', { keywords: [] })
    const at = await pluginSource(place, 'kit-green', { peers: { needed: '>=1' } })
    const alone = await place.kit(['plugin', 'add', at], { environment: offline })
    expect(alone).toMatchObject({ code: 5, stderr: expect.stringMatching(/npm failed:[^]*needed[^]*hint: .*tarballs/) })
    const both = await place.kit(['plugin', 'add', at, needed], { environment: offline })
    expect(both).toMatchObject({ code: 0, stdout: 'added kit-green 1.2.3, type green\n' })
    expect(existsSync(join(place.folder, 'home/plugins/node_modules/needed'))).toBe(true)
  })

  test('tells what npm said where it cannot install', async () => {
    const { kit } = await workplace()
    const { code, stderr } = await kit(['plugin', 'add', './none-1.0.0.tgz'], { environment: offline })
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/npm failed:[^]*ENOENT/)
  })

  test('says how to choose where two packages provide one type', async () => {
    const place = await workplace('stores: {}\n')
    const first = await pluginSource(place, 'kit-one', { type: 'same' })
    const second = await pluginSource(place, 'kit-two', { type: 'same' })
    await place.kit(['plugin', 'add', first], { environment: offline })
    const added = await place.kit(['plugin', 'add', second], { environment: offline })
    expect(added).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/kit-one and kit-two provide the type same.*`plugins: \{ same: "kit-one" \}`/),
    })
    const refused = await place.kit(['store', 'add', 's', 'same', '--set', 'url=u', '--no-test'])
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/several installed packages provide the type same.*plugins:/),
    })
    await writeFile(join(place.folder, 'kit.yaml'), 'plugins: { same: kit-two }\nstores: {}\n')
    expect(await place.kit(['store', 'add', 's', 'same', '--set', 'url=u', '--no-test'])).toMatchObject({ code: 0 })
    expect((await place.kit(['doctor'])).stdout).toMatch(/^warn +plugins +kit-one and kit-two provide the type same$/m)
  })

  test('removes only what is in the plugin folder', async () => {
    const { kit } = await workplace()
    expect(await kit(['plugin', 'rm', 'fs'])).toMatchObject({ stderr: /not in the plugin folder/ })
    expect(await kit(['plugin', 'info', 'nothing'])).toMatchObject({ stderr: /no plugin provides the type nothing/ })
  })
})
