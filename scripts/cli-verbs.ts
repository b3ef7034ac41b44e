/** What `kit` declares, as data that pages are made from: docs/cli by scripts/cli-pages.ts, manual pages by scripts/cli-man.ts. */
import { exitCodes } from '../apps/cli/src/exit-codes.ts'
import { buildProgram } from '../apps/cli/src/program.ts'

type Command = ReturnType<typeof buildProgram>

export interface Described {
  /** `-r, --recursive`, `<target>`. */
  readonly term: string
  readonly text: string
}

/** A verb, or one below it: `kit store add`. */
export interface Verb {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  readonly usage: string
  readonly arguments: readonly Described[]
  readonly groups: readonly { readonly heading: string; readonly options: readonly Described[] }[]
  /** Blocks of the text below the options. An indented block is a table or examples. */
  readonly notes: readonly Block[]
  readonly verbs: readonly Verb[]
}

export interface Block {
  readonly kind: 'text' | 'indented' | 'heading'
  readonly text: string
}

/** The whole command line; its verbs are those that are shown. */
export function commandLine(): Verb {
  return verbOf(buildProgram(), [])
}

export const exitStatus: readonly Described[] = Object.values(exitCodes).map(({ code, meaning }) => ({
  term: String(code),
  text: meaning,
}))

function verbOf(command: Command, above: readonly string[]): Verb {
  const path = [...above, command.name()]
  const help = command.createHelp()
  const groups = Map.groupBy(
    help.visibleOptions(command).filter(({ long }) => long !== '--help'),
    (option) => option.helpGroupHeading ?? 'Options:',
  )
  return {
    name: path.join(' '),
    aliases: command.aliases(),
    summary: command.description(),
    usage: `${path.join(' ')} ${command.usage()}`,
    arguments: command.registeredArguments
      .filter(({ description }) => description !== '')
      .map((argument) => ({ term: help.argumentTerm(argument), text: help.argumentDescription(argument) })),
    groups: [...groups].map(([heading, options]) => ({
      heading: heading.replace(/:$/, ''),
      options: options.map((option) => ({ term: help.optionTerm(option), text: help.optionDescription(option) })),
    })),
    notes: blocksOf(notesOf(command)),
    verbs: help.visibleCommands(command).flatMap((child) => (child.name() === 'help' ? [] : [verbOf(child, path)])),
  }
}

/** What follows the options in the help. */
function notesOf(command: Command): string {
  let shown = ''
  command.configureOutput({ writeOut: (text) => (shown += text) })
  command.outputHelp()
  return shown.slice(command.helpInformation().length)
}

function blocksOf(text: string): readonly Block[] {
  const blocks: { kind: Block['kind']; text: string }[] = []
  let fresh = true
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      fresh = true
      continue
    }
    const kind = line.startsWith('  ') ? 'indented' : /^[A-Z][\w ]*:$/.test(line) ? 'heading' : 'text'
    const last = blocks.at(-1)
    if (last?.kind === kind && !fresh) last.text += `\n${line}`
    else blocks.push({ kind, text: line })
    fresh = false
  }
  return blocks
}
