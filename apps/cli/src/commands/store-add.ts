import { checkOptions, errorCode, storageError, type AnyPlugin } from '@kit/core'
import type { Kit, StoreEntryData } from '@kit/manager'
import { withHint, type CommandResult } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { changeConfig } from '../configured-kit.ts'
import { foldersOf, missingOptions, optionsFromWords, type OptionWords } from '../setup/option-words.ts'
import { askForStore, canAsk, type Answers } from '../setup/store-wizard.ts'
import { testAloud, type TestFields } from '../setup/test-lines.ts'

export interface StoreChangeOptions extends OptionWords {
  /** false with `--no-test`. */
  readonly test: boolean
  readonly keep?: boolean
}

export interface StoreUpdateOptions extends StoreChangeOptions {
  readonly unset?: readonly string[]
}

/** Adds a store to the configuration, after it has been tried on the live server. */
export async function storeAdd(
  session: Session,
  globals: Globals,
  name: string | undefined,
  type: string | undefined,
  options: StoreChangeOptions,
): Promise<CommandResult> {
  let chosen: Answers | undefined
  let tested: TestFields | undefined
  let failure: unknown
  const path = await changeConfig(globals, session, async (kit, attempt) => {
    chosen ??= await choose(session, kit, name, type, options)
    const entry: StoreEntryData = { type: chosen.type, ...chosen.options }
    await kit.add(chosen.name, entry)
    if (!options.test || attempt > 1) return
    const { fields, failure: failed } = await testAloud(session, kit, chosen.name, { write: true, probe: false })
    tested = fields
    failure = failed
    if (failed !== undefined && options.keep !== true) throw notKept(failed, 'added')
  })
  const added = chosen?.name ?? ''
  if (!session.output.json) await session.output.write(`added ${added} to ${path}\n`)
  return {
    fields: { store: added, type: chosen?.type, path, ...(tested === undefined ? {} : { test: tested }) },
    failures: failure === undefined ? [] : [failure],
    partly: true,
  }
}

/** Changes options of a configured store, after it has been tried with them. */
export async function storeUpdate(
  session: Session,
  globals: Globals,
  name: string,
  options: StoreUpdateOptions,
): Promise<CommandResult> {
  let tested: TestFields | undefined
  let failure: unknown
  const path = await changeConfig(globals, session, async (kit, attempt) => {
    const known = await kit.describe(name)
    const set = optionsFromWords(await kit.plugin(known.type), options, foldersOf(kit.path))
    const unset = Object.fromEntries((options.unset ?? []).map((option) => [option, undefined]))
    if (Object.keys({ ...set, ...unset }).length === 0) {
      throw storageError('InvalidConfig', 'nothing is to be changed: say --set NAME=VALUE or --unset NAME')
    }
    await kit.update(name, { ...merged(known.options, set), ...unset })
    if (!options.test || attempt > 1) return
    const { fields, failure: failed } = await testAloud(session, kit, name, { write: true, probe: false })
    tested = fields
    failure = failed
    if (failed !== undefined && options.keep !== true) throw notKept(failed, 'changed')
  })
  if (!session.output.json) await session.output.write(`changed ${name} in ${path}\n`)
  return {
    fields: { store: name, path, ...(tested === undefined ? {} : { test: tested }) },
    failures: failure === undefined ? [] : [failure],
    partly: true,
  }
}

/** A part of a map that is set leaves its other parts as they are. */
function merged(
  present: Readonly<Record<string, unknown>>,
  set: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => {
      const before = present[name]
      return [name, isRecord(before) && isRecord(value) ? { ...before, ...merged(before, value) } : value]
    }),
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function choose(
  session: Session,
  kit: Kit,
  name: string | undefined,
  type: string | undefined,
  words: OptionWords,
): Promise<Answers> {
  if (name !== undefined && kit.stores.some((store) => store.name === name)) {
    const error = storageError('AlreadyExists', `the configuration has a store ${name} already`, { store: name })
    throw withHint(error, `\`kit store update ${name}\` changes it.`)
  }
  const folders = foldersOf(kit.path)
  const asking = canAsk(session.output.json)
  if (name !== undefined && type !== undefined) {
    const plugin = await pluginOf(kit, type)
    const options = optionsFromWords(plugin, words, folders)
    const missing = missingOptions(plugin.options, options)
    if (missing.length === 0) return { name, plugin, type, options: checked(plugin, options) }
    if (!asking) throw missingError(plugin, missing)
  } else if (!asking) {
    const types = [...new Set((await kit.plugins()).map(({ manifest }) => manifest.type))].join(', ')
    const error = storageError('InvalidConfig', 'store add takes a name and a type')
    throw withHint(error, `kit store add NAME TYPE --set OPTION=VALUE; the types are ${types}`)
  }
  const answers = await askForStore(kit, { name, type, words }, folders, session.signal)
  return { ...answers, options: checked(answers.plugin, answers.options) }
}

async function pluginOf(kit: Kit, type: string): Promise<AnyPlugin> {
  try {
    return await kit.plugin(type)
  } catch (error) {
    if (errorCode(error) !== 'InvalidConfig' || !(error instanceof Error)) throw error
    throw withHint(error, '`kit plugin ls` shows the types there are, `kit plugin add PACKAGE` installs one.')
  }
}

function missingError(plugin: AnyPlugin, missing: readonly string[]): Error {
  const list = missing.map((name) => `${name} (${plugin.options[name]?.description ?? ''})`).join(', ')
  const flags = missing.map((name) => (name === 'over' ? '--over STORE' : `--set ${name}=…`)).join(' ')
  return withHint(
    storageError('InvalidConfig', `a store of type ${plugin.type} needs ${list}`),
    `Say ${flags}, or run it in a terminal to be asked.`,
  )
}

/** Refused here, in the words of the options: the configuration's own check tells lines of a file that is not written yet. */
function checked(plugin: AnyPlugin, options: Record<string, unknown>): Record<string, unknown> {
  const { problems } = checkOptions(plugin, options)
  if (problems.length === 0) return options
  const list = problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  throw withHint(
    storageError('InvalidConfig', list),
    `\`kit plugin info ${plugin.type}\` tells the options of the type.`,
  )
}

function notKept(failure: unknown, what: string): unknown {
  if (typeof failure !== 'object' || failure === null) return failure
  return withHint(
    failure,
    `Nothing was ${what}. Correct it, or say --keep to keep it as it is, --no-test not to try it.`,
  )
}
