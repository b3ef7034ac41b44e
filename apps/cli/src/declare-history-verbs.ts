import type { Command } from 'commander'
import type { LogOptions } from './commands/log.ts'
import type { RestoreOptions } from './commands/restore.ts'
import { withNotes, type RunVerb } from './declare.ts'

const what = 'an object, a folder or all of a store of type content: NAME:path, NAME:'

/** Verbs over the versions of a tree. */
export function declareHistoryVerbs(program: Command, run: RunVerb): void {
  const log = program
    .command('log')
    .description('list the kept versions of an object, a folder or a whole tree, the newest first')
    .argument('<target>', what)
    .option('--limit <n>', 'at most so many')
    .action((target: string, options: LogOptions) =>
      run('log', async (session) => (await import('./commands/log.ts')).log(session, target, options)),
    )
  withNotes(
    log,
    "A version is a state of the whole tree; listed are those in which the target changed. The store's option `keep` says how many are kept.",
  )

  const diff = program
    .command('diff')
    .description('tell what differs between two versions of an object, a folder or a whole tree')
    .argument('<target>', what)
    .argument('[from]', 'a version (else the one before the last change)')
    .argument('[to]', 'a version (else the newest)')
    .action((target: string, from: string | undefined, to: string | undefined) =>
      run('diff', async (session) => (await import('./commands/diff.ts')).diff(session, target, from, to)),
    )
  withNotes(
    diff,
    `A line begins with what became of it: + added, - removed, * changed. Parts of the tree that are equal are not read.
Two trees that are no versions of each other are compared by \`kit check\`.`,
  )

  const restore = program
    .command('restore')
    .description('make an object, a folder or a whole tree what it was in a version, as a new version')
    .argument('<target>', what)
    .argument('<version>', 'see `kit log`')
    .option('--if-match <version>', 'only while this is the newest version of the tree')
    .option('--message <text>', 'what the log says of it')
    .option('-n, --dry-run', 'tell what would change, and change nothing')
    .action((target: string, version: string, options: RestoreOptions) =>
      run('restore', async (session) =>
        (await import('./commands/restore.ts')).restore(session, target, version, options),
      ),
    )
  withNotes(
    restore,
    'What was not there in the version is removed. Nothing is lost: the state before is a version, too.',
  )
}
