import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { commandWords, workplace, type Workplace } from './kit-command.ts'

vi.setConfig({ testTimeout: 120_000 })

const hostile = [
  '$(touch pwned1)',
  '`touch pwned2`',
  'a;touch pwned3',
  'b && touch pwned4',
  "it's",
  'sp ace',
  'q"uote',
  '*',
  '-rf',
]

/** A workplace with objects in the store `a`, some with names that a shell could trip over. */
async function filled(): Promise<Workplace> {
  const place = await workplace('stores:\n  a: { type: fs, path: data }\n  b2: { type: memory }\n')
  const { folder } = place
  await mkdir(join(folder, 'data/2026/deep'), { recursive: true })
  await mkdir(join(folder, 'data/names'))
  await writeFile(join(folder, 'data/2026/trip.json'), '')
  await writeFile(join(folder, 'data/2026/two\nlines'), '')
  for (const name of hostile) await writeFile(join(folder, 'data/names', name), '')
  await writeFile(join(folder, 'local:file'), '')
  await symlink('data', join(folder, 'link'))
  return place
}

/** Candidates for a command line, as the shell's script gets them. */
async function ask({ kit }: Workplace, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await kit(['complete', '--', ...words])
  expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t', 1)[0] ?? '']))
}

describe('kit complete', () => {
  test('completes verbs, options and values as they are declared', async () => {
    const place = await filled()
    expect(await ask(place, 'sto')).toStrictEqual(['store'])
    expect(await ask(place, 'store', 't')).toStrictEqual(['test'])
    expect(await ask(place, 'backend', 'cre')).toStrictEqual(['create'])
    expect(await ask(place, 'store', 'test', '--pro')).toStrictEqual(['--probe', '--progress'])
    expect(await ask(place, 'serve', '--log-level', 'de')).toStrictEqual(['debug'])
    expect(await ask(place, 'serve', '--log-level=de')).toStrictEqual(['--log-level=debug'])
    expect(await ask(place, 'completion', '')).toStrictEqual(['bash', 'zsh', 'fish', 'powershell'])
    expect(await ask(place, '')).not.toContain('complete')
  })

  test('completes names of stores and types, of the configuration that is named', async () => {
    const place = await filled()
    expect(await ask(place, 'store', 'info', '')).toStrictEqual(['a', 'b2'])
    expect(await ask(place, 'plugin', 'info', 'm')).toStrictEqual(['memory'])
    await writeFile(join(place.folder, 'other.yaml'), 'stores: { z: { type: memory } }')
    expect(await ask(place, '--config', 'other.yaml', 'store', 'rm', '')).toStrictEqual(['z'])
    expect(await ask(place, 'store', 'rm', '--config=other.yaml', 'z', '')).toStrictEqual(['z'])
  })

  test('completes objects one level at a time, and local files', async () => {
    const place = await filled()
    expect(await ask(place, 'cat', 'a:2')).toStrictEqual(['a:2026/'])
    expect((await ask(place, 'cp', 'x', 'a:2026/')).toSorted()).toStrictEqual(['a:2026/deep/', 'a:2026/trip.json'])
    expect((await ask(place, 'ls', '')).toSorted()).toStrictEqual(
      ['a:', 'b2:', 'data/', 'kit.yaml', 'link/', './local:file'].toSorted(),
    )
    expect(await ask(place, 'ls', './da')).toStrictEqual(['./data/'])
    expect(await ask(place, 'ls', 'link/2026/t')).toStrictEqual(['link/2026/trip.json'])
  })

  test('says nothing where anything is wrong', async () => {
    const place = await filled()
    await writeFile(join(place.folder, 'kit.yaml'), 'stores: [')
    expect(await ask(place, 'ls', 'a:2')).toStrictEqual([])
    expect(await ask(place, 'ls', 'none:')).toStrictEqual([])
    expect(await ask(place, 'nonsense', 'words', '')).toStrictEqual([])
    expect(await ask(place, 'ls', '--sort')).toStrictEqual(['--sort='])
  })

  test('does not wait for a store that never answers', async () => {
    const place = await filled()
    await writeFile(join(place.folder, 'kit.yaml'), 'stores: { a: { type: fs, path: pipe } }')
    spawnSync('mkfifo', [join(place.folder, 'pipe')])
    expect(await ask(place, 'ls', 'a:')).toStrictEqual([])
  })
})

describe('the script for bash', () => {
  /** What bash gets for each line, as it splits words; in a folder where `kit` is the command. */
  async function inBash({ folder }: Workplace, lines: readonly string[]): Promise<Record<string, readonly string[]>> {
    await mkdir(join(folder, 'bin'), { recursive: true })
    const command = [process.execPath, ...(await commandWords())].map((word) => `'${word}'`).join(' ')
    await writeFile(join(folder, 'bin/kit'), `#!/bin/sh\nexec ${command} "$@"\n`)
    await chmod(join(folder, 'bin/kit'), 0o755)
    const script = `
      source <(kit completion bash)
      for line in "$@"; do
        words=\${line//:/ : }; words=\${words//=/ = }
        # Blanks that are escaped are none: they are put back after the line was split.
        words=\${words//\\\\ /$'\\x01'}
        IFS=' ' read -ra COMP_WORDS <<< "$words"
        COMP_WORDS=("\${COMP_WORDS[@]//$'\\x01'/\\\\ }")
        [[ $line == *' ' ]] && COMP_WORDS+=('')
        COMP_LINE=$line COMP_POINT=\${#line} COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _kit
        printf '%s\\0' "$line" "\${#COMPREPLY[@]}" "\${COMPREPLY[@]}"
      done`
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...lines], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        KIT_HOME: join(folder, 'home'),
        KIT_CONFIG: undefined,
        PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      },
    })
    expect({ stderr, status }).toStrictEqual({ stderr: '', status: 0 })
    const parts = stdout.split('\0')
    const found: Record<string, readonly string[]> = {}
    for (let at = 0; at < parts.length - 1;) {
      const count = Number(parts[at + 1])
      found[parts[at] ?? ''] = count === 0 ? [] : parts.slice(at + 2, at + 2 + count)
      // printf gives one empty field where an array has none.
      at += 2 + Math.max(count, 1)
    }
    return found
  }

  test('replaces only what stands after the colon or the equals sign, and quotes', async () => {
    const place = await filled()
    const lines = [
      'kit stor',
      'kit cat a:2',
      'kit cat a:names/sp',
      String.raw`kit cat a:names/sp\ `,
      'kit ls --sort=n',
      'kit store info ',
    ]
    expect(await inBash(place, lines)).toStrictEqual({
      'kit stor': ['store'],
      'kit cat a:2': ['2026/'],
      'kit cat a:names/sp': [String.raw`names/sp\ ace`],
      [String.raw`kit cat a:names/sp\ `]: [String.raw`names/sp\ ace`],
      'kit ls --sort=n': ['name'],
      'kit store info ': ['a', 'b2'],
    })
  })

  test('lets no name of an object run anything, neither when it is shown nor when it is entered', async () => {
    const place = await filled()
    const { 'kit cat a:names/': candidates = [] } = await inBash(place, ['kit cat a:names/'])
    expect(candidates).toHaveLength(hostile.length)
    // As if each were entered: bash makes one word of it, which is the name.
    const words = spawnSync('bash', ['--norc', '-c', candidates.map((word) => `printf '%s\\0' ${word}`).join('\n')], {
      cwd: place.folder,
      encoding: 'utf8',
    }).stdout.split('\0')
    expect(words.slice(0, -1).toSorted()).toStrictEqual(hostile.map((name) => `names/${name}`).toSorted())
    expect((await readdir(place.folder)).filter((name) => name.startsWith('pwned'))).toStrictEqual([])
  })
})

describe('kit completion', () => {
  test.each(['bash', 'zsh', 'fish', 'powershell'])('prints a script for %s that asks `kit complete`', async (shell) => {
    const { kit } = await workplace()
    const { code, stdout } = await kit(['completion', shell])
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: expect.stringContaining('kit complete') })
  })

  test('refuses a shell that there is no script for', async () => {
    const { kit } = await workplace()
    expect(await kit(['completion', 'tcsh'])).toMatchObject({ code: 2, stderr: /Allowed choices are bash/ })
  })
})
