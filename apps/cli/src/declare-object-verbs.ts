import type { Command } from 'commander'
import type { CatOptions } from './commands/cat.ts'
import type { CopyOptions } from './commands/cp.ts'
import type { ListOptions } from './commands/ls.ts'
import type { RemoveOptions } from './commands/rm.ts'
import type { RunVerb } from './declare.ts'

/** Verbs over objects. Only words and options: the bodies are loaded when they are used. */
export function declareObjectVerbs(program: Command, run: RunVerb): void {
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
