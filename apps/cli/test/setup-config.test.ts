import { createServer } from 'node:net'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { jsonLines, workplace } from './kit-command.ts'

vi.setConfig({ testTimeout: 120_000 })

const wrong = `storse: {}
stores:
  a: { type: fs, pth: x }
  b: { type: nothing }
  c: { type: fs, path: "\${KIT_TEST_UNSET}" }
`

describe('kit config check', () => {
  test('tells every mistake with line, column and what to do, and exits with 2 (M6)', async () => {
    const { kit } = await workplace(wrong)
    const { code, stdout, stderr } = await kit(['config', 'check'])
    expect(code).toBe(2)
    const places = stdout
      .split('\n')
      .flatMap((line) => /kit\.yaml:(\d+:\d+): (\S+ \S+)/.exec(line)?.slice(1, 3).join(' ') ?? [])
    expect(places).toStrictEqual([
      '1:1 there is',
      '3:14 path is',
      '3:18 fs has',
      '4:14 no installed',
      '5:24 the environment',
    ])
    expect(stdout).toMatch(/nothing[^\n]*\n +hint: Install the package/)
    expect(stderr).toMatch(/kit\.yaml has 5 problems/)
    const [result] = jsonLines((await kit(['config', 'check', '--json'])).stdout)
    expect(result).toMatchObject({
      success: false,
      exists: true,
      error: { code: 'InvalidConfig' },
      problems: expect.arrayContaining([expect.objectContaining({ line: 3, column: 18, message: expect.any(String) })]),
    })
  })

  test('says that all is well, or that there is no file', async () => {
    const { folder, kit } = await workplace()
    expect(await kit(['config', 'check'])).toMatchObject({
      code: 0,
      stdout: `${join(folder, 'kit.yaml')} is right\n`,
      stderr: '',
    })
  })
})

describe('kit config show', () => {
  test('shows options, defaults and references, never a secret', async () => {
    const { kit } = await workplace(
      'stores:\n  a: { type: fs, path: "${P}" }\n  b: { type: other, key: literal, ref: env:REF }\n',
    )
    const { stdout } = await kit(['config', 'show'], { environment: { P: 'x', REF: 'hidden' } })
    expect(stdout).toContain('path: ${P}\n')
    expect(stdout).toContain('ref: env:REF\n')
    expect(stdout).toMatch(/^# by default, a: create: true, fsync: false$/m)
    expect(stdout).not.toMatch(/literal|hidden/)
    const [result] = jsonLines((await kit(['config', 'show', '--json'])).stdout)
    expect(result).toMatchObject({
      stores: {
        a: { type: 'fs', path: '${P}', defaults: { create: true } },
        b: { key: '(not shown)', missing: expect.any(String) },
      },
    })
  })
})

describe('kit config schema', () => {
  test('is written where editors find it, and named once', async () => {
    const { folder, kit } = await workplace('stores: {}\n')
    await kit(['config', 'schema', '--write'])
    await kit(['config', 'schema', '--write'])
    expect(await readFile(join(folder, 'kit.yaml'), 'utf8')).toBe(
      '# yaml-language-server: $schema=./kit.schema.json\nstores: {}\n',
    )
    const written: unknown = JSON.parse(await readFile(join(folder, 'kit.schema.json'), 'utf8'))
    expect(written).toMatchObject({ $defs: { 'type-fs': expect.anything(), 'type-memory': expect.anything() } })
    expect(JSON.parse((await kit(['config', 'schema'])).stdout)).toStrictEqual(written)
  })
})

describe('kit matrix', () => {
  test('shows what types can do, and what configured stores can', async () => {
    const { kit } = await workplace('stores:\n  a: { type: fs, path: data }\n  b: { type: none }\n')
    const types = (await kit(['matrix'])).stdout.split('\n')
    expect(types[0]).toMatch(/^ +fs +memory +kit +content$/)
    expect(types).toContainEqual(expect.stringMatching(/^write\.ifMatch +emulated +native +native +native$/))
    expect(types).toContainEqual(expect.stringMatching(/^blocks +- +- +\S+ +native$/))
    const [result] = jsonLines((await kit(['matrix', '--json'])).stdout)
    expect(result).toMatchObject({
      success: true,
      of: 'types',
      columns: [
        { name: 'fs', type: 'fs', can: { 'write.atomic': 'native', blocks: 'no', deleteMany: 'emulated' } },
        { name: 'memory', type: 'memory' },
        { name: 'kit', type: 'kit' },
        { name: 'content', type: 'content', can: { blocks: 'native', versions: 'native' } },
      ],
    })
    const stores = await kit(['matrix', '--stores', '--json'])
    expect(stores.code).toBe(6)
    expect(jsonLines(stores.stdout)).toMatchObject([
      { success: false, of: 'stores', columns: [{ name: 'a', type: 'fs' }] },
    ])
  })
})

interface Finding {
  readonly check: string
  readonly state: string
  readonly message: string
  readonly advice?: string
}

describe('kit doctor', () => {
  test('looks at everything, and finds a healthy machine healthy (X3)', async () => {
    const { folder, kit } = await workplace('stores:\n  a: { type: fs, path: data }\n  m: { type: memory }\n')
    await mkdir(join(folder, 'home'), { mode: 0o700 })
    await chmod(folder, 0o700)
    const port = await freePort()
    const { code, stdout } = await kit(['doctor', '--json', '--port', String(port)])
    const [result] = jsonLines(stdout)
    const { findings } = result as { readonly findings: readonly Finding[] }
    expect(findings.filter(({ state }) => state !== 'ok')).toStrictEqual([])
    expect(code).toBe(0)
    const checks = new Set(findings.map(({ check }) => check))
    expect([...checks].toSorted()).toStrictEqual(
      ['clock', 'config', 'folder', 'node', 'plugins', 'port', 'store a', 'store m', 'temporary'].toSorted(),
    )
    expect(findings.find(({ check }) => check === 'store a')).toMatchObject({ ms: expect.any(Number) })
  })

  test('tells what is wrong and what to do, and exits with 1 (X3)', async () => {
    const { folder, kit } = await workplace(
      'stores:\n  a: { type: fs, path: missing, create: false }\n  m: { type: memory }\n',
    )
    await chmod(join(folder, 'kit.yaml'), 0o666)
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, stdout } = await kit(['doctor', '--port', String(port)])
    taken.close()
    expect(code).toBe(1)
    expect(stdout).toMatch(/^fail +store a +.*does not exist.*\n +\S/m)
    expect(stdout).toMatch(/^ok +store m +answers in \d+ ms$/m)
    expect(stdout).toMatch(/^warn +config +others may write to .*kit\.yaml \(mode 666\)\n +chmod go-w/m)
    expect(stdout).toMatch(/^warn +port +\d+ is taken/m)
    expect(stdout).toMatch(/checks: 1 failed, 2 to look at\n$/)
  })

  test('goes on where the configuration cannot be read', async () => {
    const { kit } = await workplace('stores: [')
    const { code, stdout } = await kit(['doctor'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^fail +config +.*kit\.yaml:1:/m)
    expect(stdout).toMatch(/^ok +clock/m)
  })

  test('finds a folder of the user that cannot be written', async () => {
    const { folder, kit } = await workplace()
    await writeFile(join(folder, 'file'), '')
    const { stdout } = await kit(['doctor'], { environment: { KIT_HOME: join(folder, 'file/home') } })
    expect(stdout).toMatch(/^fail +folder +/m)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
