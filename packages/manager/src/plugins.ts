import { isStorageError, manifestOf, requireContract, storageError, type AnyPlugin, type Manifest } from '@kit/core'
import { discoverPlugins, loadPlugin, type FoundPlugin } from '@kit/core/node'
import type { PluginDescription } from './kit.ts'

/** What a plugin goes by. */
type PluginNames = Pick<Manifest, 'type' | 'aliases' | 'schemes'>

/** A plugin that the program brings and whose code is loaded when a store of its type is opened or described. */
export interface LazyPlugin extends Pick<Manifest, 'type' | 'aliases' | 'schemes'> {
  /** @returns the plugin, which goes by the same names */
  load(): Promise<AnyPlugin>
}

/** A plugin that can be used; its code may not have run yet. */
export interface KnownPlugin extends Omit<PluginDescription, 'manifest'> {
  readonly names: PluginNames
  /** Of a lazy plugin it takes the plugin's code. */
  manifest(): Promise<Manifest>
  /** The plugin itself, where its code is here already. */
  readonly loaded?: AnyPlugin | undefined
  load(): Promise<AnyPlugin>
}

/** Which plugin provides a type: those passed in, then those installed, then the built-in ones. */
export interface PluginCatalog {
  /** All that can be used, the preferred first; two of one type may both be there. */
  all(): Promise<readonly KnownPlugin[]>
  /** @throws InvalidConfig where none or more than one provides the type */
  byType(type: string): Promise<KnownPlugin>
  /** @throws InvalidConfig where none or more than one takes the scheme */
  byScheme(scheme: string): Promise<KnownPlugin>
}

export interface CatalogOptions {
  readonly passed: readonly AnyPlugin[]
  readonly builtIn: readonly (AnyPlugin | LazyPlugin)[]
  /** Plugins are looked up from here and its parents. */
  readonly folder: string
  readonly pluginFolder: string
  /** The package that is to provide a type; undefined where the file pins none. */
  pin(type: string): string | undefined
}

export function pluginCatalog(options: CatalogOptions): PluginCatalog {
  const passed = options.passed.map((plugin) => here(plugin, 'passed'))
  const builtIn = options.builtIn.map((plugin) => ('load' in plugin ? later(plugin) : here(plugin, 'built in')))
  let searching: Promise<readonly KnownPlugin[]> | undefined
  const installed = (): Promise<readonly KnownPlugin[]> => {
    searching ??= discoverPlugins(options.folder, options.pluginFolder).then((found) => found.map(there))
    return searching
  }

  async function only(matches: (plugin: KnownPlugin) => boolean, what: string, pin?: string): Promise<KnownPlugin> {
    const [own] = passed.filter(matches)
    if (own !== undefined) return own
    const found = (await installed()).filter(
      (plugin) => matches(plugin) && (pin === undefined || plugin.package === pin),
    )
    const [first, second] = found
    if (second !== undefined) {
      const packages = found.map((plugin) => plugin.package).join(', ')
      const advice = `name the one to use in the configuration, such as \`plugins: { ${first?.names.type}: "${first?.package}" }\``
      throw storageError('InvalidConfig', `several installed packages provide ${what}: ${packages}; ${advice}`)
    }
    if (first !== undefined) return first
    if (pin !== undefined) throw storageError('InvalidConfig', `${pin}, which is to provide ${what}, is not installed`)
    const [fallback] = builtIn.filter(matches)
    if (fallback !== undefined) return fallback
    const known = [...new Set((await all()).map(({ names }) => names.type))].toSorted().join(', ')
    throw storageError('InvalidConfig', `no installed plugin provides ${what}; there are ${known || 'none'}`)
  }

  async function all(): Promise<readonly KnownPlugin[]> {
    const found = [...passed, ...(await installed())]
    const types = new Set(found.map(({ names }) => names.type))
    return [...found, ...builtIn.filter((plugin) => !types.has(plugin.names.type))]
  }

  return {
    all,
    byType: (type) => only(({ names }) => provides(names, type), `the type ${type}`, options.pin(type)),
    byScheme: (scheme) => only(({ names }) => names.schemes.includes(scheme), `addresses of ${scheme}://`),
  }
}

function provides(names: PluginNames, type: string): boolean {
  return names.type === type || names.aliases.includes(type)
}

function here(plugin: AnyPlugin, origin: 'passed' | 'built in'): KnownPlugin {
  requireContract(plugin)
  return {
    names: plugin,
    manifest: async () => manifestOf(plugin),
    origin,
    loaded: plugin,
    load: () => Promise.resolve(plugin),
  }
}

function later(plugin: LazyPlugin): KnownPlugin {
  let loading: Promise<AnyPlugin> | undefined
  const load = (): Promise<AnyPlugin> => {
    loading ??= plugin.load().then((loaded) => {
      requireContract(loaded)
      return loaded
    })
    return loading
  }
  return { names: plugin, manifest: async () => manifestOf(await load()), origin: 'built in', load }
}

function there(found: FoundPlugin): KnownPlugin {
  let loading: Promise<AnyPlugin> | undefined
  return {
    names: found.manifest,
    manifest: async () => found.manifest,
    origin: 'installed',
    package: found.package,
    version: found.version,
    folder: found.folder,
    load() {
      loading ??= loadPlugin(found)
      return loading
    },
  }
}

/** The value, or the text of the InvalidConfig error that came instead. Any other error goes on. */
export async function orMessage<Value>(
  work: Promise<Value>,
  message: (error: unknown) => string,
): Promise<Value | string> {
  try {
    return await work
  } catch (error) {
    if (isStorageError(error) && error.code === 'InvalidConfig') return message(error)
    throw error
  }
}
