import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'
import type { Recipe } from './recipes.ts'

/** Builds a server into `folder`, which appears whole or not at all. The caller holds the folder's lock. */
export async function build(recipe: Recipe, folder: string): Promise<void> {
  await removeAbandoned(folder)
  const building = `${folder}.building-${process.pid}-${Date.now()}`
  await mkdir(building, { recursive: true })
  try {
    if (recipe.kind === 'go-install') await goInstall(recipe, building)
    else if (recipe.kind === 'go-module') await goModule(recipe, building)
    else await unpackDebian(recipe.packages, building)
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
