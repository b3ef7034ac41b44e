import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { declareObjectVerbs } from './declare-object-verbs.ts'
import { declareSetupVerbs } from './declare-setup-verbs.ts'
import type { RunVerb } from './declare.ts'
import type { Globals } from './session.ts'

const addresses = `
Addresses:
  photos:2026/a.jpg      an object of the store \`photos\` of the configuration
  file:///srv/a.jpg      an object named without configuration, type://…
  ./a.jpg  /srv/a.jpg    a local file
  -                      standard input or output (cp)

Exit codes: 0 done, 1 other, 2 usage or configuration, 4 no such object, 5 worth trying again,
  6 done in part, 7 corrupt, 8 no room, 10 too late, 12 not allowed, 130 Ctrl-C`

/** Runs the command line; gives the exit code. Bodies of commands are loaded when they are used. */
export async function runProgram(words: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('kit')
  const run: RunVerb = async (verb, body) => {
    const { runCommand } = await import('./run-command.ts')
    code = await runCommand(verb, program.opts<Globals>(), body)
  }
  const json = words.includes('--json')
  program
    .description('Lists, reads, copies and removes objects in any store.')
    .option('--config <file>', 'the configuration file (else $KIT_CONFIG, else kit.yaml here or above)')
    .option('--json', 'JSON on standard output: one document, or lines that end in a result')
    .option('--verbose', 'log lines, and causes of errors with their stacks, on standard error')
    .version(version(), '-V, --version')
    .addHelpText('after', addresses)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('hint: `kit --help` and `kit VERB --help` tell the usage')
    .configureOutput({ writeErr: (text) => (json ? undefined : process.stderr.write(text.replace(/^error:/, 'kit:'))) })
    .exitOverride()
  declareObjectVerbs(program, run)
  declareSetupVerbs(program, run)
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    const { usageFailure } = await import('./outcome.ts')
    if (json) process.stdout.write(`${JSON.stringify(usageFailure(error.message.replace(/^error: /, '')))}\n`)
    return 2
  }
  return code
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const own: unknown = JSON.parse(text)
  return typeof own === 'object' && own !== null && 'version' in own ? String(own.version) : 'unknown'
}
