import { checkOptions, storageError, type AnyPlugin, type OptionSpec } from '@kit/core'
import type { Kit, PluginDescription } from '@kit/manager'
import {
  missingOptions,
  optionsFromWords,
  valueOf,
  type Folders,
  type OptionTable,
  type OptionWords,
} from './option-words.ts'

/** What the words of the command line gave; the wizard asks for the rest. */
export interface Asked {
  readonly name: string | undefined
  readonly type: string | undefined
  readonly words: OptionWords
}

export interface Answers {
  readonly name: string
  readonly plugin: AnyPlugin
  readonly type: string
  readonly options: Record<string, unknown>
}

/** Whether somebody sits there to be asked. */
export function canAsk(json: boolean): boolean {
  return !json && process.stdin.isTTY && process.stderr.isTTY
}

/** Asks for everything that the words leave open. Prompts go to standard error. @throws Aborted where the user gives up */
export async function askForStore(kit: Kit, asked: Asked, folders: Folders, signal: AbortSignal): Promise<Answers> {
  const prompts = await import('@clack/prompts')
  const common = { signal, output: process.stderr }
  const answer = async <Value>(prompt: Promise<Value | typeof prompts.CANCEL_SYMBOL>): Promise<Value> => {
    const value = await prompt
    if (prompts.isCancel(value)) throw storageError('Aborted', 'given up')
    return value
  }
  const askText = async (message: string, validate: (text: string) => string | undefined, initial?: string) =>
    answer(
      prompts.text({
        ...common,
        message,
        ...(initial === undefined ? {} : { initialValue: initial }),
        validate: (text) => validate(text ?? ''),
      }),
    )

  prompts.intro('A new store', common)
  const name = asked.name ?? (await askText('Its name', (text) => nameProblem(kit, text)))
  const type =
    asked.type ??
    (await answer(prompts.select({ ...common, message: 'Its type', options: typesOf(await kit.plugins()) })))
  const plugin = await kit.plugin(type)
  const table: OptionTable = plugin.options
  const options = optionsFromWords(plugin, asked.words, folders)

  async function askOption(option: string, spec: OptionSpec): Promise<void> {
    const message = `${option}: ${spec.description}${spec.secret === true ? ' A reference: env:NAME or file:PATH' : ''}`
    if (spec.type === 'store' || spec.type === 'stores') {
      options[option] = await askInner(message, spec.type === 'stores')
    } else if (spec.type === 'boolean') {
      options[option] = await answer(prompts.confirm({ ...common, message, initialValue: spec.default === true }))
    } else if (spec.values !== undefined) {
      const choices = spec.values.map((value) => ({ value, label: value }))
      options[option] = await answer(prompts.select({ ...common, message, options: choices }))
    } else {
      const initial =
        typeof spec.default === 'string' || typeof spec.default === 'number' ? String(spec.default) : undefined
      const text = await askText(message, (given) => valueProblem(plugin, option, given, folders), initial)
      options[option] = valueOf(spec, text, option, folders)
    }
  }

  async function askInner(message: string, several: boolean): Promise<string | string[]> {
    const choices = kit.stores.map((store) => ({ value: store.name, label: store.name, hint: store.type }))
    if (choices.length === 0) {
      throw storageError('InvalidConfig', `a store of type ${type} wraps another one, and none is configured yet`)
    }
    if (several) return answer(prompts.multiselect({ ...common, message, options: choices, required: true }))
    return answer(prompts.select({ ...common, message, options: choices }))
  }

  for (const option of missingOptions(table, options)) {
    const spec = table[option]
    if (spec !== undefined) await askOption(option, spec)
  }
  const open = Object.entries(table).filter(([option]) => options[option] === undefined)
  if (open.length > 0) {
    const more = await answer(
      prompts.multiselect({
        ...common,
        message: 'Options to set besides (space chooses, enter goes on)',
        options: open.map(([value, { description }]) => ({ value, label: value, hint: description })),
        required: false,
      }),
    )
    for (const [option, spec] of open) if (more.includes(option)) await askOption(option, spec)
  }
  prompts.outro('That is all', common)
  return { name, plugin, type, options }
}

function nameProblem(kit: Kit, text: string): string | undefined {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text)) {
    return "Up to 64 letters, digits, '_', '.', '-', not starting with '.' or '-'"
  }
  return kit.stores.some(({ name }) => name === text) ? `There is a store ${text} already` : undefined
}

function typesOf(plugins: readonly PluginDescription[]): { value: string; label: string; hint?: string }[] {
  const types = new Map(plugins.map((plugin) => [plugin.manifest.type, plugin]))
  return [...types].map(([value, plugin]) => ({
    value,
    label: value,
    ...(plugin.package === undefined ? {} : { hint: plugin.package }),
  }))
}

/** What is wrong with the answer, so that it is asked again. */
function valueProblem(plugin: AnyPlugin, option: string, text: string, folders: Folders): string | undefined {
  const spec = (plugin.options as OptionTable)[option]
  if (text === '') return spec?.required === true ? 'It is needed' : undefined
  try {
    const value = valueOf(spec, text, option, folders)
    return checkOptions(plugin, { [option]: value }).problems.find(({ path }) => path[0] === option)?.message
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^\w+: /, '') : String(error)
  }
}
