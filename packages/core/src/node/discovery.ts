import { readFile } from 'node:fs/promises'
import { createRequire, findPackageJSON } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyPlugin } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { names } from '../names.ts'
import { isPlugin, type Manifest } from '../registry/index.ts'

/** A plugin that is installed, known by its manifest; none of its code has run. */
export interface FoundPlugin {
  readonly package: string
  readonly version: string
  /** The package's own folder. */
  readonly folder: string
  /** The package.json that depends on it. */
  readonly dependent: string
  readonly manifest: Manifest
}

interface PackageJson {
  readonly name?: string
  readonly version?: string
  readonly keywords?: readonly string[]
  readonly kit?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * The plugins that the package.json files of these folders and of all folders above them depend on, nearest first, and then those of
 * `pluginFolder`. The first that provides a type hides later ones of the same package; two packages of one type are both returned.
 * Only dependencies are looked at, never all of node_modules. @throws InvalidConfig for a manifest that cannot be read
 */
export async function discoverPlugins(from: string, pluginFolder?: string): Promise<FoundPlugin[]> {
  const found = new Map<string, FoundPlugin>()
  for (const folder of [...folderAndParents(from), ...(pluginFolder === undefined ? [] : [resolve(pluginFolder)])]) {
    const dependent = join(folder, 'package.json')
    const own = await readPackage(dependent)
    if (own === undefined) continue
    for (const name of Object.keys({ ...own.dependencies, ...own.devDependencies, ...own.optionalDependencies })) {
      if (found.has(name)) continue
      const plugin = await readPlugin(name, dependent)
      if (plugin !== undefined) found.set(name, plugin)
    }
  }
  return [...found.values()]
}

/** Runs a found plugin's code. @throws InvalidConfig where it exports no `plugin` or another type than its manifest says */
export async function loadPlugin(found: FoundPlugin): Promise<AnyPlugin> {
  let loaded: unknown
  try {
    const path = createRequire(found.dependent).resolve(found.package)
    loaded = await import(pathToFileURL(path).href)
  } catch (error) {
    throw storageError('InvalidConfig', `the plugin package ${found.package} cannot be loaded`, { cause: error })
  }
  const plugin: unknown =
    typeof loaded === 'object' && loaded !== null && 'plugin' in loaded ? loaded.plugin : undefined
  if (!isPlugin(plugin)) throw storageError('InvalidConfig', `the package ${found.package} has no export \`plugin\``)
  if (plugin.type !== found.manifest.type) {
    const said = `its manifest says ${found.manifest.type}, its code ${plugin.type}`
    throw storageError('InvalidConfig', `the package ${found.package} contradicts itself about its type: ${said}`)
  }
  return plugin
}

function* folderAndParents(from: string): Generator<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    yield folder
    if (dirname(folder) === folder) return
  }
}

async function readPackage(path: string): Promise<PackageJson | undefined> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is optional; wrong ones are found where they are used
    return JSON.parse(await readFile(path, 'utf8')) as PackageJson
  } catch {
    return undefined
  }
}

async function readPlugin(name: string, dependent: string): Promise<FoundPlugin | undefined> {
  const path = locate(name, dependent)
  const own = path === undefined ? undefined : await readPackage(path)
  if (path === undefined || own?.keywords?.includes(names.pluginKeyword) !== true || own.kit === undefined)
    return undefined
  const folder = dirname(path)
  let manifest: Manifest
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by the package's build; conformance compares it
    manifest = JSON.parse(await readFile(join(folder, own.kit), 'utf8')) as Manifest
  } catch (error) {
    throw storageError('InvalidConfig', `the manifest ${own.kit} of the plugin package ${name} cannot be read`, {
      cause: error,
    })
  }
  return { package: name, version: own.version ?? '0.0.0', folder, dependent, manifest }
}

function locate(name: string, dependent: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(dependent))
  } catch {
    return undefined
  }
}
