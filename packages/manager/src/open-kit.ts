import { dirname } from 'node:path'
import {
  createRegistry,
  errorCode,
  openStore,
  storageError,
  type AnyPlugin,
  type LayerSettings,
  type OpenOptions,
  type Store,
  type StoreSpec,
} from '@kit/core'
import { pluginFolder, temporaryFiles } from '@kit/core/node'
import { buildSpec, messageOf, type Built } from './config/build-spec.ts'
import { withLayerDefaults } from './config/layer-defaults.ts'
import { isReference, readConfig, storeNameProblem, type Config, type StoreNode } from './config/config.ts'
import { withOptions, withoutStore, withSchema, withStore, type StoreEntryData } from './config/edit.ts'
import { readConfigFile, replaceConfigFile } from './config/file.ts'
import { findConfig } from './config/find-config.ts'
import { configError, configProblems, type ConfigProblem } from './config/problems.ts'
import type { Variables } from './config/substitute.ts'
import { describeStore } from './describe.ts'
import type { Kit } from './kit.ts'
import { orMessage, pluginCatalog, type KnownPlugin, type LazyPlugin, type PluginCatalog } from './plugins.ts'
import { testStore, type StoreTestOptions } from './test-store.ts'

export interface KitOptions {
  /** The configuration file. Default: `kit.yaml` in `cwd` or above, else in the user's configuration folder. */
  readonly config?: string | undefined
  /** The named file need not exist: `save` makes it. */
  readonly create?: boolean | undefined
  /** Where relative names start. Default: the process's. */
  readonly cwd?: string | undefined
  /** Plugins that the program brings; they come before installed ones of the same type. */
  readonly plugins?: readonly AnyPlugin[] | undefined
  /** Plugins for types that nothing else provides; mistakes in options of lazy ones show when their stores are opened. */
  readonly builtIn?: readonly (AnyPlugin | LazyPlugin)[] | undefined
  /** What `${NAME}` stands for, and `KIT_HOME`; a program passes `process.env`. Default: nothing is set. */
  readonly environment?: Variables | undefined
  /** Gets what stores have to tell. */
  readonly log?: OpenOptions['log']
  /** Layers of the program's own around every store. */
  readonly layers?: OpenOptions['layers']
  /** Settings of core's layers, for stores that say nothing of them. */
  readonly layerDefaults?: LayerSettings | undefined
}

/**
 * Reads a configuration file and gives its stores, opened on demand. Without any file the Kit is empty.
 * @throws InvalidConfig with every problem that shows without this machine's environment and installed plugins: those fail only the
 * stores that need them
 */
export async function openKit(options: KitOptions = {}): Promise<Kit> {
  const { kit, config } = await readKit(options)
  if (config.problems.length > 0) throw configError(config.problems)
  await kit.checkLoaded()
  return kit
}

/** A configuration file, whether it is there, and all that is wrong with it. */
export interface ConfigCheck {
  readonly path: string
  readonly exists: boolean
  readonly problems: readonly ConfigProblem[]
}

/**
 * Everything that is wrong with a configuration file, on this machine: with its text, with every store, with what the stores need here.
 * Loads the plugins that it names. @throws InvalidConfig where the named file does not exist or is no text
 */
export async function checkConfig(options: KitOptions = {}): Promise<ConfigCheck> {
  const { kit, config, text } = await readKit(options)
  const problems = [...config.problems, ...(await kit.check())]
  return {
    path: kit.path,
    exists: text !== undefined,
    problems: problems.length > 0 ? configError(problems).problems : [],
  }
}

async function readKit(
  options: KitOptions,
): Promise<{ readonly kit: OpenedKit; readonly config: Config; readonly text: string | undefined }> {
  const environment = options.environment ?? {}
  const path = await findConfig(options.config, options.cwd ?? process.cwd(), environment, options.create === true)
  const text = await readConfigFile(path)
  const config = readConfig(text ?? '', path)
  return { kit: new OpenedKit(path, text, config, options), config, text }
}

class OpenedKit implements Kit {
  readonly path: string
  readonly #variables: Variables
  readonly #log: OpenOptions['log']
  readonly #layers: OpenOptions['layers']
  readonly #layerDefaults: LayerSettings
  readonly #catalog: PluginCatalog
  readonly #opened = new Map<string, Promise<Store>>()
  /** What the file holds, as far as we know; undefined where it does not exist. */
  #saved: string | undefined
  #config: Config
  #closed: Promise<void> | undefined

  constructor(path: string, text: string | undefined, config: Config, options: KitOptions) {
    this.path = path
    this.#saved = text
    this.#config = config
    this.#variables = options.environment ?? {}
    this.#log = options.log
    this.#layers = options.layers
    this.#layerDefaults = options.layerDefaults ?? {}
    this.#catalog = pluginCatalog({
      passed: options.plugins ?? [],
      builtIn: options.builtIn ?? [],
      folder: dirname(path),
      pluginFolder: pluginFolder(this.#variables),
      pin: (type) => this.#config.pins.get(type)?.package,
    })
  }

  get stores(): Kit['stores'] {
    return [...this.#config.stores].map(([name, { type }]) => ({ name, type }))
  }

  store(name: string): Promise<Store> {
    return this.#once(`name ${name}`, async () => {
      const config = this.#config
      const node = this.#need(name)
      const { spec, problems } = await this.#build(config, node, (plugin) => plugin.load())
      if (problems !== undefined) throw configError(problems)
      try {
        return await this.#open(spec, name)
      } catch (error) {
        if (errorCode(error) !== 'InvalidConfig' || configProblems(error) !== undefined) throw error
        throw configError([config.source.problem(node.at, messageOf(error))], error)
      }
    })
  }

  address(text: string): Promise<Store> {
    return this.#once(`address ${text}`, async () => {
      const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
      if (scheme === undefined) {
        throw storageError('InvalidConfig', `${JSON.stringify(text)} is no address of the form type://…`)
      }
      const plugin = await (await this.#catalog.byScheme(scheme.toLowerCase())).load()
      return this.#open(createRegistry([plugin]).address(text), scheme)
    })
  }

  async describe(name: string): ReturnType<Kit['describe']> {
    return describeStore(this.#config, this.#catalog, this.#need(name), name)
  }

  async check(): Promise<readonly ConfigProblem[]> {
    const problems: ConfigProblem[] = []
    for (const node of this.#config.stores.values()) {
      const built = await this.#build(this.#config, node, (plugin) => plugin.load())
      problems.push(...(built.problems ?? []))
    }
    return problems.length > 0 ? configError(problems).problems : []
  }

  /** Checks what the plugins at hand can check. @throws InvalidConfig */
  async checkLoaded(): Promise<void> {
    const problems: ConfigProblem[] = []
    for (const node of this.#config.stores.values()) {
      const built = await this.#build(this.#config, node, async ({ loaded }) => loaded, true)
      if (built.problems !== undefined && !built.unset) problems.push(...built.problems)
    }
    if (problems.length > 0) throw configError(problems)
  }

  async plugins(): ReturnType<Kit['plugins']> {
    const all = await this.#catalog.all()
    return Promise.all(
      all.map(async ({ manifest, origin, package: name, version, folder }) => ({
        manifest: await manifest(),
        origin,
        ...(name === undefined ? {} : { package: name, version, folder }),
      })),
    )
  }

  async plugin(type: string): Promise<AnyPlugin> {
    return (await this.#catalog.byType(type)).load()
  }

  async test(name: string, options: StoreTestOptions = {}): ReturnType<Kit['test']> {
    this.#need(name)
    return testStore(this.store(name), options)
  }

  async add(name: string, entry: StoreEntryData): Promise<void> {
    const wrong = storeNameProblem(name)
    if (wrong !== undefined) throw storageError('InvalidConfig', wrong)
    if (this.#config.stores.has(name)) {
      throw storageError('AlreadyExists', `the configuration has a store ${name} already`, { store: name })
    }
    this.#config = await this.#tried(withStore(this.#config.source.text, name, entry), name)
  }

  async update(name: string, options: Readonly<Record<string, unknown>>): Promise<void> {
    this.#need(name)
    this.#config = await this.#tried(withOptions(this.#config.source.text, name, options), name)
    await this.#closeNamed(name)
  }

  nameSchema(path: string): void {
    this.#config = this.#changed(withSchema(this.#config.source.text, path))
  }

  async remove(name: string): Promise<void> {
    this.#need(name)
    this.#config = this.#changed(withoutStore(this.#config.source.text, name))
    await this.#closeNamed(name)
  }

  async save(): Promise<void> {
    const { text } = this.#config.source
    if (text === (this.#saved ?? '')) return
    await replaceConfigFile(this.path, this.#saved, text)
    this.#saved = text
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeAll(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values())
    const closed = await Promise.allSettled(
      opened.flatMap((store) => (store.status === 'fulfilled' ? [store.value.close()] : [])),
    )
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #need(name: string): StoreNode {
    const node = this.#config.stores.get(name)
    if (node !== undefined) return node
    const known = [...this.#config.stores.keys()].join(', ')
    const which = known === '' ? `no stores are configured in ${this.path}` : `there are ${known}`
    throw storageError('NotFound', `there is no store ${name}; ${which}`, { store: name })
  }

  /** One opening for all callers; a failed one is forgotten, so that the next call tries again. */
  #once(what: string, opening: () => Promise<Store>): Promise<Store> {
    if (this.#closed !== undefined) return Promise.reject(storageError('Aborted', 'the Kit has been closed'))
    const present = this.#opened.get(what)
    if (present !== undefined) return present
    const opened = opening()
    this.#opened.set(what, opened)
    opened.catch(() => {
      if (this.#opened.get(what) === opened) this.#opened.delete(what)
    })
    return opened
  }

  #open(spec: StoreSpec, name: string): Promise<Store> {
    const options = { name, log: this.#log, layers: this.#layers, spill: temporaryFiles() }
    return openStore(withLayerDefaults(spec, this.#layerDefaults), options)
  }

  async #closeNamed(name: string): Promise<void> {
    const [open] = await Promise.allSettled([this.#opened.get(`name ${name}`)])
    this.#opened.delete(`name ${name}`)
    if (open.status === 'fulfilled') await open.value?.close()
  }

  /** The configuration of another text, in which this store can be built. @throws InvalidConfig */
  async #tried(text: string, name: string): Promise<Config> {
    const config = this.#changed(text)
    const node = config.stores.get(name)
    const built = node === undefined ? undefined : await this.#build(config, node, (plugin) => plugin.load())
    if (built?.problems !== undefined && !built.unset) throw configError(built.problems)
    return config
  }

  /** The configuration of another text. @throws InvalidConfig */
  #changed(text: string): Config {
    const config = readConfig(text, this.path)
    if (config.problems.length > 0) throw configError(config.problems)
    return config
  }

  /** The spec of a store with the plugins that `load` gives. `lenient`: a type that nobody provides is no problem. */
  async #build(
    config: Config,
    node: StoreNode,
    load: (plugin: KnownPlugin) => Promise<AnyPlugin | undefined>,
    lenient = false,
  ): Promise<Built> {
    const plugins = new Map<string, AnyPlugin | string | undefined>()
    for (const type of typesIn(config, node)) {
      const known = await orMessage(this.#catalog.byType(type), messageOf)
      const plugin = typeof known === 'string' ? known : await orMessage(load(known), messageOf)
      plugins.set(type, lenient && typeof plugin === 'string' ? undefined : plugin)
    }
    return buildSpec(config, node, { variables: this.#variables, plugin: (type) => plugins.get(type) })
  }
}

/** The types of a store and of all it wraps. */
function typesIn(config: Config, node: StoreNode, types: Set<string> = new Set<string>()): Set<string> {
  types.add(node.type)
  for (const item of node.over?.items ?? []) {
    const inner = isReference(item) ? config.stores.get(item.name) : item
    if (inner !== undefined) typesIn(config, inner, types)
  }
  return types
}
