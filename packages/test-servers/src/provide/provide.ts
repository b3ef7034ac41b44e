import { access, mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { build } from './build.ts'
import { withLock } from './build-lock.ts'
import { recipes } from './recipes.ts'
import type { Recipe, ProgramName } from './recipes.ts'

/** Where the program is, or in one line why there is none. */
export type Provided = { readonly path: string } | { readonly missing: string }

const buildDeadlineMs = 20 * 60_000
const attempts = new Map<ProgramName, Promise<Provided>>()

/**
 * The path of a server's or client's program. It is built when `CI=true` or `KIT_SERVERS=1`, otherwise found in the cache
 * (`KIT_SERVERS_CACHE`, `$XDG_CACHE_HOME/kit/servers` or `~/.cache/kit/servers`) or reported as missing.
 * With `CI=true` a missing program is thrown, because there a skip is a failure.
 */
export async function tryProvide(name: ProgramName): Promise<Provided> {
  const known = attempts.get(name) ?? attempt(name)
  attempts.set(name, known)
  const provided = await known
  if ('missing' in provided) {
    attempts.delete(name)
    if (process.env['CI'] === 'true') throw new Error(`${name} is missing: ${provided.missing}`)
  }
  return provided
}

/** As `tryProvide`, for who cannot go on without: a missing program is always thrown. */
export async function provide(name: ProgramName): Promise<string> {
  const provided = await tryProvide(name)
  if ('missing' in provided) throw new Error(`${name} is missing: ${provided.missing}`)
  return provided.path
}

/** The reason why a test that needs the program is skipped; undefined when it can run. */
export function whyMissing(provided: Provided): string | undefined {
  return 'missing' in provided ? provided.missing : undefined
}

async function attempt(name: ProgramName): Promise<Provided> {
  const recipe = recipes[name]
  const installed = recipe.kind === 'debian-program' && recipe.onPath ? await findOnPath(recipe.binary) : undefined
  if (installed !== undefined) return { path: installed }
  const refusal = recipe.kind.startsWith('debian') ? debianRefusal(recipe) : undefined
  if (refusal !== undefined) return { missing: refusal }
  const folder = join(cacheFolder(), `${name}-${await version(recipe)}`)
  const path = join(folder, recipe.binary)
  if (await exists(path)) return { path }
  if (process.env['CI'] !== 'true' && process.env['KIT_SERVERS'] !== '1') {
    return { missing: `${name} is not in ${cacheFolder()}; KIT_SERVERS=1 builds it` }
  }
  try {
    await mkdir(cacheFolder(), { recursive: true })
    await withLock(`${folder}.lock`, buildDeadlineMs, async () => {
      if (!(await exists(path))) await build(name, recipe, folder)
    })
    return { path }
  } catch (error) {
    return { missing: `${name} could not be built: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** The FTP daemons change to another user for each session, which only root may do. */
function debianRefusal({ kind }: Recipe): string | undefined {
  if (process.platform !== 'linux') return 'it comes from Debian packages, which need Linux'
  if (kind !== 'debian') return undefined
  return process.getuid?.() === 0 ? undefined : 'the daemon has to be started as root'
}

function cacheFolder(): string {
  const own = process.env['KIT_SERVERS_CACHE']
  if (own !== undefined && own !== '') return own
  const base = process.env['XDG_CACHE_HOME']
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'kit', 'servers')
}

async function version(recipe: Recipe): Promise<string> {
  if ('version' in recipe) return recipe.version
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1] ?? 'unknown'
}

async function findOnPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    if (folder !== '' && (await exists(path))) return path
  }
  return undefined
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
