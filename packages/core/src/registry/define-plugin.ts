import type { AnyPlugin, Plugin, StoreSettings, StoreSpec } from '../backend/index.ts'

type Optional<Options extends object> = Partial<Pick<Plugin<Options>, 'aliases' | 'schemes'>>
export type PluginDefinition<Options extends object> = Optional<Options> &
  Pick<Plugin<Options>, 'contract' | 'type' | 'options' | 'capabilities' | 'open'> &
  Partial<Pick<Plugin<Options>, 'narrow' | 'probe' | 'address'>>

/** Makes a plugin: a function from options to a spec that also carries what it is. Options are checked when a store is opened. */
export function definePlugin<Options extends object>(definition: PluginDefinition<Options>): Plugin<Options> {
  const plugin = (options: Options & StoreSettings): StoreSpec => ({
    plugin: made,
    options: Object.fromEntries(Object.entries(options)),
  })
  const made: Plugin<Options> = Object.assign(plugin, { aliases: [], schemes: [], ...definition })
  return made
}

/** Whether a value is a plugin, whichever copy of core made it. */
export function isPlugin(value: unknown): value is AnyPlugin {
  return typeof value === 'function' && 'contract' in value && 'type' in value && 'open' in value
}

export function isStoreSpec(value: unknown): value is StoreSpec {
  return (
    typeof value === 'object' && value !== null && 'plugin' in value && isPlugin(value.plugin) && 'options' in value
  )
}
