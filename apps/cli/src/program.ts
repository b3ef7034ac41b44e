import { Command, CommanderError } from 'commander'
import { declareContentVerbs } from './declare-content-verbs.ts'
import { declareObjectVerbs } from './declare-object-verbs.ts'
import { declareSetupVerbs } from './declare-setup-verbs.ts'
import { declareTransferVerbs } from './declare-transfer-verbs.ts'
import type { RunVerb } from './declare.ts'
import { exitCodeLines, exitCodes } from './exit-codes.ts'
import type { Globals } from './session.ts'

const notes = `
Addresses:
  photos:2026/a.jpg      an object of the store \`photos\` of the configuration
  photos:/ipfs/CID/path  content of that store, by CID; ipfs://CID/path of the only one that has some
  file:///srv/a.jpg      an object named without configuration, type://…
  ./a.jpg  /srv/a.jpg    a local file; one with a colon in its name is ./a:b
  -                      standard input or output (cp)

Exit codes:
${exitCodeLines().trimEnd()}`

/**
 * The whole command line as commander holds it: verbs, arguments, options, notes. Nothing is run by it; pages, completion and man pages are
 * made from it. `json`: what is wrong with a command line is told by the caller, as JSON.
 */
export function buildProgram(run: RunVerb = () => Promise.resolve(), json = false): Command {
  const program = new Command('kit')
    .description('Lists, reads, copies, compares and removes objects in any store.')
    .option('--config <file>', 'the configuration file (else $KIT_CONFIG, else kit.yaml here or above)')
    .option('--json', 'JSON on standard output: one document, or lines that end in a result')
    .option('--only-show-errors, --quiet', 'nothing but errors on standard error')
    .option('--progress', 'tell the progress where standard error is no terminal, too')
    .option('--verbose', 'what is done, log lines, and causes of errors with their stacks, on standard error')
    .version(version(), '-V, --version')
    .addHelpText('after', notes)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('hint: `kit --help` and `kit VERB --help` tell the usage')
    .configureOutput({ writeErr: (text) => (json ? undefined : process.stderr.write(text.replace(/^error:/, 'kit:'))) })
    .exitOverride()
  program.commandsGroup('Objects:')
  declareObjectVerbs(program, run)
  declareTransferVerbs(program, run)
  program.commandsGroup('Content:')
  declareContentVerbs(program, run)
  program.commandsGroup('Setup:')
  declareSetupVerbs(program, run)
  return program
}

/** Runs the command line; gives the exit code. Bodies of commands are loaded when they are used. */
export async function runProgram(words: readonly string[]): Promise<number> {
  let code: number = exitCodes.done.code
  const json = words.includes('--json')
  const program = buildProgram(async (verb, body) => {
    const { runCommand } = await import('./run-command.ts')
    code = await runCommand(verb, program.opts<Globals>(), body)
  }, json)
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return exitCodes.done.code
    if (!json) return exitCodes.usage.code
    const { usageFailure } = await import('./outcome.ts')
    process.stdout.write(`${JSON.stringify(usageFailure(error.message.replace(/^error: /, '')))}\n`)
    return exitCodes.usage.code
  }
  return code
}

function version(): string {
  // One folder above the source and above the bundle. An import of all of `node:fs` would take a tenth of the time to start.
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const own: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof own === 'object' && own !== null && 'version' in own ? String(own.version) : 'unknown'
}
