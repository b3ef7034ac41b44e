import { dirname, resolve } from 'node:path'
import { checkOptions, isStorageError, type AnyPlugin, type OptionSpec, type StoreSpec } from '@kit/core'
import { secretFrom } from '@kit/core/node'
import { isReference, type Config, type OverNode, type StoreNode, type StoreReference } from './config.ts'
import type { ConfigProblem } from './problems.ts'
import { substitute, type Variables } from './substitute.ts'
import type { MapEntry, ScalarTree, Tree } from './tree.ts'

/** What stands outside the file and decides what it means. */
export interface Surroundings {
  /** The plugin of a type; a text says why there is none; undefined where that is not to be told now. */
  plugin(type: string): AnyPlugin | string | undefined
  readonly variables: Variables
}

/** A spec, or all that is wrong with it. */
export type Built =
  | { readonly spec: StoreSpec; readonly problems?: never }
  | {
      readonly spec?: never
      readonly problems: readonly ConfigProblem[]
      /** A variable that is not set is among the problems: on another machine there may be none. */
      readonly unset: boolean
    }

interface Building extends Surroundings {
  readonly config: Config
  readonly folder: string
  tell(at: number, message: string, hint?: string): void
  unset(at: number, message: string): void
}

/** The spec of one store of a file, with all it wraps. */
export function buildSpec(config: Config, node: StoreNode, surroundings: Surroundings): Built {
  const problems: ConfigProblem[] = []
  let unset = false
  const tell = (at: number, message: string, hint?: string): void => {
    problems.push(config.source.problem(at, message, hint))
  }
  const spec = storeSpec(node, {
    ...surroundings,
    config,
    folder: dirname(resolve(config.source.file)),
    tell,
    unset(at, message) {
      unset = true
      tell(at, message, 'Set it in the environment of the program, or write the value itself.')
    },
  })
  return spec === undefined || problems.length > 0 ? { problems, unset } : { spec }
}

/** What core says, without its code before it: the file's own error has that already. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = isStorageError(error) ? error.message.replace(/^[A-Za-z]+: /, '') : error.message
  return error.cause instanceof Error ? `${text}: ${messageOf(error.cause)}` : text
}

const missingPlugin =
  'Install the package of that type (`kit plugin add PACKAGE`), or correct the name; `kit plugin ls` shows those there are.'
const literalSecret =
  'Put the value into an environment variable or a file that only you can read, and write env:NAME or file:PATH here.'

function storeSpec(node: StoreNode, building: Building): StoreSpec | undefined {
  const inner = node.over?.items.map((item) => innerSpec(item, building)) ?? []
  const plugin = building.plugin(node.type)
  if (typeof plugin === 'string') {
    building.tell(node.typeAt, plugin, missingPlugin)
    return undefined
  }
  if (plugin === undefined) return undefined
  const options = Object.fromEntries(
    node.options.map((entry) => [entry.key, optionValue(entry.value, optionOf(plugin.options, entry.key), building)]),
  )
  if (node.over !== undefined) options['over'] = overValue(plugin, node.over, inner, building)
  const entries = new Map(node.options.map((entry) => [entry.key, entry]))
  for (const { path, message } of checkOptions(plugin, options).problems) {
    building.tell(placeOf(entries, path) ?? node.typeAt, message)
  }
  return { plugin, options }
}

function innerSpec(item: StoreNode | StoreReference, building: Building): StoreSpec | undefined {
  const node = isReference(item) ? building.config.stores.get(item.name) : item
  return node === undefined ? undefined : storeSpec(node, building)
}

/** A plugin that wraps several gets a list even where the file names one. */
function overValue(
  plugin: AnyPlugin,
  { at, items, list }: OverNode,
  inner: readonly (StoreSpec | undefined)[],
  building: Building,
): unknown {
  const wanted = optionOf(plugin.options, 'over')?.type
  if (wanted === 'stores') return inner
  if (wanted === 'store' && items.length !== 1 && list)
    building.tell(at, `${plugin.type} wraps one store, not ${items.length}`)
  return inner[0] ?? null
}

type OptionTable = Readonly<Record<string, OptionSpec>>

/** An option by its name or another accepted spelling. */
function optionOf(table: OptionTable, spelling: string): OptionSpec | undefined {
  if (Object.hasOwn(table, spelling)) return table[spelling]
  return Object.values(table).find(({ aliases }) => aliases?.includes(spelling) === true)
}

function optionValue(tree: Tree, spec: OptionSpec | undefined, building: Building): unknown {
  if (spec?.secret === true) return secretValue(tree, building)
  if (tree.kind === 'map' && spec?.fields !== undefined) {
    const { fields } = spec
    return Object.fromEntries(
      tree.entries.map(({ key, value }) => [key, optionValue(value, optionOf(fields, key), building)]),
    )
  }
  if (tree.kind !== 'scalar') return plainValue(tree, building)
  const found = scalarValue(tree, building)
  if (typeof found !== 'string' || spec === undefined) return found
  if (spec.localPath === true) return found === '' ? found : resolve(building.folder, found)
  return found !== tree.value && tree.plain ? retyped(found, spec) : found
}

/** `port: ${PORT}` is a number where the option is one, as if the value stood in the file. */
function retyped(text: string, { type }: OptionSpec): unknown {
  if (type === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** Errors never quote what stands there: it may be the secret itself. */
function secretValue(tree: Tree, building: Building): unknown {
  const text = tree.kind === 'scalar' ? scalarValue(tree, building) : undefined
  try {
    const isFile = typeof text === 'string' && text.startsWith('file:')
    return secretFrom(isFile ? `file:${resolve(building.folder, text.slice(5))}` : String(text), building.variables)
  } catch (error) {
    building.tell(tree.at, messageOf(error), literalSecret)
    return ''
  }
}

function scalarValue(tree: ScalarTree, { variables, unset }: Building): ScalarTree['value'] {
  if (typeof tree.value !== 'string') return tree.value
  return substitute(tree.value, variables, (message) => unset(tree.at, message))
}

function plainValue(tree: Tree, building: Building): unknown {
  if (tree.kind === 'scalar') return scalarValue(tree, building)
  if (tree.kind === 'list') return tree.items.map((item) => plainValue(item, building))
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plainValue(value, building)]))
}

/** Where the file has what a problem is about: the option's own place, or what lies deeper in it. */
function placeOf(
  entries: ReadonlyMap<string, MapEntry>,
  [name, ...rest]: readonly (string | number)[],
): number | undefined {
  const entry = typeof name === 'string' ? entries.get(name) : undefined
  let at = entry?.at
  let tree = entry?.value
  for (const step of rest) {
    if (tree?.kind === 'list') tree = typeof step === 'number' ? tree.items[step] : undefined
    else if (tree?.kind === 'map') tree = tree.entries.find(({ key }) => key === step)?.value
    else tree = undefined
    at = tree?.at ?? at
  }
  return at
}
