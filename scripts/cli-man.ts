/** Writes the manual pages of `kit` as roff into a folder: `node --conditions=@kit/source scripts/cli-man.ts FOLDER`. Runs at the build of apps/cli. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, exitStatus, type Block, type Described, type Verb } from './cli-verbs.ts'

/** A page of section 1; the requests are those of groff_man(7). A paragraph right after a heading is one without being told. */
function page(verb: Verb, others: readonly string[]): string {
  const name = pageName(verb)
  return [
    `.TH ${quoted(name.toUpperCase())} 1 "" "Kit" "Kit manual"`,
    '.SH NAME',
    `${text(name)} \\- ${text(verb.summary.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    ...[verb, ...verb.verbs].flatMap((one) => (one !== verb || verb.verbs.length === 0 ? synopsis(one) : [])),
    ...(verb.verbs.length === 0 ? [] : ['.SH COMMANDS', ...verb.verbs.flatMap(command)]),
    ...options('.SH', verb),
    ...notes('.SH', 'DESCRIPTION', verb.notes),
    '.SH EXIT STATUS',
    ...exitStatus.flatMap(tagged),
    '.SH SEE ALSO',
    others.map((other) => `.BR ${other.replaceAll('-', '\\-')} (1)`).join(',\n'),
    '',
  ]
    .filter((line, index, all) => line !== '.PP' || !/^\.S[HS] /.test(all[index - 1] ?? ''))
    .join('\n')
}

/** The front page: every verb has a page of its own. */
function frontPage(whole: Verb): string {
  const end = whole.notes.findIndex(({ text: heading }) => heading === 'Exit codes:')
  const own = { ...whole, verbs: [], notes: end === -1 ? whole.notes : whole.notes.slice(0, end) }
  const verbs = ['.SH COMMANDS', ...whole.verbs.flatMap((verb) => tagged({ term: verb.name, text: verb.summary }))]
  return page(own, whole.verbs.map(pageName)).replace('.SH EXIT STATUS', () => `${verbs.join('\n')}\n.SH EXIT STATUS`)
}

function synopsis({ usage }: Verb): string[] {
  return ['.PP', `.B ${text(usage)}`]
}

function command(verb: Verb): string[] {
  return [
    `.SS ${quoted(verb.name)}`,
    text(`${verb.summary}.`),
    ...(verb.aliases.length === 0 ? [] : ['.PP', text(`Also: ${verb.aliases.join(', ')}.`)]),
    ...options('.PP', verb),
    ...notes('.PP', '', verb.notes),
  ]
}

function options(heading: '.SH' | '.PP', verb: Verb): string[] {
  const groups = [{ heading: 'Arguments', options: verb.arguments }, ...verb.groups].filter(
    (group) => group.options.length > 0,
  )
  return groups.flatMap((group) => [
    ...(heading === '.SH'
      ? [`.SH ${quoted(group.heading.toUpperCase())}`]
      : ['.PP', `.I ${quoted(`${group.heading}:`)}`]),
    ...group.options.flatMap(tagged),
  ])
}

function notes(heading: '.SH' | '.PP', first: string, blocks: readonly Block[]): string[] {
  if (blocks.length === 0) return []
  const started = blocks[0]?.kind === 'heading' || first === '' ? [] : [`${heading} ${first}`]
  const lines = blocks.flatMap((block) => {
    if (block.kind === 'indented') return ['.PP', '.nf', ...block.text.split('\n').map(text), '.fi']
    if (block.kind === 'text') return ['.PP', text(block.text)]
    const title = block.text.replace(/:$/, '')
    return heading === '.SH' ? [`.SH ${quoted(title.toUpperCase())}`] : ['.PP', `.I ${quoted(`${title}:`)}`]
  })
  return [...started, ...lines]
}

function tagged({ term, text: meaning }: Described): string[] {
  return ['.TP', `.B ${text(term)}`, text(meaning)]
}

/** Text that roff takes as it is: no line of it is a request. */
function text(raw: string): string {
  return raw
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '...')
    .replaceAll(/^\./gm, '\\&.')
}

/** An argument of a request. */
function quoted(raw: string): string {
  return `"${text(raw)}"`
}

function pageName({ name }: Verb): string {
  return name.replaceAll(' ', '-')
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: cli-man.ts FOLDER')
const whole = commandLine()
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'kit.1'), frontPage(whole))
for (const verb of whole.verbs) writeFileSync(join(folder, `${pageName(verb)}.1`), page(verb, ['kit']))
