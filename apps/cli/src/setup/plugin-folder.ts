import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { contractNumber, errorCode, storageError } from '@kit/core'
import { discoverPlugins, pluginFolder, type FoundPlugin, makeFolders } from '@kit/core/node'
import { withHint } from '../outcome.ts'

export type Dependencies = Readonly<Record<string, string>>

/** The user's plugins: a folder with a package.json of its own, in which npm installs. */
export interface PluginFolder {
  readonly path: string
  /** Packages that were asked for, with what was asked for. */
  dependencies(): Promise<Dependencies>
  /** Those of them that are plugins, by their manifests. @throws InvalidConfig for a manifest that cannot be read */
  plugins(): Promise<readonly FoundPlugin[]>
  /** Runs npm in it, without running any script of a package. @throws Unavailable, InvalidConfig with what npm said */
  npm(words: readonly string[], signal: AbortSignal): Promise<void>
}

export function openPluginFolder(environment: NodeJS.ProcessEnv): PluginFolder {
  const path = pluginFolder(environment)
  const manifest = join(path, 'package.json')
  return {
    path,
    dependencies: () => readDependencies(manifest),
    async plugins() {
      // What stands in folders above is not the user's plugins.
      return (await discoverPlugins(path)).filter(({ dependent }) => dependent === manifest)
    },
    async npm(words, signal) {
      await makeFolders(path, 0o700)
      await writeFile(manifest, '{ "private": true }\n', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      })
      await runNpm([...words, '--prefix', path], signal)
    },
  }
}

async function readDependencies(manifest: string): Promise<Dependencies> {
  let found: unknown
  try {
    found = JSON.parse(await readFile(manifest, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw storageError('InvalidConfig', `${manifest} cannot be read`, { cause: error })
  }
  const dependencies = typeof found === 'object' && found !== null ? Reflect.get(found, 'dependencies') : undefined
  if (typeof dependencies !== 'object' || dependencies === null) return {}
  return Object.fromEntries(Object.entries(dependencies).map(([name, spec]) => [name, String(spec)]))
}

const always = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']

async function runNpm(words: readonly string[], signal: AbortSignal): Promise<void> {
  const windows = process.platform === 'win32'
  const child = spawn(windows ? 'npm.cmd' : 'npm', [...words, ...always], {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
    signal,
  })
  const exit = new Promise<number | null>((done, fail) => {
    child.on('error', fail)
    child.on('exit', done)
  })
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  let code: number | null
  try {
    code = await exit
  } catch (error) {
    signal.throwIfAborted()
    const failure = storageError('Unavailable', 'npm cannot be run', { cause: error, retry: 'never' })
    throw withHint(failure, 'Install npm, or see that it is on the PATH.')
  }
  if (code === 0) return
  signal.throwIfAborted()
  const [stdout, stderr] = await said
  const lines = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.replace(/^npm error ?/, ''))
    .filter((line) => line.trim() !== '' && !line.includes('A complete log of this run'))
  const network = /\bE(AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|NOTCACHED)\b/.test(stderr)
  const message = `npm failed:\n${lines.slice(0, 20).join('\n')}`
  const failure = storageError(network ? 'Unavailable' : 'InvalidConfig', message, {
    retry: network ? 'safe' : 'never',
  })
  const advice = network
    ? 'See that the registry of packages can be reached, or name tarballs: of the plugin, and of what it needs beside it.'
    : 'Check the name and the version of the package.'
  throw withHint(failure, advice)
}

/** A spec as npm takes it: what is a path here is one from here, whatever folder npm runs in. */
export function npmSpec(spec: string): string {
  const isPath = /^(\.{1,2}([\\/]|$)|[\\/]|~[\\/]|[A-Za-z]:[\\/])/.test(spec) || /\.(tgz|tar\.gz)$/.test(spec)
  if (/^[a-z+]+:/i.test(spec) && !/^[A-Za-z]:[\\/]/.test(spec)) return spec
  return isPath ? resolve(spec) : spec
}

/** What stands against using an installed package as a plugin; undefined where nothing does. Looks at data alone. */
export function refusalOf(name: string, plugin: FoundPlugin | undefined): string | undefined {
  if (plugin === undefined) {
    return `${name} is no Kit plugin: its package.json has no keyword "kit-backend" and names no manifest`
  }
  // Read from a file that anybody may have made.
  const { contract, type, options, capabilities }: Partial<FoundPlugin['manifest']> = plugin.manifest
  if (
    !Number.isInteger(contract) ||
    typeof type !== 'string' ||
    typeof options !== 'object' ||
    typeof capabilities !== 'object'
  ) {
    return `the manifest of ${name} is none: it lacks contract, type, options or capabilities`
  }
  if (contract !== undefined && contract > contractNumber) {
    return `${name} is written for contract ${contract}, this Kit speaks ${contractNumber}; install a newer Kit, or an older version of the plugin`
  }
  return undefined
}

/** The plugins of the folder; a broken manifest is told and does not hide that the packages are there. */
export async function pluginsOrError(folder: PluginFolder): Promise<readonly FoundPlugin[] | Error> {
  try {
    return await folder.plugins()
  } catch (error) {
    if (errorCode(error) === 'InvalidConfig' && error instanceof Error) return error
    throw error
  }
}
