import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { CatOptions } from './commands/cat.ts'
import type { CopyOptions } from './commands/cp.ts'
import type { ListOptions } from './commands/ls.ts'
import type { RemoveOptions } from './commands/rm.ts'
import type { CommandResult } from './outcome.ts'
import type { Globals, Session } from './session.ts'

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
  const run = async (verb: string, body: (session: Session) => Promise<CommandResult>): Promise<void> => {
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
  addVerbs(program, run)
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

function addVerbs(
  program: Command,
  run: (verb: string, body: (session: Session) => Promise<CommandResult>) => Promise<void>,
): void {
  program
    .command('ls')
    .description('list what is in a store or folder; what is not there lists as empty')
    .argument('<target>')
    .option('-r, --recursive', 'everything below, at any depth')
    .option('-l, --long', 'with size and time')
    .option('-U, --unordered', "in the store's own order, which starts at once")
    .action((target: string, options: ListOptions) =>
      run('ls', async (session) => (await import('./commands/ls.ts')).ls(session, target, options)),
    )
  program
    .command('cat')
    .description('write objects to standard output; with --json the result goes to standard error')
    .argument('<targets...>')
    .option('--range <a-b>', 'these bytes, both ends included; `100-` to the end, `-100` the last hundred')
    .option('--offset <bytes>', 'start here, such as 4096 or 1MiB')
    .option('--length <bytes>', 'at most so many bytes')
    .action((targets: string[], options: CatOptions) =>
      run('cat', async (session) => (await import('./commands/cat.ts')).cat(session, targets, options)),
    )
  program
    .command('cp')
    .description('copy objects; a file is replaced as a whole or not at all')
    .usage('[options] SRC... DST')
    .argument('<paths...>', 'sources, then the destination; one that ends in / or is a folder is copied into')
    .option('-r, --recursive', 'whole trees; a tree becomes DST, or goes into DST/ under its own name')
    .option('--if-absent', 'only where nothing is yet')
    .option('--if-match <etag>', 'only over the object with this etag')
    .action((paths: string[], options: CopyOptions) =>
      run('cp', async (session) => (await import('./commands/cp.ts')).cp(session, paths, options)),
    )
  program
    .command('stat')
    .description('tell all about one object')
    .argument('<target>')
    .action((target: string) =>
      run('stat', async (session) => (await import('./commands/stat.ts')).stat(session, target)),
    )
  program
    .command('rm')
    .description('remove objects')
    .argument('<targets...>')
    .option('-r, --recursive', 'folders with all that is in them')
    .option('-f, --force', 'what is not there is no error; with -r, a whole store may be named')
    .action((targets: string[], options: RemoveOptions) =>
      run('rm', async (session) => (await import('./commands/rm.ts')).rm(session, targets, options)),
    )
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const own: unknown = JSON.parse(text)
  return typeof own === 'object' && own !== null && 'version' in own ? String(own.version) : 'unknown'
}
