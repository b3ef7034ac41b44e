import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { commandWords, jsonLines, workplace } from './kit-command.ts'

// Every command is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

describe('errors', () => {
  test('have a message and a hint, and the exit code of their kind', async () => {
    const { kit } = await workplace()
    const { code, stdout, stderr } = await kit(['cat', 'a:none'])
    expect({ code, stdout }).toStrictEqual({ code: 4, stdout: '' })
    expect(stderr).toMatch(/^kit: NotFound: read "none" on a: .*\nhint: .*\n$/)
  })

  test('are JSON under --json', async () => {
    const { kit } = await workplace()
    const { code, stdout } = await kit(['stat', 'a:none', '--json'])
    expect(code).toBe(4)
    expect(jsonLines(stdout)).toStrictEqual([
      {
        type: 'result',
        success: false,
        operation: 'stat',
        timestamp: expect.any(String),
        correlation_id: expect.any(String),
        recoverable: false,
        error: {
          code: 'NotFound',
          message: expect.any(String),
          hint: expect.any(String),
          key: 'none',
          store: 'a',
          requestId: expect.any(String),
        },
      },
    ])
  })

  test('show their stack and cause with --verbose only', async () => {
    const { kit } = await workplace()
    expect((await kit(['cat', 'a:none'])).stderr).not.toContain('    at ')
    expect((await kit(['cat', 'a:none', '--verbose'])).stderr).toContain('    at ')
  })

  test('have no colour where NO_COLOR is set or nobody looks', async () => {
    const { kit } = await workplace()
    const { stderr } = await kit(['cat', 'a:none'], { environment: { NO_COLOR: '1' } })
    expect(stderr).not.toContain('\u001B')
  })
})

describe('usage', () => {
  test.each([
    [['lss'], /unknown command 'lss'\n\(Did you mean ls\?\)/],
    [['ls'], /missing required argument 'target'/],
    [['ls', '--nonsense', 'a:'], /unknown option '--nonsense'/],
    [['cp', 'a:x'], /a source and a destination/],
    [['cp', '-', 'a:x', 'a:y'], /only source/],
    [[''], /unknown command|Usage/],
    [['ls', ''], /an address is empty/],
    [['ls', '-'], /`-` is for cp/],
    [['cat', 'a:/x'], /InvalidKey/],
    [['ls', 'nope://x'], /nope:\/\//],
    [['ls', '-U', '--sort', 'size', 'a:'], /cannot be used with option '--sort/],
    [['sync', '--checksum', '--size-only', 'a:', './x'], /cannot be used with option/],
    [['sync', '-f', 'a:', './x'], /goes with --delete only/],
    [['cp', 'a:x', 'a:y', '-'], /takes one object/],
  ])('refuses %j with exit code 2', async (words, message) => {
    const { kit } = await workplace()
    const { code, stdout, stderr } = await kit(words)
    expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('that is wrong is JSON under --json', async () => {
    const { kit } = await workplace()
    const { code, stdout, stderr } = await kit(['ls', '--json'])
    expect({ code, stderr }).toStrictEqual({ code: 2, stderr: '' })
    expect(jsonLines(stdout)).toMatchObject([{ type: 'result', success: false, error: { code: 'InvalidConfig' } }])
  })

  test('is told by --help, the version by --version', async () => {
    const { kit } = await workplace()
    expect(await kit(['--help'])).toMatchObject({ code: 0, stderr: '', stdout: /Addresses:[^]*Exit codes:/ })
    expect(await kit(['ls', '--help'])).toMatchObject({ code: 0, stdout: /--recursive[^]*Global Options:[^]*--json/ })
    expect(await kit(['--version'])).toMatchObject({ code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  })
})

describe('the configuration', () => {
  test('that is wrong is told with all its lines (M6)', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: fs, pth: x }\n  b: { type: fs }\n')
    const { code, stderr } = await kit(['ls', 'a:'])
    expect(code).toBe(2)
    expect(stderr).toContain(`${join(folder, 'kit.yaml')}:2:18: fs has no option pth; did you mean path?`)
    expect(stderr).toContain(`${join(folder, 'kit.yaml')}:3:14: path is missing`)
    const [line] = jsonLines((await kit(['ls', '--json', 'a:'])).stdout)
    expect(line?.['error']).toMatchObject({
      code: 'InvalidConfig',
      problems: [
        { line: 2, column: 14 },
        { line: 2, column: 18 },
        { line: 3, column: 14 },
      ],
    })
  })

  test('is found by --config, then KIT_CONFIG, then here', async () => {
    const { folder, kit } = await workplace()
    await mkdir(join(folder, 'other/data'), { recursive: true })
    await writeFile(join(folder, 'other/data/x'), '')
    await writeFile(join(folder, 'other/kit.yaml'), 'stores:\n  a: { type: fs, path: data }\n')
    expect((await kit(['ls', 'a:'])).stdout).toBe('')
    expect((await kit(['--config', 'other/kit.yaml', 'ls', 'a:'])).stdout).toBe('x\n')
    expect((await kit(['ls', 'a:'], { environment: { KIT_CONFIG: 'other/kit.yaml' } })).stdout).toBe('x\n')
    expect(await kit(['ls', 'a:', '--config', 'none.yaml'])).toMatchObject({ code: 2, stderr: /none\.yaml/ })
  })

  test('takes ${NAME} from the environment (M6)', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: fs, path: "${WHERE}" }\n')
    await mkdir(join(folder, 'here'))
    await writeFile(join(folder, 'here/x'), '')
    expect((await kit(['ls', 'a:'], { environment: { WHERE: 'here' } })).stdout).toBe('x\n')
    expect(await kit(['ls', 'a:'])).toMatchObject({ code: 2, stderr: /kit\.yaml:2:24: .*WHERE is not set/ })
  })

  test('is not read for local files', async () => {
    const { kit } = await workplace('nonsense: [')
    expect(await kit(['ls', './'])).toMatchObject({ code: 0, stdout: 'kit.yaml\n' })
  })

  test('that lacks a store says which there are, and how a file would be named', async () => {
    const { kit } = await workplace()
    expect(await kit(['ls', 'b:x'])).toMatchObject({ code: 3, stderr: /no store b; there are a\nhint: .*\.\/b:/ })
  })
})

describe('signals and pipes', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stop a copy on %s with exit code %i, and nothing is left of it', async (signal, code) => {
    const { folder, start } = await workplace()
    const { child, ended } = start(['cp', '-', 'a:deep/slow.txt'])
    child.stdin.write('a part of it')
    await until(async () => (await names(join(folder, 'data'))).length > 0)
    child.kill(signal)
    expect(await ended).toStrictEqual({ code, stdout: '', stderr: '' })
    expect((await names(join(folder, 'data'))).filter((name) => !['deep'].includes(name))).toStrictEqual([])
  })

  test('tell an interruption as JSON too', async () => {
    const { folder, start } = await workplace()
    const { child, ended } = start(['cp', '-', 'a:slow.txt', '--json'])
    child.stdin.write('a part of it')
    await until(async () => (await names(join(folder, 'data'))).length > 0)
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(jsonLines(stdout)).toMatchObject([{ type: 'result', success: false, error: { code: 'Aborted' } }])
  })

  test('end quietly when the reader has gone', async () => {
    const { folder, start } = await workplace()
    await writeFile(join(folder, 'big'), new Uint8Array(8 << 20))
    const { child, ended } = start(['cat', 'big'])
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('end quietly when the reader of a listing has gone', async () => {
    const { folder, start } = await workplace()
    await mkdir(join(folder, 'many'))
    const files = Array.from({ length: 3000 }, (_, index) =>
      writeFile(join(folder, 'many', `a-rather-long-name-${index}`), ''),
    )
    await Promise.all(files)
    const { child, ended } = start(['ls', '--json', 'many'])
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('stop on Ctrl-C even while nobody reads', async () => {
    const { folder, start } = await workplace()
    await writeFile(join(folder, 'big'), new Uint8Array(8 << 20))
    const { child } = start(['cat', 'big'])
    child.stdout.pause()
    const exit = new Promise((resolve) => child.on('exit', resolve))
    await once(child.stdout, 'readable')
    child.kill('SIGINT')
    expect(await exit).toBe(130)
  })

  test.runIf(existsSync('/dev/full'))('tell when the output cannot be written', async () => {
    const { folder } = await workplace()
    const full = openSync('/dev/full', 'w')
    const words = [...(await commandWords()), 'ls', '--json', '.']
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    expect({ status, stderr: String(stderr) }).toMatchObject({
      status: 8,
      stderr: /QuotaExceeded: write "standard output"/,
    })
  })

  test.each([
    ['cp', '-r', 'many', 'a:many', '--json'],
    ['mv', 'many', 'a:many', '--json'],
    ['sync', 'many', 'a:', '--json'],
  ])('give up %s %s quietly, but not as a success, when nobody reads what it did', async (...words) => {
    const { folder, start } = await workplace()
    await fill(join(folder, 'many'), 3000)
    const { child, ended } = start(words)
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ code: 141, stderr: '' })
  })

  test.each([
    ['sync', '-n', 'many', 'a:'],
    ['rm', '-r', '-n', 'many'],
  ])('end %s %s quietly: a dry run that is not read to its end has done nothing', async (...words) => {
    const { folder, start } = await workplace()
    await fill(join(folder, 'many'), 3000)
    const { child, ended } = start(words)
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('kit:') })
  })

  test('end a comparison quietly when its reader has gone', async () => {
    const { folder, start } = await workplace()
    await fill(join(folder, 'many'), 3000)
    await mkdir(join(folder, 'none'))
    const { child, ended } = start(['check', 'many', 'none', '--quiet'])
    child.stdout.once('data', () => child.stdout.destroy())
    // What was compared before may have been all.
    expect(await ended).toMatchObject({ code: expect.toSatisfy((code) => code === 0 || code === 11), stderr: '' })
  })

  test.runIf(existsSync('/dev/full'))('tell of every verb that its output cannot be written', async () => {
    const { folder } = await workplace()
    await fill(join(folder, 'many'), 30)
    await mkdir(join(folder, 'none'))
    const command = await commandWords()
    for (const words of [
      ['cp', 'many/file-1', '-'],
      ['cp', '-r', 'many', 'a:copied', '--json'],
      ['sync', 'many', 'a:synced', '--dry-run'],
      ['check', 'many', 'none'],
      ['tree', 'many'],
      ['du', 'many'],
      ['stat', 'many'],
    ]) {
      const full = openSync('/dev/full', 'w')
      const { status, stderr } = spawnSync(process.execPath, [...command, ...words], {
        cwd: folder,
        env: { ...process.env, KIT_HOME: join(folder, 'home') },
        stdio: ['ignore', full, 'pipe'],
      })
      closeSync(full)
      expect({ words, status, stderr: String(stderr) }).toMatchObject({ words, status: 8, stderr: /QuotaExceeded/ })
    }
  })

  test.each([['cp', '-r'], ['mv'], ['sync']])(
    'stop %s of a tree on Ctrl-C: 130, no part is seen, and it can be done again',
    async (...verb) => {
      const { folder, kit, start } = await workplace()
      await fill(join(folder, 'tree'), 50)
      const size = 3 * 2 ** 30
      const big = await open(join(folder, 'tree/big'), 'w')
      await big.truncate(size)
      await big.close()
      const { child, ended } = start([...verb, './tree', 'a:tree', '--transfers', '2'])
      await until(async () => (await names(join(folder, 'data'))).some((name) => name.startsWith('tree/file-')))
      await delay(50)
      child.kill('SIGINT')
      const { code, stdout } = await ended
      expect({ code, stdout }).toStrictEqual({ code: 130, stdout: '' })
      for (const name of await readdir(join(folder, 'data/tree'))) {
        const { size: copied } = await stat(join(folder, 'data/tree', name))
        expect({ name, copied }).toStrictEqual({ name, copied: name === 'big' ? size : name.length })
      }
      // Everything is on one of the two sides at least.
      const left = [...(await names(join(folder, 'tree'))), ...(await names(join(folder, 'data/tree')))]
      expect(new Set(left).size).toBe(51)
      await rm(join(folder, 'tree/big'), { force: true })
      expect(await kit([...verb, './tree', 'a:tree'])).toMatchObject({ code: 0 })
    },
  )

  test('keep the parts of a large upload on Ctrl-C, say so, and go on with them', async () => {
    const { folder, kit, start } = await workplace()
    const size = 256 * 2 ** 20
    const big = await open(join(folder, 'big'), 'w')
    await big.truncate(size)
    await big.write('the end', size - 7)
    await big.close()
    const { child, ended } = start(['cp', 'big', 'a:big'])
    await until(async () => (await names(join(folder, 'home/uploads'))).some((name) => name.endsWith('.json')))
    child.kill('SIGINT')
    expect(await ended).toStrictEqual({
      code: 130,
      stdout: '',
      stderr: '1 upload can be gone on with: run the same command again\n',
    })
    expect(((await stat(join(folder, 'home/uploads'))).mode & 0o777).toString(8)).toBe('700')
    expect(jsonLines((await kit(['upload', 'ls', 'a:', '--json'])).stdout)).toMatchObject([
      { type: 'upload', address: 'a:big', parts: expect.any(Number), expires: expect.any(String) },
      { type: 'result', uploads: 1 },
    ])
    expect(await kit(['upload', 'gc', 'a:'])).toMatchObject({ code: 0, stdout: '' })
    expect(await kit(['ls', 'a:'])).toMatchObject({ stdout: '' })
    expect(await kit(['cp', 'big', 'a:big'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
    expect(await kit(['check', 'big', 'a:big', '--checksum'])).toMatchObject({ code: 0 })
    expect(await names(join(folder, 'home/uploads'))).toStrictEqual([])
    expect((await kit(['upload', 'ls', 'a:'])).stdout).toBe('')
  })

  test('drop the parts of unfinished uploads when they are told to', async () => {
    const { folder, kit, start } = await workplace()
    const big = await open(join(folder, 'big'), 'w')
    await big.truncate(256 * 2 ** 20)
    await big.close()
    const { child, ended } = start(['cp', 'big', 'a:deep/big'])
    await until(async () => (await names(join(folder, 'home/uploads'))).some((name) => name.endsWith('.json')))
    child.kill('SIGINT')
    await ended
    expect((await kit(['upload', 'gc', 'a:other', '--all'])).stdout).toBe('')
    expect((await kit(['upload', 'gc', 'a:deep', '--all', '--dry-run'])).stdout).toBe('(dry-run) dropped a:deep/big\n')
    expect((await kit(['upload', 'gc', 'a:', '--all'])).stdout).toBe('dropped a:deep/big\n')
    expect((await kit(['upload', 'ls', 'a:'])).stdout).toBe('')
  })

  test('wait for a slow reader without reading ahead', async () => {
    const { folder, start } = await workplace()
    await writeFile(join(folder, 'big'), new Uint8Array(8 << 20))
    const { child, ended } = start(['cat', 'big'])
    child.stdout.pause()
    await delay(300)
    child.stdout.resume()
    const { code, stdout } = await ended
    expect({ code, length: stdout.length }).toStrictEqual({ code: 0, length: 8 << 20 })
  })
})

/** Files whose content is their name. */
async function fill(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (let index = 0; index < count; index++) await writeFile(join(folder, `file-${index}`), `file-${index}`)
}

/** Every name below a folder; none where there is no folder. */
async function names(folder: string): Promise<string[]> {
  return readdir(folder, { recursive: true }).catch(() => [])
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20)
}
