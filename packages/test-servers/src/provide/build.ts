import { cp, glob, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'
import type { ProgramName, Recipe } from './recipes.ts'

/** Builds a program into `folder`, which appears whole or not at all. The caller holds the folder's lock. */
export async function build(name: ProgramName, recipe: Recipe, folder: string): Promise<void> {
  await removeAbandoned(folder)
  const building = `${folder}.building-${process.pid}-${Date.now()}`
  await mkdir(building, { recursive: true })
  try {
    if (recipe.kind === 'go-install') await goInstall(recipe, building)
    else if (recipe.kind === 'go-module') await goModule(recipe, building)
    else if (recipe.kind === 'venv') await virtualEnvironment(name, recipe, building)
    else if (recipe.kind === 'debian') await unpackDebian(recipe.packages, building)
    else await debianProgram(recipe, building)
    await rename(building, folder)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

/** What builds that were killed have left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(`${basename(folder)}.building-`)) await rm(join(dirname(folder), name), { recursive: true })
  }
}

async function goInstall(recipe: Recipe & { kind: 'go-install' }, into: string): Promise<void> {
  await run('go', ['install', `${recipe.module}@${recipe.version}`], { env: { GOBIN: into } })
}

async function goModule(recipe: Recipe & { kind: 'go-module' }, into: string): Promise<void> {
  // A copy, because -mod=mod may write to go.mod and go.sum.
  const module = await mkdtemp(join(tmpdir(), 'kit-go-'))
  try {
    await cp(fileURLToPath(new URL(`../../go/${recipe.folder}/`, import.meta.url)), module, { recursive: true })
    await run('go', ['build', '-mod=mod', '-o', join(into, recipe.binary), recipe.module], { cwd: module })
  } finally {
    await rm(module, { recursive: true, force: true })
  }
}

/** Its own scripts name the folder in which it was built, so it is started by its interpreter, which may be moved. */
async function virtualEnvironment(name: string, recipe: Recipe & { kind: 'venv' }, into: string): Promise<void> {
  await run('python3', ['-m', 'venv', into])
  const versions = fileURLToPath(new URL(`../../python/${name}.txt`, import.meta.url))
  const wanted = `${recipe.package}==${recipe.version}`
  const quiet = ['--quiet', '--disable-pip-version-check']
  await run(join(into, 'bin/python'), ['-m', 'pip', 'install', ...quiet, '--constraint', versions, wanted])
  await writeLauncher(join(into, recipe.binary), `exec "$here/bin/python" -m ${recipe.module} "$@"`)
}

async function debianProgram(recipe: Recipe & { kind: 'debian-program' }, into: string): Promise<void> {
  const simulate = (): Promise<string> =>
    run('apt-get', ['--simulate', '--no-install-recommends', 'install', recipe.package])
  const plan = await simulate().catch(() => run('apt-get', ['update']).then(simulate))
  const lacking = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
  await unpackDebian([...new Set([recipe.package, ...lacking])], into)
  const libraries = new Set<string>()
  for await (const file of glob('**/*.so{,.*}', { cwd: into })) libraries.add(`$here/${dirname(file)}`)
  const path = [...libraries].toSorted().join(':')
  await writeLauncher(join(into, recipe.binary), `LD_LIBRARY_PATH="${path}" exec "$here/${recipe.program}" "$@"`)
}

async function writeLauncher(path: string, line: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\nhere=$(dirname -- "$(readlink -f -- "$0")")\n${line}\n`, { mode: 0o755 })
}

async function unpackDebian(packages: readonly string[], into: string): Promise<void> {
  const downloads = join(into, 'downloads')
  await mkdir(downloads)
  const download = (): Promise<string> => run('apt-get', ['download', ...packages], { cwd: downloads })
  try {
    await download()
  } catch {
    // The machine's package lists may be missing or too old to name a file that is still there.
    await run('apt-get', ['update'])
    await download()
  }
  for (const file of await readdir(downloads)) {
    if (file.endsWith('.deb')) await run('dpkg', ['-x', join(downloads, file), into])
  }
  await rm(downloads, { recursive: true })
}
