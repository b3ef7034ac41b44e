import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown, type OutputOptions, type RolldownOptions } from 'rolldown'
import { loadConfig } from 'rolldown/config'

const app = fileURLToPath(new URL('..', import.meta.url))
const packages = fileURLToPath(new URL('../../../packages', import.meta.url))
const cache = join(app, 'node_modules/.kit-test')
const keepMs = 24 * 60 * 60_000

let built: Promise<string> | undefined

/**
 * The command as it is shipped: bundled by the package's own configuration from the sources as they are now. One bundle for all test files that
 * see the same sources; it starts in a fifth of the time of the sources.
 */
export function bundledCommand(): Promise<string> {
  return (built ??= bundle())
}

async function bundle(): Promise<string> {
  const folder = join(cache, fingerprint())
  const command = join(folder, 'kit.js')
  if (await exists(command)) return command
  await mkdir(cache, { recursive: true })
  await dropOld()
  // It stands one folder above the bundle, as in the package.
  await copyFile(join(app, 'package.json'), join(cache, 'package.json'))
  const making = await mkdtemp(join(cache, 'making-'))
  const { output, ...input } = (await loadConfig(join(app, 'rolldown.config.js'))) as RolldownOptions
  const bundle = await rolldown({ ...input, cwd: app })
  await bundle.write({ ...(output as OutputOptions), dir: making })
  await bundle.close()
  // Another test file may have been quicker: its bundle is the same.
  await rename(making, folder).catch(async () => rm(making, { recursive: true, force: true }))
  return command
}

/** Of everything that goes into the bundle. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const sources = [
    ...globSync('{core,manager,client,content,backend-content,backend-fs,backend-kit,backend-memory}/src/**/*.ts', {
      cwd: packages,
    }).map((file) => join(packages, file)),
    ...globSync(['src/**/*.ts', 'rolldown.config.js', 'package.json'], { cwd: app }).map((file) => join(app, file)),
  ]
  for (const file of sources.toSorted()) hash.update(`${file}\0`).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

async function dropOld(): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name === 'package.json') continue
    const path = join(cache, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > keepMs) await rm(path, { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
