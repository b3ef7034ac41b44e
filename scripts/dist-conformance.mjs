// Runs the conformance cases on the built packages, as an installed program has them: plain JavaScript, no runner, any Node from 22.15 on.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const packages = join(import.meta.dirname, '..', 'packages')

async function installed(dependent, name) {
  const path = createRequire(join(packages, dependent, 'package.json')).resolve(name)
  if (!path.includes('dist')) throw new Error(`${name} does not resolve to what was built: ${path}`)
  return import(pathToFileURL(path).href)
}

const { openStore } = await installed('backend-fs', '@kit/core')
const { runConformance } = await installed('backend-fs', '@kit/conformance')
const fs = await import(pathToFileURL(join(packages, 'backend-fs/dist/index.js')).href)
const memory = await import(pathToFileURL(join(packages, 'backend-memory/dist/index.js')).href)

const folder = mkdtempSync(join(tmpdir(), 'kit-dist-'))
let count = 0
const subjects = {
  memory: { inProcess: true, open: () => openStore(memory.plugin({})) },
  fs: { open: () => openStore(fs.plugin({ path: join(folder, String(++count)) })) },
}
let failures = 0
try {
  for (const [name, subject] of Object.entries(subjects)) {
    const store = await subject.open()
    const { capabilities } = store
    await store.close()
    const { passed, failed } = await runConformance({ ...subject, capabilities })
    console.log(`${name} under Node ${process.versions.node}: ${passed.length} cases passed, ${failed.length} failed`)
    for (const failure of failed) console.log(`  ${failure.name}: ${failure.error}`)
    failures += failed.length + (passed.length === 0 ? 1 : 0)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
