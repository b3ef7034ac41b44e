import type { Command } from 'commander'
import type { CheckOptions } from './commands/check.ts'
import type { CopyOptions } from './commands/cp.ts'
import type { MakeOptions } from './commands/mkdir.ts'
import type { MoveOptions } from './commands/mv.ts'
import type { RemoveOptions } from './commands/rm.ts'
import type { SyncOptions } from './commands/sync.ts'
import type { UploadGcOptions } from './commands/upload.ts'
import { filterOptions, links, recursiveOption, transferOptions } from './declare-options.ts'
import { withNotes, type RunVerb } from './declare.ts'

/** Verbs that change or compare trees. Only words and options: the bodies are loaded when they are used. */
export function declareTransferVerbs(program: Command, run: RunVerb): void {
  declareCopies(program, run)
  declareComparisons(program, run)
  declareChanges(program, run)
}

const sourcesThenTarget = 'sources, then the destination; one that ends in / or is a folder is gone into'

const whereTo = `
Where it goes:
  kit VERB FILE DST          becomes DST, or goes into DST where that is a folder
  kit VERB FILE DST/         goes into DST/; several sources always do
  kit VERB -r TREE DST       becomes DST
  kit VERB -r TREE DST/      goes into DST/ under its own name
What is the same on both sides is left alone in trees; sizes alone are no proof. A file is replaced as a whole or not at all.`

function declareCopies(program: Command, run: RunVerb): void {
  const cp = program
    .command('cp')
    .description('copy objects and trees; a file is replaced as a whole or not at all')
    .usage('[options] SRC... DST')
    .argument('<paths...>', sourcesThenTarget)
  recursiveOption(cp, 'whole trees; a tree becomes DST, or goes into DST/ under its own name')
    .option('-f, --force', 'copy what is the same, too')
    .option('--if-absent', 'only where nothing is yet')
    .option('--if-match <etag>', 'only over the object with this etag')
  filterOptions(transferOptions(cp)).action((paths: string[], options: CopyOptions) =>
    run('cp', async (session) => (await import('./commands/cp.ts')).cp(session, paths, options)),
  )
  withNotes(
    cp,
    `${whereTo.replaceAll('VERB', 'cp')}
\`kit cp - DST\` copies standard input; nothing is seen of it until it has ended. \`kit cp SRC -\` writes to standard output.`,
  )

  const mv = program
    .command('mv')
    .description('move objects and trees: copied, verified, and only then removed')
    .usage('[options] SRC... DST')
    .argument('<paths...>', sourcesThenTarget)
    .option('--if-absent', 'only where nothing is yet')
    .option('--if-match <etag>', 'only over the object with this etag')
  filterOptions(transferOptions(mv)).action((paths: string[], options: MoveOptions) =>
    run('mv', async (session) => (await import('./commands/mv.ts')).mv(session, paths, options)),
  )
  withNotes(mv, whereTo.replaceAll('VERB -r', 'mv').replaceAll('VERB', 'mv'))

  const sync = program
    .command('sync')
    .description('make DST hold what SRC holds; with --delete, nothing else')
    .argument('<source>', 'a folder or store')
    .argument('<destination>', 'becomes it: never gone into')
    .option('--delete', 'remove what only DST has, after everything else, and only where nothing failed')
    .option('-f, --force', 'with --delete, an empty SRC empties DST')
  filterOptions(transferOptions(sync)).action((source: string, destination: string, options: SyncOptions) =>
    run('sync', async (session) => (await import('./commands/sync.ts')).sync(session, source, destination, options)),
  )
  withNotes(
    sync,
    `What a filter leaves out is left alone on both sides. --dry-run tells every step beforehand.
A SRC that is not there, or is empty, is an error where --delete would empty DST for it.`,
  )
}

function declareComparisons(program: Command, run: RunVerb): void {
  const check = program
    .command('check')
    .description('compare two trees or objects (11 where they differ), or check every block of a content store')
    .argument('<left>')
    .argument('[right]')
    .option('--checksum', 'compare hashes, read from the bytes where a store tells none')
    .option('--one-way', 'what only the right has is no difference')
    .option('-a, --all', 'tell what is the same, too')
    .addOption(links)
    .option('--transfers <n>', 'objects compared at once (else by what both stores bear)')
  filterOptions(check).action((left: string, right: string | undefined, options: CheckOptions) =>
    run('check', async (session) => (await import('./commands/check.ts')).check(session, left, right, options)),
  )
  withNotes(
    check,
    `A line begins with what is the case:
  + NAME   only on the left        = NAME   the same (--all)
  - NAME   only on the right       ! NAME   could not be compared
  * NAME   differs
Compared is by the strongest that both tell without reading: CID, hash, etag, size and time, size.

Of one alone, \`kit check NAME:\` reads every block of a store of type content and checks it against its hash, and \`kit check
NAME:/ipfs/CID\` does so with all that is below some content; exit code 7 where one is damaged.`,
  )
}

function declareChanges(program: Command, run: RunVerb): void {
  const rm = program.command('rm').description('remove objects').argument('<targets...>')
  recursiveOption(rm, 'folders with all that is in them')
    .option('-f, --force', 'what is not there is no error; with -r, a whole store may be named')
    .option('-n, --dry-run', 'tell what would be removed, and remove nothing')
    .option('--fail-if-nothing', 'exit with 9 where there was nothing to do')
  filterOptions(rm).action((targets: string[], options: RemoveOptions) =>
    run('rm', async (session) => (await import('./commands/rm.ts')).rm(session, targets, options)),
  )
  withNotes(rm, 'With a filter, directories stay.')

  program
    .command('mkdir')
    .description('make directories, in stores that have them')
    .argument('<targets...>')
    .option('-p, --parents', 'parents too; one that exists is no error')
    .action((targets: string[], options: MakeOptions) =>
      run('mkdir', async (session) => (await import('./commands/mkdir.ts')).mkdir(session, targets, options)),
    )

  const upload = program.command('upload').description('uploads in parts that were not finished')
  upload
    .command('ls')
    .description('list them')
    .argument('<target>', 'a store, or a folder of it')
    .action((target: string) =>
      run('upload ls', async (session) => (await import('./commands/upload.ts')).uploadLs(session, target)),
    )
  upload
    .command('gc')
    .description('drop those that have expired, with the parts that they keep')
    .argument('<target>', 'a store, or a folder of it')
    .option('--all', 'those that have not expired, too; one that is going on will fail')
    .option('-n, --dry-run', 'tell what would be dropped, and drop nothing')
    .action((target: string, options: UploadGcOptions) =>
      run('upload gc', async (session) => (await import('./commands/upload.ts')).uploadGc(session, target, options)),
    )
}
