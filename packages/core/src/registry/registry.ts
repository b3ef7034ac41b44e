import type { AnyPlugin, StoreSpec } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { contractNumber } from '../names.ts'

/** Plugins by type, alias and scheme. Two that claim one name are an error. */
export interface Registry {
  readonly plugins: readonly AnyPlugin[]
  /** @throws InvalidConfig for an unknown type, naming the known ones. */
  get(type: string): AnyPlugin
  find(type: string): AnyPlugin | undefined
  /** The spec of an inline address such as `memory://`. @throws InvalidConfig */
  address(text: string): StoreSpec
}

export function createRegistry(plugins: readonly AnyPlugin[]): Registry {
  const byType = new Map<string, AnyPlugin>()
  const byScheme = new Map<string, AnyPlugin>()
  for (const plugin of plugins) {
    requireContract(plugin)
    for (const type of [plugin.type, ...plugin.aliases]) claim(byType, type, plugin, 'type')
    for (const scheme of plugin.schemes) claim(byScheme, scheme, plugin, 'scheme')
  }
  return {
    plugins: [...new Set(plugins)],
    find: (type) => byType.get(type),
    get(type) {
      const plugin = byType.get(type)
      if (plugin !== undefined) return plugin
      const known = [...byType.keys()].toSorted().join(', ')
      throw storageError('InvalidConfig', `there is no plugin of type ${type}; installed are ${known || 'none'}`)
    },
    address(text) {
      const url = parseAddress(text)
      const plugin = byScheme.get(url.protocol.slice(0, -1))
      if (plugin?.address === undefined) {
        throw storageError('InvalidConfig', `no installed plugin takes addresses of the scheme ${url.protocol}//`)
      }
      if (url.username !== '' || url.password !== '') {
        throw storageError('InvalidConfig', 'an address holds no credentials; configure a store with `env:` references')
      }
      return plugin(plugin.address(url))
    },
  }
}

function claim(names: Map<string, AnyPlugin>, name: string, plugin: AnyPlugin, what: string): void {
  const other = names.get(name)
  if (other !== undefined && other !== plugin) {
    throw storageError(
      'InvalidConfig',
      `two plugins (types ${other.type} and ${plugin.type}) claim the ${what} ${name}`,
    )
  }
  names.set(name, plugin)
}

/** @throws InvalidConfig for a plugin that was written for a newer contract. */
export function requireContract(plugin: AnyPlugin): void {
  if (plugin.contract > contractNumber) {
    throw storageError(
      'InvalidConfig',
      `the plugin of type ${plugin.type} is written for contract ${plugin.contract}, this core speaks ${contractNumber}; install a newer @kit/core`,
    )
  }
}

function parseAddress(text: string): URL {
  try {
    return new URL(text)
  } catch (error) {
    throw storageError('InvalidConfig', `${JSON.stringify(text)} is no address of the form type://…`, { cause: error })
  }
}
