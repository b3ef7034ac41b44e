// Runs a command under the Node and pnpm this repository pins, on a machine that may have only Node 20 and npm.
// Plain JavaScript without dependencies: it is the one file that old Node versions must understand.
import { execFileSync, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const wanted = readFileSync(join(root, '.node-version'), 'utf8').trim()
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const major = (version) => Number(version.split('.')[0])

const packages = [packageManager]
// The platform package holds the binary itself, so it needs no install script.
if (major(process.versions.node) < major(wanted)) {
  packages.push(`node-${process.platform}-${process.arch}@${wanted}`)
}
const PATH = execFileSync(
  'npm',
  [
    'exec',
    '--yes',
    '--allow-scripts=pnpm',
    '--loglevel=error',
    ...packages.map((name) => `--package=${name}`),
    '--call=node -p process.env.PATH',
  ],
  { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
).trim()
const options = { cwd: root, env: { ...process.env, PATH }, stdio: 'inherit' }
execFileSync('pnpm', ['install', '--frozen-lockfile', '--reporter=silent'], options)

const [command, ...commandArguments] = process.argv.slice(2)
const child = spawn(command, commandArguments, options)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`cannot run ${command}: ${error.message}`)
  process.exit(127)
})
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
