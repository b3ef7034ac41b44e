// What `@kit/core` costs before it does anything: the time to import it and the bytes to fetch it, in the form in which it is published.
import { execFile } from 'node:child_process'
import { globSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cases } from '../case.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

const run = promisify(execFile)
const core = join(import.meta.dirname, '../../packages/core')

interface Installed {
  readonly folder: string
  readonly tarball: string
}

/** Built, packed and installed once for all cases; removed when the run ends. */
let installing: Promise<Installed> | undefined
const installed = (): Promise<Installed> => (installing ??= install())

async function install(): Promise<Installed> {
  const folder = temporaryFolder()
  await run('pnpm', ['run', 'build'], { cwd: core })
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: core })
  const [name = ''] = readdirSync(folder)
  const tarball = join(folder, name)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], { cwd: folder })
  return { folder, tarball }
}

async function startOf(folder: string, program: string): Promise<number> {
  const started = performance.now()
  // As a user's own program is started: without the conditions and options of this one.
  await run(process.execPath, ['-e', program], { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } })
  return performance.now() - started
}

const kB = 1000
let importFirst = false

export const cases: Cases = [
  {
    name: "import('@kit/core')",
    unit: 'ms',
    limit: 25,
    aim: 12,
    rounds: 41,
    note: '`node -e "import(\'@kit/core\')"` less `node -e 0`, in pairs.',
    async setup() {
      const { folder } = await installed()
      const found = "console.log(import.meta.resolve('@kit/core'))"
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', found], { cwd: folder })
      if (!stdout.includes('/dist/bundle/index.js')) throw new Error(`what is imported is ${stdout}`)
      await startOf(folder, "import('@kit/core').then((core) => { if (!core.openStore) process.exit(1) })")
    },
    async measure() {
      const { folder } = await installed()
      importFirst = !importFirst
      let figure = 0
      for (const imports of [importFirst, !importFirst]) {
        if (imports) figure += await startOf(folder, "import('@kit/core')")
        else figure -= await startOf(folder, '0')
      }
      return figure
    },
  },
  {
    name: '@kit/core, packed',
    unit: 'kB',
    limit: 400,
    rounds: 1,
    measure: async () => statSync((await installed()).tarball).size / kB,
  },
  {
    name: '@kit/core, unpacked',
    unit: 'kB',
    rounds: 1,
    async measure() {
      const files = globSync('node_modules/@kit/core/**/*', { cwd: (await installed()).folder, withFileTypes: true })
      const sizes = files
        .filter((file) => file.isFile())
        .map(({ parentPath, name }) => statSync(join(parentPath, name)).size)
      return sizes.reduce((sum, size) => sum + size, 0) / kB
    },
    teardown: async () => removeTemporary((await installed()).folder),
  },
]
