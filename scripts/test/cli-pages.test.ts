import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../cli-verbs.ts'

const root = join(import.meta.dirname, '../..')
const node = (script: string, ...words: readonly string[]): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, ['--conditions=@kit/source', join(root, 'scripts', script), ...words], {
    encoding: 'utf8',
  })
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kit-man-'))
  const { status, stderr } = node('cli-man.ts', folder)
  if (status !== 0) throw new Error(String(stderr))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const verbs = commandLine().verbs.map(({ name }) => name.replaceAll(' ', '-'))

test('docs/cli is what the command line declares', () => {
  expect(node('cli-pages.ts', '--check')).toMatchObject({ status: 0, stderr: '' })
})

test('every verb says what it is and has its options described', () => {
  const all = commandLine().verbs.flatMap((verb) => [verb, ...verb.verbs])
  const unsaid = all.flatMap(({ name, summary, groups }) => [
    ...(summary === '' ? [name] : []),
    ...groups.flatMap(({ options }) => options.filter(({ text }) => text === '').map(({ term }) => `${name} ${term}`)),
  ])
  expect(unsaid).toStrictEqual([])
})

describe('the manual', () => {
  test('has a page for every verb, which the package names', () => {
    const pages = ['kit', ...verbs].map((name) => `${name}.1`).toSorted()
    expect(readdirSync(folder).toSorted()).toStrictEqual(pages)
    const { man } = JSON.parse(readFileSync(join(root, 'apps/cli/package.json'), 'utf8')) as {
      readonly man: readonly string[]
    }
    expect(man.toSorted()).toStrictEqual(pages.map((page) => `./dist/man/${page}`).toSorted())
  })

  test('is roff without mistakes', ({ skip }) => {
    skip(!has('groff'), 'groff is not installed')
    for (const page of readdirSync(folder)) {
      const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-z', join(folder, page)], {
        encoding: 'utf8',
      })
      expect({ page, status, stderr }).toStrictEqual({ page, status: 0, stderr: '' })
    }
  })

  test('shows every option as it is typed', ({ skip }) => {
    skip(!has('groff'), 'groff is not installed')
    for (const verb of commandLine().verbs) {
      const page = join(folder, `${verb.name.replaceAll(' ', '-')}.1`)
      const { stdout } = spawnSync('groff', ['-man', '-Tascii', '-P', '-cbou', page], { encoding: 'utf8' })
      const options = [verb, ...verb.verbs].flatMap(({ groups }) => groups.flatMap((group) => group.options))
      for (const { term } of options) expect(stdout).toContain(term)
    }
  })
})
