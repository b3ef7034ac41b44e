import type { Command, Option } from 'commander'
import type { Globals } from '../session.ts'

/** What may stand in the place of the word that is being typed. One that ends in `/`, `:` or `=` goes on. */
export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

/** What a word means, where the command line itself does not list what it may be. */
export type WordKind = 'place' | 'file' | 'store' | 'type'

/** Candidates that begin with `typed` and come from outside of the command line. */
export type Outside = (kind: WordKind, typed: string, globals: Globals) => Promise<readonly Candidate[]>

/** By the name of an argument or of an option's value, as the help shows it. */
const kinds: Readonly<Record<string, WordKind>> = {
  target: 'place',
  source: 'place',
  src: 'place',
  destination: 'place',
  dst: 'place',
  path: 'place',
  folder: 'place',
  left: 'place',
  right: 'place',
  file: 'file',
  pem: 'file',
  spec: 'file',
  store: 'store',
  type: 'type',
}

interface Position {
  readonly command: Command
  /** Arguments of the command that stand before. */
  readonly before: number
  /** The option whose value is being typed. */
  readonly option: Option | undefined
  /** Everything is an argument from here on. */
  readonly plain: boolean
  readonly globals: Globals
}

/** What may be typed next: `words` are those after `kit`, the last of them the one under the cursor. */
export async function candidates(
  program: Command,
  words: readonly string[],
  outside: Outside,
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? ''
  const position = follow(program, words.slice(0, -1))
  const { command, option, plain, globals } = position
  if (option !== undefined) return valuesOf(option, typed, globals, outside)
  if (!plain && /^--[\w-]+=/.test(typed)) {
    const cut = typed.indexOf('=') + 1
    const named = optionNamed(command, typed.slice(0, cut - 1))
    if (named === undefined) return []
    const values = await valuesOf(named, typed.slice(cut), globals, outside)
    return values.map(({ value, description }) => ({ value: typed.slice(0, cut) + value, description }))
  }
  if (!plain && typed.startsWith('-')) return optionsOf(command, typed)
  const verbs = position.before === 0 && !plain ? verbsOf(command, typed) : []
  const [args, last] = [command.registeredArguments, command.registeredArguments.at(-1)]
  const argument = args[position.before] ?? (last?.variadic === true ? last : undefined)
  if (argument === undefined) return verbs
  const choices =
    argument.argChoices?.map((value) => ({ value })) ?? (await others(argument.name(), typed, globals, outside))
  return [...verbs, ...starting(choices, typed)]
}

/** Where the words lead: which command, which of its arguments. */
function follow(program: Command, words: readonly string[]): Position {
  let command = program
  let before = 0
  let option: Option | undefined
  let plain = false
  let globals: Globals = {}
  for (const word of words) {
    if (option !== undefined) {
      if (option.attributeName() === 'config') globals = { ...globals, config: word }
      option = undefined
    } else if (plain) before++
    else if (word === '--') plain = true
    else if (word.startsWith('-') && word !== '-') {
      const named = optionNamed(command, word.split('=', 1)[0] ?? '')
      if (named?.attributeName() === 'config' && word.includes('=')) {
        globals = { ...globals, config: word.slice(word.indexOf('=') + 1) }
      }
      if (named?.required === true && !word.includes('=')) option = named
    } else {
      const verb =
        before === 0 ? command.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined
      if (verb === undefined) before++
      else command = verb
    }
  }
  return { command, before, option, plain, globals }
}

/** The options of a command and of those above it, which all of them take. */
function* reach(command: Command): Generator<Option> {
  for (let at: Command | null = command; at !== null; at = at.parent) yield* at.options
}

function optionNamed(command: Command, word: string): Option | undefined {
  for (const option of reach(command)) if (option.long === word || option.short === word) return option
  return undefined
}

function optionsOf(command: Command, typed: string): readonly Candidate[] {
  const found = [...reach(command)].filter(({ hidden }) => !hidden)
  const all = found.flatMap(({ long, short, description, required }) => {
    const name = typed.startsWith('--') || typed === '-' ? (long ?? short) : short
    return name === undefined ? [] : [{ value: required && name === long ? `${name}=` : name, description }]
  })
  return starting([...all, { value: '--help', description: 'what the command does' }], typed)
}

function verbsOf(command: Command, typed: string): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command)
  const named = starting(
    visible.map((verb) => ({ value: verb.name(), description: verb.description() })),
    typed,
  )
  if (named.length > 0 || typed === '') return named
  const aliases = visible.flatMap((verb) => verb.aliases().map((value) => ({ value, description: verb.description() })))
  return starting(aliases, typed)
}

async function valuesOf(
  option: Option,
  typed: string,
  globals: Globals,
  outside: Outside,
): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined)
    return starting(
      option.argChoices.map((value) => ({ value })),
      typed,
    )
  const name = /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? ''
  return starting(await others(name, typed, globals, outside), typed)
}

async function others(name: string, typed: string, globals: Globals, outside: Outside): Promise<readonly Candidate[]> {
  const word = name.toLowerCase()
  const kind = kinds[word] ?? kinds[word.replace(/s$/, '')]
  return kind === undefined ? [] : outside(kind, typed, globals)
}

function starting(all: readonly Candidate[], typed: string): readonly Candidate[] {
  return all.filter(({ value }) => value.startsWith(typed))
}
