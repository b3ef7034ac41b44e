import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { effectiveCapabilities, storageError, type JsonSchema } from '@kit/core'
import type { PluginDescription } from '@kit/manager'
import { withHint, type CommandResult } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { capabilityFacts, capabilityRows } from '../setup/capability-rows.ts'
import { columns } from '../setup/columns.ts'
import { openConfigured } from '../configured-kit.ts'
import { schemaOptions } from '../setup/schema-options.ts'
import { npmSpec, openPluginFolder, pluginsOrError, refusalOf, type PluginFolder } from '../setup/plugin-folder.ts'

/** Installs plugin packages into the user's plugin folder. What is no plugin, or speaks another contract, is removed again. */
export async function pluginAdd(
  { output, signal }: Session,
  globals: Globals,
  specs: readonly string[],
): Promise<CommandResult> {
  const folder = openPluginFolder(process.env)
  const words = specs.map(npmSpec)
  const before = await folder.dependencies()
  output.tell(`npm install ${words.join(' ')} (into ${folder.path})\n`)
  // A folder is copied in, so that what is installed stays what was checked.
  await folder.npm(['install', ...words, '--save-exact', '--install-links'], signal)
  const after = await folder.dependencies()
  const changed = Object.keys(after).filter((name) => after[name] !== before[name])
  const added =
    changed.length > 0 ? changed : Object.keys(after).filter((name) => isNamed(name, folder, after[name] ?? '', words))
  const found = await pluginsOrError(folder)
  const plugins = found instanceof Error ? [] : found
  const peers = await peersOf(plugins.filter((plugin) => added.includes(plugin.package)).map((plugin) => plugin.folder))
  const refusals = added.flatMap((name) => {
    const plugin = plugins.find((one) => one.package === name)
    if (plugin === undefined && peers.has(name)) return []
    const why = found instanceof Error ? found.message.replace(/^\w+: /, '') : refusalOf(name, plugin)
    return why === undefined ? [] : [why]
  })
  if (refusals.length > 0) {
    const fresh = added.filter((name) => before[name] === undefined)
    const replaced = added.flatMap((name) => (before[name] === undefined ? [] : [`${name}@${before[name]}`]))
    if (fresh.length > 0) await folder.npm(['uninstall', ...fresh], signal)
    if (replaced.length > 0) await folder.npm(['install', ...replaced, '--save-exact', '--install-links'], signal)
    throw withHint(
      storageError('InvalidConfig', `${refusals.join('; ')}; it was removed again`),
      'Check the name and the version of the package.',
    )
  }
  const installed = plugins.filter((plugin) => added.includes(plugin.package))
  for (const { package: name, version, manifest } of installed) {
    if (!output.json) await output.write(`added ${name} ${version}, type ${manifest.type}\n`)
  }
  const conflicts = await conflictsOf(
    globals,
    installed.map(({ manifest }) => manifest.type),
  )
  for (const { type, packages } of conflicts) output.tell(conflictText(type, packages))
  return {
    fields: {
      folder: folder.path,
      added: installed.map(({ package: name, version, manifest }) => ({ package: name, version, type: manifest.type })),
      conflicts,
    },
  }
}

/** Whether a word of the command line asks for this package, which was there already. */
function isNamed(name: string, folder: PluginFolder, spec: string, words: readonly string[]): boolean {
  const from = spec.startsWith('file:') ? resolve(folder.path, spec.slice(5)) : spec
  return words.some((word) => word === name || word.startsWith(`${name}@`) || word === from)
}

/** What the packages want installed beside them. */
async function peersOf(folders: readonly string[]): Promise<ReadonlySet<string>> {
  const manifests = await Promise.all(folders.map((folder) => readFile(join(folder, 'package.json'), 'utf8')))
  return new Set(
    manifests.flatMap((text) => {
      const found: { readonly peerDependencies?: Readonly<Record<string, string>> } = JSON.parse(text)
      return Object.keys(found.peerDependencies ?? {})
    }),
  )
}

interface TypeConflict {
  readonly type: string
  readonly packages: readonly string[]
}

/** Types that several installed packages provide. */
async function conflictsOf(globals: Globals, types: readonly string[]): Promise<readonly TypeConflict[]> {
  await using kit = await openConfigured(globals, { create: true })
  const plugins = await kit.plugins()
  return types.flatMap((type) => {
    const packages = plugins.flatMap((plugin) =>
      plugin.manifest.type === type && plugin.package !== undefined ? [plugin.package] : [],
    )
    return packages.length > 1 ? [{ type, packages }] : []
  })
}

function conflictText(type: string, packages: readonly string[]): string {
  return `kit: ${packages.join(' and ')} provide the type ${type}: stores of it do not open until one is named in kit.yaml, such as \`plugins: { ${type}: "${packages[0]}" }\`, or one is removed with \`kit plugin rm\`\n`
}

/** Takes packages out of the user's plugin folder. */
export async function pluginRm({ output, signal }: Session, names: readonly string[]): Promise<CommandResult> {
  const folder = openPluginFolder(process.env)
  const packages = await packagesNamed(folder, names)
  await folder.npm(['uninstall', ...packages], signal)
  if (!output.json) await output.write(packages.map((name) => `removed ${name}\n`).join(''))
  return { fields: { folder: folder.path, removed: packages } }
}

/** Packages by name, or by the type that one of them provides. */
async function packagesNamed(folder: PluginFolder, names: readonly string[]): Promise<readonly string[]> {
  const dependencies = await folder.dependencies()
  const found = await pluginsOrError(folder)
  const plugins = found instanceof Error ? [] : found
  return names.map((name) => {
    if (dependencies[name] !== undefined) return name
    const [only, second] = plugins.filter(({ manifest }) => manifest.type === name)
    if (only !== undefined && second === undefined) return only.package
    const known = Object.keys(dependencies).join(', ') || 'nothing'
    const error = storageError('NotFound', `${name} is not in the plugin folder ${folder.path}, which has ${known}`)
    throw withHint(error, 'Plugins that a program depends on are removed where the program is installed.')
  })
}

/** Lists the plugins that can be used here, by their manifests. */
export async function pluginLs({ output }: Session, globals: Globals): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const plugins = await kit.plugins()
  if (!output.json) {
    await output.write(
      columns(
        plugins.map(({ manifest, origin, package: name, version }) => [
          manifest.type,
          manifest.aliases.join(', '),
          name === undefined ? origin : `${name} ${version ?? ''}`,
        ]),
      ),
    )
  }
  return {
    fields: {
      folder: openPluginFolder(process.env).path,
      plugins: plugins.map(({ manifest, ...rest }) => ({
        type: manifest.type,
        aliases: manifest.aliases,
        schemes: manifest.schemes,
        wraps: manifest.wraps,
        contract: manifest.contract,
        ...rest,
      })),
    },
  }
}

/** Tells all about a type: where it comes from, its options, what it can do at most. */
export async function pluginInfo({ output }: Session, globals: Globals, name: string): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const plugins = await kit.plugins()
  const matching = plugins.filter(
    ({ manifest, package: from }) => manifest.type === name || manifest.aliases.includes(name) || from === name,
  )
  const [plugin] = matching
  if (plugin === undefined) {
    const types = [...new Set(plugins.map(({ manifest }) => manifest.type))].join(', ')
    const error = storageError(
      'NotFound',
      `no plugin provides the type ${name}, and no such package is installed; there are ${types}`,
    )
    throw withHint(error, '`kit plugin add PACKAGE` installs one.')
  }
  const packages = matching.flatMap((one) => (one.package === undefined ? [] : [one.package]))
  if (packages.length > 1) output.tell(conflictText(plugin.manifest.type, packages))
  const capabilities = effectiveCapabilities(plugin.manifest.capabilities)
  if (!output.json) await output.write(describe(plugin))
  return { fields: { plugin: { ...plugin, manifest: { ...plugin.manifest, capabilities } } } }
}

function describe({ manifest, origin, package: name, version, folder }: PluginDescription): string {
  const head = columns([
    ['type', [manifest.type, ...manifest.aliases].join(', ')],
    ['from', name === undefined ? origin : `${name} ${version ?? ''}, ${folder ?? ''}`],
    ['addresses', manifest.schemes.map((scheme) => `${scheme}://`).join(', ') || '-'],
    ['wraps', manifest.wraps],
    ['contract', String(manifest.contract)],
  ])
  const capabilities = effectiveCapabilities(manifest.capabilities)
  const facts = columns(capabilityFacts(capabilities).map(([fact, text]) => [fact, text]))
  const table = columns(capabilityRows(capabilities).map(({ name: row, how }) => [row, how === 'no' ? '-' : how]))
  return `${head}\noptions:\n${columns(optionRows(manifest.options))}\n${facts}\n${table}`
}

function optionRows(schema: JsonSchema): string[][] {
  return schemaOptions(schema).map(({ name, kind, description, required, default: fallback }) => {
    const note = required ? ' (required)' : fallback === undefined ? '' : ` (default ${JSON.stringify(fallback)})`
    return [`  ${name}`, kind, `${description}${note}`]
  })
}
