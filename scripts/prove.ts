// Runs the heavy proofs of the parts that are named: `npm run prove -- core`. They print the figures they measured.
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runTests } from './run-command.ts'
import { root } from './workspace.ts'

/** The folders whose `prove/**` belongs to a part. */
const parts: Readonly<Record<string, readonly string[]>> = {
  core: ['packages/core', 'packages/conformance', 'packages/backend-memory', 'packages/backend-fs'],
  server: ['apps/server'],
  client: ['packages/backend-kit'],
  content: ['packages/content', 'packages/backend-content'],
  ipfs: ['packages/backend-ipfs', 'packages/backend-gateway'],
  transfer: ['apps/cli'],
}

const { positionals: chosen } = parseArgs({ allowPositionals: true })
const unknown = chosen.filter((part) => !Object.hasOwn(parts, part))
if (chosen.length === 0 || unknown.length > 0) {
  for (const part of unknown) console.error(`no part is called ${part}`)
  console.error(`usage: npm run prove -- PART…, where PART is one of: ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}

const folders = new Set(chosen.flatMap((part) => parts[part] ?? []).map((folder) => `${folder}/prove/`))
const files = globSync(
  [...folders].map((folder) => `${folder}**/*.prove.ts`),
  { cwd: root },
)
if (files.length === 0) console.error(`nothing to prove in ${[...folders].join(', ')}`)
const paths = files.map((file) => join(root, file)).toSorted()
process.exitCode = files.length === 0 ? 2 : await runTests(['--config', 'vitest.prove.config.ts', ...paths])
