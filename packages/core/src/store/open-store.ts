import type { AnyPlugin, Backend, Capabilities, Environment, OnUnsupported, StoreSpec } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { applyLayers } from '../layers/apply.ts'
import type { Layer } from '../layers/index.ts'
import { isStoreSpec, requireContract, requireOptions } from '../registry/index.ts'
import { adapt } from './adapt.ts'
import { complete } from './complete.ts'
import type { Logger } from './context.ts'
import { KitStore } from './kit-store.ts'
import { standardLayers } from './layer-settings.ts'
import type { Spill } from './spill.ts'
import type { Store } from './store.ts'

export interface OpenOptions {
  /** For errors, logs and metrics. Default: the type. */
  readonly name?: string | undefined
  /** Layers of the program's own, outermost first, around the standard ones: `trace`, `metrics`, or others. */
  readonly layers?: readonly Layer[] | undefined
  /** Gets what core and backends have to tell. Default: nobody. */
  readonly log?: Logger | undefined
  /** Where listings that do not fit into memory are sorted. */
  readonly spill?: Spill | undefined
}

/**
 * Opens what a spec describes, inner stores first. No connection is made before the first call.
 * @throws InvalidConfig naming every option that is wrong, before anything is opened.
 */
export async function openStore(spec: StoreSpec, options: OpenOptions = {}): Promise<Store> {
  const { raw, backend } = await assemble(spec, options.name ?? spec.plugin.type, options)
  return new KitStore(options.name ?? spec.plugin.type, spec.plugin, raw, backend, options.log)
}

interface Assembled {
  /** Next to the plugin's own instance: names mapped, nothing else. */
  readonly raw: Backend
  readonly backend: Backend
}

async function assemble(spec: StoreSpec, name: string, options: OpenOptions): Promise<Assembled> {
  const { plugin } = spec
  requireContract(plugin)
  const checked = requireOptions(plugin, spec.options)
  const inner = await openInner(spec.options['over'], name, options)
  try {
    const opened = await plugin.open(checked, environment(name, inner))
    requireDeclared(plugin, opened)
    const raw = adapt(opened)
    const own = options.layers ?? []
    const layers = [
      ...own.filter((layer) => layer.innermost !== true),
      ...standardLayers(settings(spec, 'layers'), opened.capabilities),
      ...own.filter((layer) => layer.innermost === true),
    ]
    const target = { store: name, type: plugin.type, capabilities: raw.capabilities, below: raw }
    const onUnsupported = (settings(spec, 'onUnsupported') ?? {}) as OnUnsupported
    const backend = complete(applyLayers(raw, layers, target), { onUnsupported, spill: options.spill })
    return { raw, backend: closingOnce(backend, inner) }
  } catch (error) {
    for (const backend of inner) await backend.close?.()
    throw error
  }
}

/** Inner stores get no layers of the program: its trace and metrics see what it calls, the spec's own layers apply everywhere. */
async function openInner(over: unknown, name: string, options: OpenOptions): Promise<Backend[]> {
  if (over === undefined) return []
  const specs: unknown[] = Array.isArray(over) ? over : [over]
  const opened: Backend[] = []
  try {
    for (const [index, spec] of specs.entries()) {
      if (!isStoreSpec(spec)) throw storageError('InvalidConfig', '`over` takes stores, such as `memory({})`')
      const innerName = specs.length === 1 ? `${name}/${spec.plugin.type}` : `${name}/${index}-${spec.plugin.type}`
      opened.push((await assemble(spec, innerName, { ...options, layers: [] })).backend)
    }
    return opened
  } catch (error) {
    for (const backend of opened) await backend.close?.()
    throw error
  }
}

function settings(spec: StoreSpec, name: string): object | undefined {
  const value = spec.options[name]
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null)
    throw storageError('InvalidConfig', `\`${name}\` is a map of settings`)
  return value
}

function environment(name: string, over: readonly Backend[]): Environment {
  return { name, over, secret: async (value) => (typeof value === 'function' ? value() : value) }
}

/** @throws InvalidConfig where the instance declares what it does not have. */
function requireDeclared(plugin: AnyPlugin, backend: Backend): void {
  const missing = missingOperations(backend, backend.capabilities)
  if (missing.length === 0) return
  throw storageError(
    'InvalidConfig',
    `the backend of type ${plugin.type} declares ${missing.join(', ')}, but has no such member`,
  )
}

function missingOperations(backend: Backend, capabilities: Capabilities): string[] {
  const missing = Object.entries(capabilities.ops)
    .filter(([name, how]) => how !== undefined && Reflect.get(backend, name) === undefined)
    .map(([name]) => name)
  const { write, list, ops } = capabilities
  if (ops.write !== undefined && write === undefined) missing.push('capabilities.write')
  if (ops.list !== undefined && list === undefined) missing.push('capabilities.list')
  return missing
}

function closingOnce(backend: Backend, inner: readonly Backend[]): Backend {
  let closed: Promise<void> | undefined
  const closeAll = async (): Promise<void> => {
    try {
      await backend.close?.()
    } finally {
      for (const below of inner) await below.close?.()
    }
  }
  return {
    ...backend,
    close() {
      closed ??= closeAll()
      return closed
    },
  }
}
