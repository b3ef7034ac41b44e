import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startKubo, tryProvide, whyMissing, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { jsonLines, workplace, type Workplace } from './kit-command.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const reason = whyMissing(await tryProvide('kubo'))
if (reason !== undefined) process.stderr.write(`skipped: ${reason}\n`)

/** As `ipfs add` has them. */
const profiles = {
  'unixfs-v1-2025': ['--cid-version=1', '--raw-leaves', '--chunker=size-1048576', '--max-file-links=1024'],
  'unixfs-v0-2015': ['--cid-version=0', '--raw-leaves=false', '--chunker=size-262144', '--max-file-links=174'],
} as const

describe.skipIf(reason !== undefined)('kit and Kubo', () => {
  let kubo: Kubo
  let place: Workplace
  const cleaning: (() => Promise<void>)[] = []
  const out = async (...words: string[]): Promise<string> => {
    const ended = await place.kit(words)
    expect(ended, JSON.stringify(ended)).toMatchObject({ code: 0 })
    return ended.stdout.trimEnd()
  }

  beforeAll(async () => {
    kubo = await startKubo()
    cleaning.push(() => kubo.stop())
    const config = `stores:\n  c: { type: content, path: content }\n  k: { type: ipfs, url: "${kubo.api}" }\n`
    place = await workplace(config, (clean) => cleaning.push(clean))
    // Kubo's plugin is a package like any other: installed beside the configuration.
    await mkdir(join(place.folder, 'node_modules/@kit'), { recursive: true })
    const plugin = fileURLToPath(new URL('../../../packages/backend-ipfs', import.meta.url))
    await symlink(plugin, join(place.folder, 'node_modules/@kit/backend-ipfs'))
    await writeFile(join(place.folder, 'package.json'), '{"dependencies":{"@kit/backend-ipfs":"*"}}')
    await mkdir(join(place.folder, 'tree/sub/sub'), { recursive: true })
    const sizes = { empty: 0, one: 1, 'sub/chunk': 262_144, 'sub/chunk+1': 262_145, 'sub/sub/large': 1_048_577 }
    for (const [name, size] of Object.entries(sizes)) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7) ^ (at >> 8))
      await writeFile(join(place.folder, 'tree', name), bytes)
    }
    await symlink('sub/chunk', join(place.folder, 'tree/link'))
  })
  afterAll(async () => {
    for (const clean of cleaning.toReversed()) await clean()
  })

  test.each(Object.entries(profiles))(
    'the CIDs of files and trees under %s are those of `ipfs add --only-hash` (B-IPFS-6)',
    async (profile, options) => {
      const tree = join(place.folder, 'tree')
      for (const name of ['empty', 'one', 'sub/chunk', 'sub/chunk+1', 'sub/sub/large']) {
        const theirs = await kubo.ipfs(['add', '--only-hash', '-Q', ...options, join(tree, name)])
        expect([name, await out('cid', '--profile', profile, join(tree, name))]).toStrictEqual([name, theirs.trim()])
      }
      const theirs = await kubo.ipfs(['add', '--only-hash', '-Q', '-r', '-H', ...options, tree])
      expect(await out('cid', '-r', '--profile', profile, tree)).toBe(theirs.trim())
    },
  )

  test('what one side adds the other has: files, trees and pins with names (B-IPFS-4)', async () => {
    const cid = await out('add', '-r', 'tree', '--store', 'k', '--name', 'from kit')
    expect(await kubo.ipfs(['pin', 'ls', '--names', '--type=recursive'])).toContain(`${cid} recursive from kit`)
    const bytes = await readFile(join(place.folder, 'tree/sub/chunk'))
    expect(await kubo.ipfs(['cat', `/ipfs/${cid}/sub/chunk`])).toBe(bytes.toString())
    expect(await out('pin', 'ls', '--store', 'k', '--name', 'from kit')).toBe(`${cid}  recursive  from kit`)
    await out('get', `k:/ipfs/${cid}`, 'back')
    expect(await out('cid', '-r', 'back')).toBe(cid)
    const file = await out('add', '--store', 'k', 'tree/one', '--name', 'one file')
    expect(await out('pin', 'info', '--store', 'k', file)).toBe(`${file}  recursive  one file`)
    await out('pin', 'rm', '--store', 'k', file)
    expect(await kubo.ipfs(['pin', 'ls', '--type=recursive'])).not.toContain(file)

    const theirs = (await kubo.ipfs(['add', '-Q', '--pin-name', 'from Kubo'], 'written by Kubo')).trim()
    expect(await out('cat', `k:/ipfs/${theirs}`)).toBe('written by Kubo')
    const lines = jsonLines(await out('pin', 'ls', '--store', 'k', '--json'))
    expect(lines).toContainEqual(expect.objectContaining({ type: 'pin', cid: theirs, name: 'from Kubo' }))
  })

  test('where two stores could be meant, it asks which', async () => {
    const refused = await place.kit(['pin', 'ls'])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/several stores.*c, k\nhint: .*--store/) })
  })

  test('CARs go both ways, and content from store to store', async () => {
    const cid = await out('add', '-r', 'tree', '--store', 'c')
    await out('car', 'export', `c:/ipfs/${cid}`, 'ours.car')
    await kubo.ipfs(['dag', 'import', join(place.folder, 'ours.car')])
    const stat = await kubo.ipfs(['dag', 'stat', '--progress=false', cid])
    expect(stat).toContain(cid)
    await writeFile(join(place.folder, 'tree/more'), 'more')
    const other = (await kubo.ipfs(['add', '-Q', '-r', join(place.folder, 'tree')])).trim()
    await out('car', 'export', `k:/ipfs/${other}`, 'theirs.car')
    expect(await out('car', 'verify', 'theirs.car')).toMatch(/^sound: 1 root/)
    expect(await out('car', 'import', '--store', 'c', 'theirs.car', '--name', 'theirs')).toBe(other)
    expect(await out('cat', `c:/ipfs/${other}/more`)).toBe('more')
    const same = await place.kit(['check', `k:/ipfs/${other}`, `c:/ipfs/${other}`])
    expect(same).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/, 0 differences\n$/) })
  })

  test('nodes, blocks and names (B-IPFS-3, B-IPFS-5)', async () => {
    const text = `{"a":[1,2,{"/":"bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"}]}`
    const put = await place.kit(['dag', 'put', '--store', 'k'], { input: text })
    const node = put.stdout.trim()
    expect(node).toBe((await kubo.ipfs(['dag', 'put'], text)).trim())
    expect(await out('dag', 'get', `k:/ipfs/${node}`)).toBe((await kubo.ipfs(['dag', 'get', node])).trim())
    expect(await out('dag', 'get', '--store', 'k', `${node}/a/1`)).toBe('2')
    const block = await place.kit(['block', 'put', '--store', 'k'], { input: 'bytes' })
    expect(await kubo.ipfs(['block', 'get', block.stdout.trim()])).toBe('bytes')
    const name = await out('name', 'publish', `k:/ipfs/${node}`, '--lifetime', '48h')
    expect(name).toBe((await kubo.ipfs(['key', 'list', '-l'])).split(' ')[0])
    expect(await out('name', 'resolve', name)).toBe(`/ipfs/${node}`)
    expect(await out('name', 'resolve', `/ipns/${name}`)).toBe(`/ipfs/${node}`)
  })

  test('what nothing holds is collected on the daemon', async () => {
    const loose = (
      await place.kit(['add', '--no-pin', '--store', 'k', '-'], { input: 'held by nothing' })
    ).stdout.trim()
    expect((await out('gc', '--store', 'k')).split('\n')).toContain(loose)
    const gone = await place.kit(['block', 'get', `k:/ipfs/${loose}`])
    expect(gone.code).not.toBe(0)
  })

  test('a daemon that is not there is worth trying again', async () => {
    const nobody = await workplace(
      'stores:\n  k: { type: ipfs, url: "http://127.0.0.1:9", layers: { retry: false } }\n',
    )
    await symlink(join(place.folder, 'node_modules'), join(nobody.folder, 'node_modules'))
    await writeFile(join(nobody.folder, 'package.json'), '{"dependencies":{"@kit/backend-ipfs":"*"}}')
    await writeFile(join(nobody.folder, 'x'), 'x')
    expect(await nobody.kit(['add', 'x'])).toMatchObject({ code: 5, stderr: expect.stringMatching(/Unavailable/) })
  })
})
