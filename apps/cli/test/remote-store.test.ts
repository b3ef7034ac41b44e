import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plugin } from '@kit/backend-kit'
import { expect, test, vi } from 'vitest'
import { lazyKit } from '../src/configured-kit.ts'
import { jsonLines, workplace, type Workplace } from './kit-command.ts'
import { addressOf } from './listening.ts'

vi.setConfig({ testTimeout: 120_000 })

/** What is served, who may do what there, and where it is. */
async function servedPlace(): Promise<{ there: Workplace; url: string; all: string; reader: string }> {
  const there = await workplace()
  await mkdir(join(there.folder, 'data/2026'), { recursive: true })
  await writeFile(join(there.folder, 'data/2026/trip.txt'), 'hello')
  const token = async (...words: string[]): Promise<string> =>
    (await there.kit(['token', 'add', ...words])).stdout.trim()
  const all = await token('all', '--path', 'a:', '--scope', 'list,read,write,delete')
  const reader = await token('reader', '--path', 'a:', '--scope', 'list,read')
  const running = there.start(['serve', '--port', '0'])
  return { there, url: await addressOf(running), all, reader }
}

test('a store of another Kit is added, listed, and copied from and to, with a token that stands in no file', async () => {
  const { there, url, all, reader } = await servedPlace()
  const here = await workplace('')
  const environment = { FAR: all, NEAR: reader }
  const kit = (...words: string[]): ReturnType<Workplace['kit']> => here.kit(words, { environment })
  const set = ['--set', `url=${url}`, '--set', 'store=a']
  const added = await kit('store', 'add', 'remote', 'kit', ...set, '--set', 'token=env:FAR')
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/added remote/) })
  const config = await readFile(join(here.folder, 'kit.yaml'), 'utf8')
  expect(config).toMatch(/token: "?env:FAR/)
  expect(config).not.toContain(all)
  expect(await kit('ls', 'remote:')).toStrictEqual({ code: 0, stdout: '2026/\n', stderr: '' })
  expect(await kit('ls', 'remote:nnoe')).toMatchObject({ code: 3, stdout: '' })
  expect(await kit('cp', 'remote:2026/trip.txt', './trip.txt')).toMatchObject({ code: 0 })
  expect(await readFile(join(here.folder, 'trip.txt'), 'utf8')).toBe('hello')
  await mkdir(join(here.folder, 'tree/deep'), { recursive: true })
  await writeFile(join(here.folder, 'tree/deep/b'), 'back')
  expect(await kit('cp', '-r', './tree', 'remote:tree')).toMatchObject({ code: 0 })
  expect(await readFile(join(there.folder, 'data/tree/deep/b'), 'utf8')).toBe('back')

  // Who may not write cannot add it as one that can be written, and is told so where it is kept all the same.
  const refused = await kit('store', 'add', 'near', 'kit', ...set, '--set', 'token=env:NEAR')
  expect(refused).toMatchObject({ code: 12 })
  expect(await kit('store', 'add', 'near', 'kit', ...set, '--set', 'token=env:NEAR', '--no-test')).toMatchObject({
    code: 0,
  })
  expect(await kit('cat', 'near:2026/trip.txt')).toMatchObject({ code: 0, stdout: 'hello' })
  expect(await kit('cp', './trip.txt', 'near:new')).toMatchObject({ code: 12 })
  const unset = await here.kit(['ls', 'remote:'])
  expect(unset).toMatchObject({ code: 2, stderr: expect.stringContaining('FAR') })
  const said = [added, refused, unset].map(({ stdout, stderr }) => stdout + stderr).join('')
  for (const secret of [all, reader]) expect(said).not.toContain(secret.split('_')[2])
})

test('what is served may be a store of another Kit', async () => {
  const { url, reader } = await servedPlace()
  const between = await workplace(
    `stores: { far: { type: kit-server, url: "${url}", store: a, token: "env:FAR" }, m: { type: memory } }\n`,
  )
  const running = between.start(['serve', '--port', '0'], { FAR: reader })
  const base = await addressOf(running)
  expect(await (await fetch(`${base}/api/v1/stores/far/objects/2026/trip.txt`)).text()).toBe('hello')
  expect(await (await fetch(`${base}/api/v1/stores`)).json()).toMatchObject({
    stores: [
      { name: 'far', type: 'kit' },
      { name: 'm', type: 'memory' },
    ],
  })
  const here = await workplace('')
  expect(await here.kit(['cat', `kit+http://${new URL(base).host}/far/2026/trip.txt`])).toMatchObject({
    code: 0,
    stdout: 'hello',
  })
})

test('the type is known without its code, by the names that the code has', async () => {
  const { type, aliases, schemes } = plugin
  expect({ type: lazyKit.type, aliases: lazyKit.aliases, schemes: lazyKit.schemes }).toEqual({ type, aliases, schemes })
  const { kit } = await workplace('')
  const [listed] = jsonLines((await kit(['plugin', 'ls', '--json'])).stdout)
  expect(JSON.stringify(listed)).toMatch(/"fs".*"kit".*"memory"|"fs".*"memory".*"kit"/)
})
