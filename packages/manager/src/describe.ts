import type { Capabilities } from '@kit/core'
import { messageOf } from './config/build-spec.ts'
import { isReference, type Config, type StoreNode } from './config/config.ts'
import type { Tree } from './config/tree.ts'
import { orMessage, type KnownPlugin, type PluginCatalog } from './plugins.ts'

/** A store as its configuration and its plugin's manifest tell; nothing has been opened and no code of a found plugin has run. */
export interface StoreDescription {
  /** Absent for a store that stands inside another. */
  readonly name?: string | undefined
  readonly type: string
  /** Where it stands in the file; lines count from 1. */
  readonly line: number
  /** The package that provides the type and its version; absent for plugins that the program passed in. */
  readonly package?: string | undefined
  readonly version?: string | undefined
  /** Why the type cannot be used. */
  readonly missing?: string | undefined
  /** The most the type can do; what the options take away shows on the opened store. */
  readonly capabilities?: Capabilities | undefined
  /** As written in the file: `${NAME}` and references of secrets stay as they are. */
  readonly options: Readonly<Record<string, unknown>>
  readonly over: readonly StoreDescription[]
}

export async function describeStore(
  config: Config,
  catalog: PluginCatalog,
  node: StoreNode,
  name?: string,
): Promise<StoreDescription> {
  const known = await orMessage<KnownPlugin>(catalog.byType(node.type), messageOf)
  const over: StoreDescription[] = []
  for (const item of node.over?.items ?? []) {
    const inner = isReference(item) ? config.stores.get(item.name) : item
    if (inner !== undefined)
      over.push(await describeStore(config, catalog, inner, isReference(item) ? item.name : undefined))
  }
  const manifest = typeof known === 'string' ? undefined : await known.manifest()
  const schemas = manifest?.options['properties']
  const options = node.options.map(({ key, value }) => [key, shown(value, fieldOf(schemas, key))])
  return {
    name,
    type: node.type,
    line: config.source.problem(node.at, '').line,
    ...(typeof known === 'string' ? { missing: known } : { package: known.package, version: known.version }),
    capabilities: manifest?.capabilities,
    options: Object.fromEntries(options),
    over,
  }
}

/** A value as it is written; what may be a secret by its schema, or has none, only where it is a reference. */
function shown(tree: Tree, schema: unknown): unknown {
  if (fieldOf(schema, 'writeOnly') === true || schema === undefined) return reference(tree)
  if (tree.kind !== 'map') return written(tree)
  const fields = fieldOf(schema, 'properties')
  // A map whose fields are not known beforehand, such as the settings of layers, holds no secrets.
  if (fields === undefined) return written(tree)
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, shown(value, fieldOf(fields, key))]))
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A secret that stands in the file by itself, which no store opens with, is not repeated either. */
function reference(tree: Tree): unknown {
  const value = tree.kind === 'scalar' ? tree.value : undefined
  return typeof value === 'string' && /^(env|file):/.test(value) ? value : '(not shown)'
}

function written(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(written)
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, written(value)]))
}
