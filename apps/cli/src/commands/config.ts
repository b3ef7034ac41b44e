import { writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fromErrno, storageError } from '@kit/core'
import type { Kit, PluginDescription, StoreDescription } from '@kit/manager'
import { withHint, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import type { Globals, Session } from '../session.ts'
import { changeConfig, kitOptions, openConfigured } from '../configured-kit.ts'
import { schemaOptions } from '../setup/schema-options.ts'

/** Tells everything that is wrong with the configuration file, and where. */
export async function configCheck({ output }: Session, globals: Globals): Promise<CommandResult> {
  const { checkConfig, problemLine } = await import('@kit/manager')
  const { path, exists, problems } = await checkConfig(await kitOptions(globals))
  if (!output.json) {
    const text = exists ? `${path} is right\n` : `there is no configuration file; it would be ${path}\n`
    if (problems.length === 0) await output.write(text)
    for (const problem of problems) {
      const hint = problem.hint === undefined ? '' : `    hint: ${problem.hint}\n`
      await output.write(`${printable(problemLine(problem))}\n${hint}`)
    }
  }
  const fields = { path, exists, problems }
  if (problems.length === 0) return { fields }
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const failure = storageError('InvalidConfig', `${path} has ${count}`)
  return { fields, failures: [withHint(failure, '`kit plugin info TYPE` tells the options of a type.')] }
}

/** Shows what the configuration means here: options as written, defaults besides, secrets as references. */
export async function configShow({ output }: Session, globals: Globals): Promise<CommandResult> {
  const { configText } = await import('@kit/manager')
  await using kit = await openConfigured(globals)
  const defaults = defaultsOf(await kit.plugins())
  const stores = await Promise.all(kit.stores.map(({ name }) => kit.describe(name)))
  if (!output.json) {
    const entries = Object.fromEntries(stores.map((store) => [store.name ?? '', entryOf(store)]))
    await output.write(`# ${kit.path}\n${configText({ stores: entries })}`)
    for (const store of stores) {
      const unset = unsetDefaults(store, defaults)
      if (Object.keys(unset).length > 0)
        await output.write(`# by default, ${store.name ?? ''}: ${configText(unset).trimEnd().replaceAll('\n', ', ')}\n`)
    }
  }
  return {
    fields: {
      path: kit.path,
      stores: Object.fromEntries(
        stores.map((store) => [
          store.name ?? '',
          {
            ...entryOf(store),
            defaults: unsetDefaults(store, defaults),
            package: store.package,
            missing: store.missing,
          },
        ]),
      ),
    },
  }
}

/** A store as the file writes it. */
function entryOf({ type, options, over }: StoreDescription): Record<string, unknown> {
  const inner = over.map((store) => store.name ?? entryOf(store))
  return { type, ...options, ...(inner.length === 0 ? {} : { over: inner.length === 1 ? inner[0] : inner }) }
}

type Defaults = ReadonlyMap<string, Readonly<Record<string, unknown>>>

function defaultsOf(plugins: readonly PluginDescription[]): Defaults {
  return new Map(
    plugins.flatMap(({ manifest }) => {
      const set = schemaOptions(manifest.options).filter((option) => option.default !== undefined)
      const defaults = Object.fromEntries(set.map((option) => [option.name, option.default]))
      return [manifest.type, ...manifest.aliases].map((type) => [type, defaults] as const)
    }),
  )
}

function unsetDefaults({ type, options }: StoreDescription, defaults: Defaults): Record<string, unknown> {
  const all = Object.entries(defaults.get(type) ?? {})
  return Object.fromEntries(all.filter(([name]) => options[name] === undefined))
}

const schemaName = 'kit.schema.json'

/** Gives the JSON Schema of the file for the plugins that are installed; `write` keeps it where the editor finds it. */
export async function configSchemaCommand(
  session: Session,
  globals: Globals,
  { write }: { readonly write?: string | true },
): Promise<CommandResult> {
  const { configSchema } = await import('@kit/manager')
  const schemaFor = async (kit: Kit): Promise<object> =>
    configSchema((await kit.plugins()).map(({ manifest }) => manifest))
  if (write === undefined) {
    await using kit = await openConfigured(globals, { create: true })
    const schema = await schemaFor(kit)
    if (!session.output.json) await session.output.write(`${JSON.stringify(schema, null, 2)}\n`)
    return { fields: { schema } }
  }
  let file = ''
  const path = await changeConfig(globals, session, async (kit) => {
    const folder = dirname(kit.path)
    file = write === true ? join(folder, schemaName) : resolve(write)
    try {
      await writeFile(file, `${JSON.stringify(await schemaFor(kit), null, 2)}\n`)
    } catch (error) {
      throw fromErrno(error, { operation: 'write', key: file })
    }
    const below = relative(folder, file).replaceAll('\\', '/')
    kit.nameSchema(below.startsWith('..') ? file : `./${below}`)
  })
  if (!session.output.json) await session.output.write(`wrote ${file}, which ${path} names now\n`)
  return { fields: { file, path } }
}
