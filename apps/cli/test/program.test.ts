import { copyFile, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { exitCodes } from '../src/exit-codes.ts'
import { buildProgram } from '../src/program.ts'
import { bundledCommand } from './bundle.ts'

const app = new URL('../', import.meta.url)

function verbs(command: Command, path: readonly string[] = []): readonly { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()]
    return child.commands.length === 0 ? [{ path: own.join(' '), command: child }] : verbs(child, own)
  })
}

test('is declared without being run, with words for every verb, argument and option', () => {
  const program = buildProgram()
  const all = verbs(program)
  const wanted = [
    'ls',
    'tree',
    'du',
    'cat',
    'stat',
    'url',
    'cp',
    'mv',
    'sync',
    'check',
    'rm',
    'mkdir',
    'upload ls',
    'upload gc',
  ]
  expect(all.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted))
  for (const { path, command } of all) {
    expect(command.description(), path).not.toBe('')
    for (const option of command.options) expect(option.description, `${path} ${option.flags}`).not.toBe('')
  }
})

test('has the same filter on every verb that walks a tree (one language)', () => {
  const filters = [
    '--include',
    '--exclude',
    '--filter',
    '--filter-from',
    '--min-size',
    '--max-size',
    '--newer-than',
    '--older-than',
  ]
  const own = verbs(buildProgram())
  for (const name of ['ls', 'tree', 'du', 'cp', 'mv', 'sync', 'check', 'rm']) {
    const command = own.find(({ path }) => path === name)?.command
    expect(
      command?.options.map(({ long }) => long),
      name,
    ).toEqual(expect.arrayContaining(filters))
  }
})

test('tells every exit code that there is, in the help and in the README', async () => {
  let help = ''
  buildProgram()
    .configureOutput({ writeOut: (text) => (help += text) })
    .outputHelp()
  const readme = await readFile(new URL('README.md', app), 'utf8')
  for (const { code, meaning } of Object.values(exitCodes)) {
    expect(help).toMatch(new RegExp(String.raw`^ +${code} {2}${meaning.replaceAll(/[()]/g, String.raw`\$&`)}$`, 'm'))
    expect(readme).toMatch(new RegExp(String.raw`^\| *${code} *\|`, 'm'))
  }
})

test('starts from one small part: help and usage errors load no command and nothing that is installed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kit-one-file-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'dist/chunks'), { recursive: true })
  const command = await bundledCommand()
  await copyFile(command, join(folder, 'dist/kit.js'))
  const chunks = await readdir(join(dirname(command), 'chunks'))
  for (const name of chunks.filter((chunk) => chunk.startsWith('start-'))) {
    await copyFile(join(dirname(command), 'chunks', name), join(folder, 'dist/chunks', name))
  }
  await copyFile(new URL('package.json', app), join(folder, 'package.json'))
  const kit = (word: string) => spawnSync(process.execPath, [join(folder, 'dist/kit.js'), word], { encoding: 'utf8' })
  expect(kit('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^Usage: kit/) })
  expect(kit('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  expect(kit('sl')).toMatchObject({ status: 2, stdout: '' })
})

test('is the same from source as from the bundle', async () => {
  const environment = { ...process.env, NO_COLOR: '1', COLUMNS: '100' }
  const main = fileURLToPath(new URL('src/main.ts', app))
  const helps = [['--conditions=@kit/source', main], [await bundledCommand()]].map(
    (words) => spawnSync(process.execPath, [...words, 'sync', '--help'], { encoding: 'utf8', env: environment }).stdout,
  )
  expect(helps[0]).toMatch(/^Usage: kit sync/)
  expect(helps[1]).toBe(helps[0])
})
