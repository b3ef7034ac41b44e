import { spawn, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { commandWords, jsonLines, workplace, type Ended } from './kit-command.ts'

// Every command is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const terminal = fileURLToPath(new URL('terminal.py', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0

/** Runs the command in a terminal; `answers` are what to wait for and what to type then. */
async function inTerminal(folder: string, words: readonly string[], answers: readonly string[][]): Promise<Ended> {
  const command = [JSON.stringify(answers), process.execPath, ...(await commandWords()), ...words]
  const child = spawn('python3', [terminal, ...command], {
    cwd: folder,
    env: { ...process.env, KIT_HOME: join(folder, 'home'), KIT_CONFIG: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await exit, stdout, stderr }
}

describe('kit store add', () => {
  test('tries a store, adds it and says where (X4)', async () => {
    const { folder, kit } = await workplace('# mine\nstores: {}\n')
    const { code, stdout, stderr } = await kit([
      'store',
      'add',
      'photos',
      'fs',
      '--set',
      'path=pictures',
      '--set',
      'fsync=true',
    ])
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ok +open .* ms\nok +ping [^]*ok +delete .* ms\nadded photos to .*kit\.yaml\n$/)
    const config = join(folder, 'kit.yaml')
    expect(await readFile(config, 'utf8')).toBe(
      '# mine\nstores:\n  photos:\n    type: fs\n    path: ./pictures\n    fsync: true\n',
    )
    expect((await stat(config)).mode & 0o777).toBe(0o600)
    expect((await readdir(join(folder, 'pictures'))).filter((name) => !name.startsWith('.'))).toStrictEqual([])
  })

  test('answers to the older words, and makes a configuration where there is none (X4)', async () => {
    const { folder, kit } = await workplace()
    const config = ['--config', join(folder, 'deep/new.yaml')]
    const made = await kit([...config, 'backend', 'create', 'm', 'memory', '--json'])
    expect(jsonLines(made.stdout)).toMatchObject([
      {
        success: true,
        operation: 'store add',
        store: 'm',
        type: 'memory',
        test: { ok: true, steps: expect.any(Array) },
      },
    ])
    expect((await kit([...config, 'backend', 'list'])).stdout).toMatch(/^m +memory/)
    expect((await kit([...config, 'backend', 'delete', 'm'])).code).toBe(0)
    expect(await readFile(join(folder, 'deep/new.yaml'), 'utf8')).toBe('stores: {}\n')
  })

  test('keeps nothing of a store that fails its test, unless it is told to', async () => {
    const { folder, kit } = await workplace('stores: {}\n')
    await writeFile(join(folder, 'file'), '')
    const words = ['store', 'add', 'bad', 'fs', '--set', 'path=file']
    const refused = await kit(words)
    expect(refused.code).not.toBe(0)
    expect(refused.stdout).toMatch(/^failed +\w+/m)
    expect(refused.stderr).toMatch(/hint: Nothing was added\. .*--keep.*--no-test/)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe('stores: {}\n')
    expect(await kit([...words, '--keep'])).toMatchObject({ code: 6, stdout: /added bad/ })
    expect(await kit(['store', 'add', 'untried', 'fs', '--set', 'path=file', '--no-test'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^added untried/),
    })
  })

  test.each([
    ['no type', ['x'], /takes a name and a type/, /the types are fs, memory/],
    ['a missing option', ['x', 'fs'], /needs path \(Folder/, /--set path=/],
    [
      'an option that there is not',
      ['x', 'fs', '--set', 'path=p', '--set', 'pth=q'],
      /did you mean path/,
      /kit plugin info fs/,
    ],
    ['a flag for which the type has no option', ['x', 'memory', '--bucket', 'b'], /no option for --bucket/, /./],
    ['an unknown type', ['x', 'nonsense'], /nonsense/, /kit plugin add/],
    ['a name that is taken', ['a', 'memory'], /has a store a already/, /kit store update a/],
    ['--set without a value', ['x', 'memory', '--set', 'maxBytes'], /NAME=VALUE/, /./],
  ])('refuses %s, with what to do', async (_, words, message, hint) => {
    const { kit } = await workplace()
    const { code, stderr } = await kit(['store', 'add', ...words])
    expect({ code: [1, 2].includes(code ?? 0), stderr }).toStrictEqual({
      code: true,
      stderr: expect.stringMatching(message),
    })
    expect(stderr).toMatch(hint)
  })

  test('stores secrets as references only, and never repeats one that it was given', async () => {
    const { folder, kit } = await withPlugins()
    const literal = await kit(['store', 'add', 's', 'vault', '--secret-key', 'hunter2', '--no-test'])
    expect(literal).toMatchObject({ code: 2, stderr: /secret.*env:NAME or file:PATH/ })
    expect(JSON.stringify(literal)).not.toContain('hunter2')
    await writeFile(join(folder, 'key'), 'hunter2')
    const kept = await kit(['store', 'add', 's', 'vault', '--secret-key', 'file:key', '--bucket', 'b', '--no-test'])
    expect(kept.code).toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toContain(
      'secretAccessKey: file:./key\n    bucketName: b\n',
    )
    const shown = await Promise.all([
      kit(['store', 'info', 's']),
      kit(['store', 'info', 's', '--json']),
      kit(['config', 'show']),
    ])
    for (const { stdout } of shown) expect(stdout).toContain('file:./key')
    expect(JSON.stringify(shown)).not.toContain('hunter2')
  })

  test('puts a store over another one', async () => {
    const { folder, kit } = await withPlugins()
    expect(await kit(['store', 'add', 'w', 'wrap', '--no-test'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/needs over \(What is wrapped\.\)[^]*--over STORE/),
    })
    expect((await kit(['store', 'add', 'w', 'wrap', '--over', 'none', '--no-test'])).stderr).toMatch(/no store none/)
    expect((await kit(['store', 'add', 'w', 'wrap', '--over', 'a', '--no-test'])).code).toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toContain('  w:\n    type: wrap\n    over: a\n')
    expect((await kit(['store', 'ls'])).stdout).toMatch(/^w +wrap +over a$/m)
    expect((await kit(['store', 'rm', 'a'])).stderr).toMatch(/no store a/)
  })

  test('asks for what is not given, in a terminal', async ({ skip }) => {
    skip(!hasPython, 'python3, which makes a terminal, is not installed')
    const { folder } = await workplace('stores: {}\n')
    const { code, stdout } = await inTerminal(
      folder,
      ['store', 'add'],
      [
        ['Its name', 'bad name\r'],
        ['Up to 64', '\u0015photos\r'],
        ['Its type', '\r'],
        ['path: Folder', 'pictures\r'],
        ['Options to set', ' \r'],
        ['create: Makes', 'n'],
      ],
    )
    expect({ code, stdout }).toStrictEqual({ code: 4, stdout: expect.stringContaining('create') })
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe('stores: {}\n')
    await mkdir(join(folder, 'pictures'))
    const again = await inTerminal(
      folder,
      ['store', 'add', 'photos'],
      [
        ['Its type', '\r'],
        ['path: Folder', 'pictures\r'],
        ['Options to set', '\r'],
      ],
    )
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('added photos') })
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toContain('path: ./pictures\n')
  })

  test('leaves everything as it was when it is given up', async ({ skip }) => {
    skip(!hasPython, 'python3, which makes a terminal, is not installed')
    const { folder } = await workplace('stores: {}\n')
    expect(await inTerminal(folder, ['store', 'add'], [['Its name', '\u0003']])).toMatchObject({ code: 130 })
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe('stores: {}\n')
  })

  test('loses no store where several programs add some at once (M7)', async () => {
    const { folder, kit } = await workplace('stores: {}\n')
    const names = ['a', 'b', 'c', 'd']
    const ended = await Promise.all(names.map((name) => kit(['store', 'add', name, 'memory', '--no-test'])))
    expect(ended.map(({ code }) => code)).toStrictEqual([0, 0, 0, 0])
    const config = await readFile(join(folder, 'kit.yaml'), 'utf8')
    for (const name of names) expect(config).toContain(`  ${name}:\n    type: memory\n`)
  })
})

describe('kit store update', () => {
  test('changes options and takes some out (X4)', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: fs, path: data, create: true } # kept\n')
    expect((await kit(['backend', 'update', 'a', '--set', 'fsync=true', '--unset', 'create'])).code).toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe(
      'stores:\n  a: { type: fs, path: data, fsync: true } # kept\n',
    )
  })

  test('sets a part of a map and leaves its other parts', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: memory, layers: { stall: 5 s } }\n')
    expect((await kit(['store', 'update', 'a', '--set', 'layers.retry.attempts=5'])).code).toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toMatch(/stall: 5 s[^]*retry:[^]*attempts: 5/)
  })

  test('changes nothing where the store would fail', async () => {
    const text = 'stores:\n  a: { type: fs, path: data }\n'
    const { folder, kit } = await workplace(text)
    expect(await kit(['store', 'update', 'a', '--set', 'path=kit.yaml'])).toMatchObject({
      stderr: /Nothing was changed/,
    })
    expect(await kit(['store', 'update', 'a'])).toMatchObject({ code: 2, stderr: /nothing is to be changed/ })
    expect((await kit(['store', 'update', 'none', '--set', 'x=1'])).stderr).toMatch(/no store none/)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe(text)
  })
})

describe('kit store test', () => {
  test('times each step of a working store, and probes it (X4)', async () => {
    const { kit } = await workplace()
    const [result] = jsonLines((await kit(['store', 'test', 'a', '--probe', '--json'])).stdout)
    expect(result).toMatchObject({
      success: true,
      store: 'a',
      ok: true,
      differences: [],
      probed: { ops: expect.anything() },
    })
    const { steps } = result as { readonly steps: readonly { readonly step: string; readonly ms: number }[] }
    expect(steps.map(({ step }) => step)).toStrictEqual(['open', 'ping', 'list', 'write', 'read', 'delete', 'probe'])
    expect((await kit(['store', 'test', 'a', '--no-write'])).stdout).toMatch(
      /^skipped +write +nothing was to be written$/m,
    )
  })

  test('says which step of a broken store failed, and why', async () => {
    const { kit } = await workplace('stores: { a: { type: fs, path: missing, create: false } }')
    const { code, stdout, stderr } = await kit(['store', 'test', 'a'])
    expect(code).toBe(4)
    expect(stdout).toMatch(/^ok +open [^]*^failed +ping .* ms\nskipped +list +an earlier step failed$/m)
    expect(stderr).toMatch(/does not exist/)
    const [result] = jsonLines((await kit(['store', 'test', 'a', '--json'])).stdout)
    expect(result).toMatchObject({
      success: false,
      ok: false,
      error: { code: 'NotFound' },
      steps: expect.arrayContaining([
        {
          step: 'ping',
          outcome: 'failed',
          ms: expect.any(Number),
          error: expect.objectContaining({ code: 'NotFound' }),
        },
      ]),
    })
  })
})

describe('kit store ls, info and rm', () => {
  test('tell what is configured and what it can do, without a connection', async () => {
    const { kit } = await workplace(
      'stores:\n  a: { type: fs, path: data, onUnsupported: { contentType: drop } }\n  b: { type: missing, url: u }\n',
    )
    expect((await kit(['store', 'ls'])).stdout).toMatch(
      /^a +fs +path=data.*\nb +missing +\(no installed plugin provides/,
    )
    const info = (await kit(['store', 'info', 'a'])).stdout
    expect(info).toMatch(/^dropped where it cannot be kept +contentType$/m)
    expect(info).toMatch(/^write\.ifAbsent +native$/m)
    expect(info).toMatch(/^deleteMany +emulated$/m)
    expect(info).toMatch(/^blocks +-$/m)
    const [result] = jsonLines((await kit(['store', 'info', 'a', '--json'])).stdout)
    expect(result).toMatchObject({
      store: 'a',
      type: 'fs',
      dropped: ['contentType'],
      emulated: expect.arrayContaining(['deleteMany']),
      absent: expect.arrayContaining(['blocks']),
    })
    expect((await kit(['store', 'info', 'b'])).stdout).toMatch(/^type +missing \(no installed plugin provides/m)
    expect((await kit(['store', 'info', 'none'])).stderr).toMatch(/no store none; there are a, b/)
  })

  test('tell of a store that cannot be opened here what is known of it', async () => {
    const { kit } = await workplace('stores: { a: { type: fs, path: "${KIT_TEST_UNSET}" } }')
    const { code, stdout } = await kit(['store', 'info', 'a'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^type +fs \(.*kit\.yaml:1:\d+: .*KIT_TEST_UNSET is not set\)$/m)
    expect(stdout).toMatch(/^deleteMany +emulated$/m)
  })

  test('takes stores out all at once or not at all, and leaves their objects', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: fs, path: data }\n  b: { type: memory }\n')
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data/x'), 'x')
    expect((await kit(['store', 'rm', 'a', 'none'])).code).not.toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toContain('a: {')
    expect((await kit(['store', 'rm', 'a'])).code).toBe(0)
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe('stores:\n  b: { type: memory }\n')
    expect(await readFile(join(folder, 'data/x'), 'utf8')).toBe('x')
  })
})

/** A workplace with two installed plugins: `vault`, whose secret has an older name too, and `wrap`, which wraps one store. */
async function withPlugins(): ReturnType<typeof workplace> {
  const place = await workplace('stores:\n  a: { type: memory }\n')
  const dependencies = { 'kit-vault': '1.0.0', 'kit-wrap': '1.0.0' }
  await writeFile(join(place.folder, 'package.json'), JSON.stringify({ dependencies }))
  await install(
    place.folder,
    'vault',
    { secretAccessKey: { type: 'string', writeOnly: true }, bucketName: { type: 'string' } },
    `secretAccessKey: { type: 'string', secret: true, description: 'The key.', required: true, aliases: ['secret_key'] },
     bucketName: { type: 'string', description: 'The bucket.', aliases: ['bucket_name'] },`,
  )
  await install(
    place.folder,
    'wrap',
    { over: { $ref: '#/$defs/store' } },
    `over: { type: 'store', description: 'What is wrapped.', required: true },`,
  )
  return place
}

async function install(into: string, type: string, properties: object, table: string): Promise<void> {
  const folder = join(into, 'node_modules', `kit-${type}`)
  const capabilities = {
    ops: {},
    read: {},
    keys: { maxBytes: 100, caseSensitive: true, unicode: 'exact' },
    directories: 'implied',
    consistent: { read: true, list: true },
  }
  const head = { contract: 0, type, aliases: [], schemes: [] }
  const options = { type: 'object', properties: { type: { const: type }, ...properties } }
  const own = { name: `kit-${type}`, version: '1.0.0', type: 'module', exports: './index.js' }
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ ...own, keywords: ['kit-backend'], kit: './kit.json' }),
  )
  await writeFile(join(folder, 'kit.json'), JSON.stringify({ ...head, wraps: 'nothing', options, capabilities }))
  await writeFile(
    join(folder, 'index.js'),
    `const capabilities = ${JSON.stringify(capabilities)}
     const missing = async () => { throw new Error('nothing here') }
     export const plugin = Object.assign((options) => ({ plugin, options }), ${JSON.stringify(head)}, {
       capabilities, options: { ${table} }, open: () => ({ capabilities, stat: missing, read: missing }),
     })`,
  )
}
