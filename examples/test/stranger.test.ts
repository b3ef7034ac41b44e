// The example backend as a stranger has it: packed, installed by npm in a folder of its own, found by its manifest, loaded, and run
// through conformance on a real server.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRclone, tryProvide, whyMissing } from '@kit/test-servers'

const root = join(import.meta.dirname, '../..')
const name = 'kit-backend-webdav'
const minutes = 60_000

interface Line {
  readonly found?: readonly { readonly name: string; readonly type: string }[]
  readonly name?: string
  readonly error?: string
  readonly passed?: number
}

const missing = whyMissing(await tryProvide('rclone'))
if (missing !== undefined) process.stderr.write(`skipped: rclone: ${missing}\n`)

describe.skipIf(missing !== undefined)('a backend by a stranger', () => {
  let folder: string
  let [example, app] = ['', '']

  async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
    const PATH = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
    await promisify(execFile)(command, args, { cwd, env: { ...process.env, PATH }, maxBuffer: 2 ** 24 })
  }

  async function runSuite(cwd: string): Promise<readonly Line[]> {
    await using server = await startRclone('webdav', { user: 'kit', password: 'kit-secret-key' })
    const { endpoint: url, user, password, folder: served } = server
    const given = JSON.stringify({ served, options: { url, user, password } })
    const child = spawn(process.execPath, ['stranger-app.mjs', given], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'exit')
    let complaints = ''
    child.stderr.on('data', (text) => (complaints += text))
    const lines: Line[] = []
    for await (const line of createInterface(child.stdout)) lines.push(JSON.parse(line))
    expect((await ended)[0], complaints).toBe(0)
    return lines
  }

  function checkSuite(lines: readonly Line[]): void {
    expect(lines[0]?.found).toMatchObject([{ name, type: 'webdav' }])
    expect(lines.filter((line) => line.error !== undefined)).toEqual([])
    expect(lines.at(-1)?.passed).toBeGreaterThan(100)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kit-stranger-'))
    example = join(folder, 'example')
    app = join(folder, 'app')
    const filters = ['--filter=@kit/core', '--filter=@kit/conformance']
    await run('pnpm', [...filters, 'run', 'build'], root)
    await run('pnpm', [...filters, '--recursive', 'pack', '--pack-destination', folder], root)
    const tarballs = (await readdir(folder)).filter((file) => file.endsWith('.tgz')).map((file) => join(folder, file))

    const built = /\/(?:node_modules|dist|kit\.json)$/
    await cp(join(root, 'examples/backend-webdav'), example, { recursive: true, filter: (path) => !built.test(path) })
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline']
    await run('npm', ['install', ...quiet, '--no-save', '--omit=dev', ...tarballs], example)
    await run('npm', ['run', 'build'], example)
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], example)

    await mkdir(app)
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
    await run('npm', ['install', ...quiet, ...tarballs, join(folder, `${name}-1.0.0.tgz`)], app)
    await cp(join(import.meta.dirname, 'stranger-app.mjs'), join(app, 'stranger-app.mjs'))
  }, 5 * minutes)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is found, loaded and passes conformance', { timeout: 10 * minutes }, async () => {
    checkSuite(await runSuite(app))
  })

  it('passes with a core of its own beside the one of the program', { timeout: 10 * minutes }, async () => {
    const two = join(folder, 'two-cores')
    await cp(app, two, { recursive: true })
    await cp(join(app, 'node_modules/@kit/core'), join(two, 'node_modules', name, 'node_modules/@kit/core'), {
      recursive: true,
    })
    checkSuite(await runSuite(two))
  })

  it("is tested by its author with Node's own runner", { timeout: 2 * minutes }, async () => {
    await cp(join(app, 'node_modules/@kit/conformance'), join(example, 'node_modules/@kit/conformance'), {
      recursive: true,
    })
    await using server = await startRclone('webdav', { user: 'kit', password: 'kit-secret-key' })
    const { endpoint: WEBDAV_URL, user: WEBDAV_USER, password: WEBDAV_PASSWORD } = server
    const args = ['--test', '--test-reporter=tap', '--test-name-pattern=^(manifest|stat|gates):']
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, WEBDAV_URL, WEBDAV_USER, WEBDAV_PASSWORD }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: example, env })
    expect(stdout).toMatch(/^# pass [1-9]/m)
  })
})
