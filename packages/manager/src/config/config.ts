import type { ConfigProblem } from './problems.ts'
import { entryOf, parseConfigText, type ConfigText, type MapEntry, type MapTree, type Tree } from './tree.ts'

/** The version of the file's layout that this code reads and writes; a file that names none has it. */
export const configVersion = 1

/** A store as the file writes it; nothing about its type is known yet. */
export interface StoreNode {
  readonly at: number
  readonly type: string
  readonly typeAt: number
  /** Everything but `type` and `over`. */
  readonly options: readonly MapEntry[]
  readonly over: OverNode | undefined
}

/** What a store wraps: `list` where the file has a list. */
export interface OverNode {
  readonly at: number
  readonly list: boolean
  readonly items: readonly (StoreNode | StoreReference)[]
}

/** Another store of the file, by name. */
export interface StoreReference {
  readonly at: number
  readonly name: string
}

export interface Config {
  readonly source: ConfigText
  readonly stores: ReadonlyMap<string, StoreNode>
  /** Packages that are to provide a type, where several do. */
  readonly pins: ReadonlyMap<string, { readonly package: string; readonly at: number }>
  /** Everything wrong that shows without knowing plugins or the environment. */
  readonly problems: readonly ConfigProblem[]
}

/** Stores of one stack, and how deep it may be. */
const stackMax = 256
const depthMax = 32
const topLevel = ['version', 'stores', 'mounts', 'plugins']

type Tell = (at: number, message: string) => void

/** Reads the layout of a configuration file: stores, what they wrap, pins. Nothing is thrown: see `problems`. */
export function readConfig(text: string, file: string): Config {
  const source = parseConfigText(text, file)
  const problems = [...source.problems]
  const tell: Tell = (at, message) => problems.push(source.problem(at, message))
  const root = mapAt(source.root, 'the file', tell)
  for (const { key, at } of root?.entries ?? []) {
    if (!topLevel.includes(key)) tell(at, `there is no setting ${key}; a file has ${topLevel.join(', ')}`)
  }
  const part = (name: string): MapTree | undefined => {
    const entry = root === undefined ? undefined : entryOf(root, name)
    return entry === undefined ? undefined : mapAt(entry.value, name, tell)
  }
  checkVersion(root, tell)
  part('mounts')
  const stores = new Map<string, StoreNode>()
  const entries = part('stores')?.entries ?? []
  for (const { key, at, value } of entries) {
    const wrong = storeNameProblem(key)
    if (wrong !== undefined) tell(at, wrong)
    const node = storeAt(value, tell)
    if (node !== undefined) stores.set(key, node)
  }
  const pins = new Map<string, { package: string; at: number }>()
  for (const { key, at, value } of part('plugins')?.entries ?? []) {
    if (value.kind === 'scalar' && typeof value.value === 'string') pins.set(key, { package: value.value, at })
    else tell(value.at, `plugins names the package of each type, such as ${key}: "@kit/backend-${key}"`)
  }
  checkStacks(stores, new Set(entries.map(({ key }) => key)), tell)
  return { source, stores, pins, problems }
}

/** What is wrong with a name of a store; undefined where nothing is. */
export function storeNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) return undefined
  return `${JSON.stringify(name)} is no name of a store: up to 64 letters, digits, '_', '.', '-', not starting with '.' or '-'`
}

export function isReference(node: StoreNode | StoreReference): node is StoreReference {
  return 'name' in node
}

/** An absent value counts as an empty map. */
function mapAt(tree: Tree, what: string, tell: Tell): MapTree | undefined {
  if (tree.kind === 'map') return tree
  if (tree.kind === 'list' || tree.value !== null) tell(tree.at, `${what} is a map`)
  return undefined
}

function checkVersion(root: MapTree | undefined, tell: Tell): void {
  const version = root === undefined ? undefined : entryOf(root, 'version')?.value
  if (version === undefined) return
  const value = version.kind === 'scalar' ? version.value : undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) tell(version.at, 'version is a whole number')
  else if (value > configVersion)
    tell(version.at, `the file has version ${value}, this Kit reads up to ${configVersion}; install a newer one`)
}

function storeAt(tree: Tree, tell: Tell): StoreNode | undefined {
  if (tree.kind !== 'map') {
    tell(tree.at, 'a store is a map with a type, such as { type: fs, path: data }')
    return undefined
  }
  const type = entryOf(tree, 'type')
  const over = entryOf(tree, 'over')
  const inner = over === undefined ? undefined : overAt(over.value, tell)
  if (type === undefined) {
    tell(tree.at, 'the store has no type')
    return undefined
  }
  if (type.value.kind !== 'scalar' || typeof type.value.value !== 'string') {
    tell(type.value.at, 'type is the name of a plugin type')
    return undefined
  }
  return {
    at: tree.at,
    type: type.value.value,
    typeAt: type.value.at,
    options: tree.entries.filter(({ key }) => key !== 'type' && key !== 'over'),
    over: inner,
  }
}

function overAt(tree: Tree, tell: Tell): OverNode {
  const items: (StoreNode | StoreReference)[] = []
  for (const item of tree.kind === 'list' ? tree.items : [tree]) {
    if (item.kind === 'scalar' && typeof item.value === 'string') items.push({ at: item.at, name: item.value })
    else if (item.kind === 'map') {
      const node = storeAt(item, tell)
      if (node !== undefined) items.push(node)
    } else tell(item.at, 'over takes a store, the name of one, or a list of both')
  }
  return { at: tree.at, list: tree.kind === 'list', items }
}

/** Refuses names that lead nowhere, stores that wrap themselves, and stacks that grow beyond all sense. */
function checkStacks(stores: ReadonlyMap<string, StoreNode>, named: ReadonlySet<string>, tell: Tell): void {
  /** How many stores each opens; `open` while it is on the way. */
  const sizes = new Map<string, number | 'open'>()

  function sizeOf(node: StoreNode, path: readonly string[], depth: number): number {
    let size = 1
    for (const inner of node.over?.items ?? []) {
      if (depth >= depthMax) {
        tell(inner.at, `stores are nested deeper than ${depthMax} levels`)
        return size
      }
      size += isReference(inner) ? referred(inner, path, depth + 1) : sizeOf(inner, path, depth + 1)
    }
    return Math.min(size, stackMax + 1)
  }

  function referred({ name, at }: StoreReference, path: readonly string[], depth: number): number {
    const node = stores.get(name)
    if (node === undefined) {
      if (!named.has(name)) tell(at, `there is no store ${name}; there are ${[...named].join(', ')}`)
      return 1
    }
    const known = sizes.get(name)
    if (known === 'open') {
      tell(at, `the stores wrap themselves: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`)
      return 1
    }
    return known ?? measure(name, node, path, depth)
  }

  function measure(name: string, node: StoreNode, path: readonly string[], depth: number): number {
    sizes.set(name, 'open')
    const size = sizeOf(node, [...path, name], depth)
    sizes.set(name, size)
    if (size > stackMax) tell(node.at, `the stack of ${name} has more than ${stackMax} stores`)
    return size
  }

  for (const [name, node] of stores) if (!sizes.has(name)) measure(name, node, [], 0)
}
