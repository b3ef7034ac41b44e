/** Makes docs/cli from what `kit` declares; `--check` only compares. */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, exitStatus, type Block, type Described, type Verb } from './cli-verbs.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'cli')
const note = '<!-- Made from apps/cli/src by `node --conditions=@kit/source scripts/cli-pages.ts`; do not edit. -->'

function pages(): ReadonlyMap<string, string> {
  const whole = commandLine()
  const verbs = whole.verbs.map((verb) => [`${lastWord(verb)}.md`, verbPage(verb)] as const)
  return new Map([['README.md', frontPage(whole)], ...verbs])
}

function frontPage(whole: Verb): string {
  const rows = whole.verbs.map((verb) => [`[\`${verb.name}\`](${lastWord(verb)}.md)`, sentence(verb.summary)])
  return page([
    '# kit',
    whole.summary,
    `\`\`\`\n${whole.usage}\n\`\`\``,
    table(['verb', 'what it does'], rows),
    ...optionGroups(whole),
    '## Exit codes',
    described(['code', 'meaning'], exitStatus),
    // The exit codes stand above already.
    ...notes(
      whole.notes.slice(
        0,
        whole.notes.findIndex(({ text }) => text === 'Exit codes:'),
      ),
    ),
  ])
}

function verbPage(verb: Verb): string {
  return page([
    `# ${verb.name}`,
    ...body(verb),
    ...verb.verbs.flatMap((inner) => [`## ${inner.name}`, ...body(inner)]),
    'Options of every verb, addresses and exit codes: [kit](README.md).',
  ])
}

function body(verb: Verb): readonly string[] {
  return [
    sentence(verb.summary),
    `\`\`\`\n${verb.usage}\n\`\`\``,
    ...(verb.aliases.length === 0 ? [] : [`Also: ${verb.aliases.map((alias) => `\`${alias}\``).join(', ')}.`]),
    ...(verb.arguments.length === 0 ? [] : [described(['argument', 'meaning'], verb.arguments)]),
    ...optionGroups(verb),
    ...notes(verb.notes),
  ]
}

function optionGroups({ groups }: Verb): readonly string[] {
  return groups.map(({ heading, options }) => described([heading.toLowerCase(), 'meaning'], options))
}

function notes(blocks: readonly Block[]): readonly string[] {
  return blocks.map(({ kind, text }) => {
    if (kind === 'indented') return `\`\`\`\n${text.replaceAll(/^ {2}/gm, '')}\n\`\`\``
    return kind === 'heading' ? `**${text.replace(/:$/, '')}**` : text
  })
}

function described(heads: readonly string[], all: readonly Described[]): string {
  return table(
    heads,
    all.map(({ term, text }) => [`\`${term}\``, text]),
  )
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

function page(parts: readonly string[]): string {
  return `${[note, ...parts].join('\n\n')}\n`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function lastWord({ name }: Verb): string {
  return name.split(' ').at(-1) ?? name
}

const wanted = pages()
const present = globSync('*.md', { cwd: folder })
if (process.argv.includes('--check')) {
  const stale = [...wanted].filter(
    ([file, text]) => !present.includes(file) || readFileSync(join(folder, file), 'utf8') !== text,
  )
  const left = present.filter((file) => !wanted.has(file))
  for (const file of [...stale.map(([name]) => name), ...left])
    console.error(`docs/cli/${file} is not what kit declares`)
  if (stale.length + left.length > 0) {
    console.error('run `node --conditions=@kit/source scripts/cli-pages.ts`')
    process.exitCode = 1
  }
} else {
  mkdirSync(folder, { recursive: true })
  for (const file of present) if (!wanted.has(file)) rmSync(join(folder, file))
  for (const [file, text] of wanted) writeFileSync(join(folder, file), text)
}
