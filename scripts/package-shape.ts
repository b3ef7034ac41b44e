// Packs every public package as it would be published and looks at the tarball: its manifest (publint) and its types (attw).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runQuietly } from './run-command.ts'
import { isLibrary, workspacePackages } from './workspace.ts'

const folder = mkdtempSync(join(tmpdir(), 'kit-shape-'))
try {
  const libraries = workspacePackages().filter(isLibrary)
  const filters = libraries.map(({ name }) => `--filter=${name}`)
  await report('pack', ['pnpm', ...filters, '--recursive', 'pack', '--pack-destination', folder])
  const tarballs = readdirSync(folder).values()
  await Promise.all(Array.from({ length: availableParallelism() }, () => lookAt(tarballs)))
} finally {
  rmSync(folder, { recursive: true })
}

/** Takes tarballs until none is left. */
async function lookAt(tarballs: Iterator<string> & Iterable<string>): Promise<void> {
  for (const tarball of tarballs) {
    const path = join(folder, tarball)
    await report(tarball, ['publint', path, '--strict'])
    await report(tarball, ['attw', path, '--profile', 'esm-only', '--no-color', '--no-emoji'])
  }
}

async function report(what: string, command: readonly string[]): Promise<void> {
  const { code, output } = await runQuietly(command)
  if (code === 0) return
  console.log(`${what}: ${command[0]} failed\n${output}`)
  process.exitCode = 1
}
