import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { jsonLines, workplace } from './kit-command.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Names that break what is careless, as bytes. */
const texts: readonly string[] = [
  'with space',
  ' leading and trailing ',
  '-r',
  '--json',
  'a:b',
  'a:',
  'new\nline',
  'tab\t',
  'cr\r',
  '\u001B[31mred\u0007',
  '*',
  '?[x]',
  '{a,b}',
  '#x',
  '; rm -rf',
  "it's",
  '"quoted"',
  'back\\slash',
  '%41',
  '%!x',
  '~',
  '...',
  'ünï',
  'e\u0301',
  '\u202Egpj.exe',
  '💥',
]
const hostile: readonly Buffer[] = texts.map((name) => Buffer.from(name))
const notUtf8: readonly Buffer[] = [
  Buffer.from([0x66, 0xff, 0xfe]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
]

const under = (folder: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), name])

async function rawNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { encoding: 'buffer' })
  return names
    .map((name) => name.toString('hex'))
    .filter((name) => name !== Buffer.from('.kit').toString('hex'))
    .toSorted()
}

test('names of any bytes go through copies, comparisons, moves and removals unchanged', async () => {
  const { folder, kit } = await workplace()
  const from = join(folder, 'from')
  await mkdir(from)
  for (const name of [...hostile, ...notUtf8]) await writeFile(under(from, name), name)
  const all = await rawNames(from)
  expect(all).toHaveLength(hostile.length + notUtf8.length)

  expect(await kit(['cp', '-r', './from', 'a:tree'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
  expect(await rawNames(join(folder, 'data/tree'))).toStrictEqual(all)
  expect(await kit(['check', './from', 'a:tree', '--checksum'])).toMatchObject({ code: 0, stdout: '' })

  const lines = jsonLines((await kit(['ls', '--json', 'a:tree'])).stdout).slice(0, -1)
  expect(lines).toHaveLength(all.length)
  // An address that was printed names the same object when it is given back.
  const addresses = lines.map((line) => String(line['address']))
  const read = await kit(['cat', '--', ...addresses.filter((address) => !address.includes('%!'))])
  expect(read.code).toBe(0)
  for (const name of texts) if (!name.includes('%!')) expect(read.stdout).toContain(name)

  expect(await kit(['mv', 'a:tree', './moved'])).toMatchObject({ code: 0 })
  expect(await rawNames(join(folder, 'moved'))).toStrictEqual(all)
  expect(await kit(['sync', './moved', 'a:back', '--delete'])).toMatchObject({ code: 0 })
  await kit(['cp', '-', 'a:back/extra'], { input: 'x' })
  expect(jsonLines((await kit(['sync', './moved', 'a:back', '--delete', '--json'])).stdout)).toMatchObject([
    { type: 'removed', address: 'a:back/extra' },
    { type: 'result', removed: 1, copied: 0 },
  ])
  expect(
    jsonLines(
      (await kit(['rm', '--json', '--', ...addresses.map((address) => address.replace('a:tree', 'a:back'))])).stdout,
    ).at(-1),
  ).toMatchObject({ success: true, removed: all.length })
  expect(await rawNames(join(folder, 'data/back'))).toStrictEqual([])
})

test('local files of any text are named with ./ and -- where they would be something else', async () => {
  const { folder, kit } = await workplace()
  for (const name of hostile) await writeFile(under(folder, name), name)
  for (const name of texts) {
    const { code, stdout } = await kit(['cat', `./${name}`])
    expect({ name, code, stdout }).toStrictEqual({ name, code: 0, stdout: name })
  }
  expect((await kit(['cat', '--', '-r'])).stdout).toBe('-r')
  expect(await kit(['cat', '--json', '-r'])).toMatchObject({ code: 2 })
  expect(await kit(['ls', 'a:b'])).toMatchObject({ code: 3, stdout: '' })
})

test('lines of JSON stay lines, whatever the names', async () => {
  const { folder, kit } = await workplace()
  await mkdir(join(folder, 'data'))
  for (const name of [...hostile, ...notUtf8]) await writeFile(under(join(folder, 'data'), name), '')
  const { stdout } = await kit(['ls', '--json', 'a:'])
  expect(stdout.trimEnd().split('\n')).toHaveLength(hostile.length + notUtf8.length + 1)
  expect(stdout).not.toContain('\u001B')
})

test('a link out of the tree is kept as a link, and not followed by --links follow out of the store', async () => {
  const { folder, kit } = await workplace()
  await mkdir(join(folder, 'tree'))
  await writeFile(join(folder, 'secret'), 'secret')
  await symlink('../secret', join(folder, 'tree/out'))
  expect(await kit(['cp', '-r', './tree', 'a:kept'])).toMatchObject({ code: 0 })
  const [{ entry } = {}] = jsonLines((await kit(['stat', '--json', 'a:kept/out'])).stdout)
  expect(entry).toMatchObject({ kind: 'link', target: '../secret' })
  const followed = await kit(['cp', '-r', '--links', 'follow', './tree', 'a:followed'])
  expect(followed.code).not.toBe(0)
  expect((await kit(['ls', 'a:followed'])).stdout).toBe('')
})
