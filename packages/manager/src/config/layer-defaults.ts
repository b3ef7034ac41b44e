import { isStoreSpec, type LayerSettings, type StoreSpec } from '@kit/core'

/** The spec with these settings of layers for it and all it wraps, each where it says nothing itself. */
export function withLayerDefaults(spec: StoreSpec, defaults: LayerSettings): StoreSpec {
  const { over, layers } = spec.options
  const inner = (value: unknown): unknown => (isStoreSpec(value) ? withLayerDefaults(value, defaults) : value)
  const own = typeof layers === 'object' && layers !== null ? layers : {}
  return {
    plugin: spec.plugin,
    options: {
      ...spec.options,
      layers: { ...defaults, ...own },
      ...(over === undefined ? {} : { over: Array.isArray(over) ? over.map(inner) : inner(over) }),
    },
  }
}
