// Runs the conformance cases on the built packages under the oldest Node that the libraries promise to work with.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.ts'

const oldest = '22.15.0'
const script = 'scripts/dist-conformance.mjs'

if (existsSync(join(root, script))) {
  // The platform package holds the binary itself. npm keeps it in its cache.
  const node = `node-${process.platform}-${process.arch}@${oldest}`
  const check = `process.version === 'v${oldest}' || process.exit(1)`
  const { status } = spawnSync(
    'npm',
    ['exec', '--yes', '--loglevel=error', `--package=${node}`, `--call=node -e "${check}" && node ${script}`],
    { cwd: root, stdio: 'inherit' },
  )
  process.exitCode = status ?? 1
} else {
  console.log(`${script} is not there: nothing ran under Node ${oldest}`)
}
