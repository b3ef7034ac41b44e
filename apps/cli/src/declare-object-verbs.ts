import { Option, type Command } from 'commander'
import type { CatOptions } from './commands/cat.ts'
import type { UsageOptions } from './commands/du.ts'
import type { ListOptions } from './commands/ls.ts'
import type { TreeOptions } from './commands/tree.ts'
import type { UrlOptions } from './commands/url.ts'
import { filterOptions, recursiveOption } from './declare-options.ts'
import { withNotes, type RunVerb } from './declare.ts'

/** Of ls and tree. */
const notThere =
  'Where the store has folders that exist by themselves, one that is not there is an error (3), an empty one is not.'

/** Verbs that look at objects. Only words and options: the bodies are loaded when they are used. */
export function declareObjectVerbs(program: Command, run: RunVerb): void {
  const ls = program.command('ls').description('list what is in a store or folder').argument('<target>')
  recursiveOption(ls, 'everything below, at any depth')
    .option('-l, --long', 'with size and time')
    .option('-H, --human', 'sizes such as 3.4 MiB; with -l')
    .addOption(new Option('-U, --unordered', "in the store's own order, which starts at once").conflicts('sort'))
    .addOption(new Option('--sort <by>', 'the largest, or the latest, first').choices(['name', 'size', 'time']))
    .option('--limit <n>', 'at most so many entries')
  withNotes(ls, notThere)
  filterOptions(ls).action((target: string, options: ListOptions) =>
    run('ls', async (session) => (await import('./commands/ls.ts')).ls(session, target, options)),
  )

  const tree = program
    .command('tree')
    .description('draw what is in a store or folder')
    .argument('<target>')
    .option('-L, --depth <n>', 'at most so many levels')
    .option('-d, --directories', 'directories only')
    .option('-H, --human', 'with sizes such as 3.4 MiB')
  withNotes(tree, notThere)
  filterOptions(tree).action((target: string, options: TreeOptions) =>
    run('tree', async (session) => (await import('./commands/tree.ts')).tree(session, target, options)),
  )

  const du = program
    .command('du')
    .description('sum up objects and bytes, by directory')
    .argument('<targets...>')
    .option('-d, --depth <n>', 'a line for each directory down to this depth; 0 is the sum alone', '0')
    .option('-b, --bytes', 'sizes as bytes')
  filterOptions(du).action((targets: string[], options: UsageOptions) =>
    run('du', async (session) => (await import('./commands/du.ts')).du(session, targets, options)),
  )

  const cat = program
    .command('cat')
    .description('write objects to standard output; with --json the result goes to standard error')
    .argument('<targets...>')
    .option('--range <a-b>', 'these bytes, both ends included; `100-` to the end, `-100` the last hundred')
    .option('--offset <bytes>', 'start here, such as 4096 or 1MiB')
    .option('--length <bytes>', 'at most so many bytes')
    .action((targets: string[], options: CatOptions) =>
      run('cat', async (session) => (await import('./commands/cat.ts')).cat(session, targets, options)),
    )
  withNotes(cat, 'Several objects come one after the other. It stops at the first that cannot be read.')

  program
    .command('stat')
    .description('tell all about one object; a link is not followed')
    .argument('<target>')
    .action((target: string) =>
      run('stat', async (session) => (await import('./commands/stat.ts')).stat(session, target)),
    )

  const url = program
    .command('url')
    .description('make a link that needs no credentials until it expires')
    .argument('<target>')
    .option('--expires <time>', 'how long it holds, such as 15min or 7d', '1h')
    .addOption(new Option('--method <name>', 'a link to read, or to write by').choices(['GET', 'PUT']).default('GET'))
    .option('--content-type <type>', 'of what will be written')
    .action((target: string, options: UrlOptions) =>
      run('url', async (session) => (await import('./commands/url.ts')).url(session, target, options)),
    )
  withNotes(
    url,
    'It is made without asking whether the object is there. Whoever has the link has the right: it is printed, and logged nowhere.',
  )
}
