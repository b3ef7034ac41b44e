import { Option, type Command } from 'commander'
import { collected } from './declare.ts'

/** Which objects a verb is about, as words of the command line. The same for every verb that walks a tree. */
export interface FilterFlags {
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly filter?: readonly string[]
  readonly filterFrom?: readonly string[]
  readonly minSize?: string
  readonly maxSize?: string
  readonly newerThan?: string
  readonly olderThan?: string
}

/** How objects are moved, as words of the command line. The same for cp, mv and sync. */
export interface TransferFlags {
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly checksum?: boolean
  readonly sizeOnly?: boolean
  readonly links?: string
  readonly verify?: string
  readonly transfers?: string
  readonly retries?: string
  readonly resume?: boolean
  readonly failIfNothing?: boolean
}

export function recursiveOption(command: Command, words: string): Command {
  return command.option('-r, --recursive', words).addOption(new Option('-R', words).hideHelp())
}

export function filterOptions(command: Command): Command {
  command.optionsGroup('Filter:')
  command
    .option('--include <pattern>', 'only what matches, such as `*.jpg` or `/2026/**`; several may be given', collected)
    .option('--exclude <pattern>', 'not what matches; stands above --include', collected)
    .option('--filter <rule>', '`+ PATTERN` or `- PATTERN`; in order, the first that matches decides', collected)
    .option('--filter-from <file>', 'such rules from a file, one a line; `-` is standard input', collected)
    .option('--min-size <bytes>', 'of at least this size, such as 4096 or 10MiB')
    .option('--max-size <bytes>', 'of at most this size')
    .option('--newer-than <time>', 'changed in this time, such as 2d, or since this date, such as 2026-04-01')
    .option('--older-than <time>', 'changed before that')
  command.optionsGroup('Options:')
  return command
}

export function contentStoreOption(command: Command): Command {
  return command.option('--store <store>', 'the store, where several could be meant')
}

export const links: Option = new Option('--links <rule>', 'symbolic links: keep them, follow them, or skip them')
  .choices(['keep', 'follow', 'skip'])
  .default('keep')

export function transferOptions(command: Command): Command {
  command.optionsGroup('Transfer:')
  command
    .option('-n, --dry-run', 'tell what would be done, and do nothing')
    .option('--checksum', 'compare hashes, read from the bytes where a store tells none, not size and time')
    .addOption(
      new Option('--size-only', 'take equal sizes for equal bytes where no hash or time can be compared').conflicts(
        'checksum',
      ),
    )
    .addOption(links)
    .addOption(
      new Option('--verify <how>', 'after a copy, compare what the stores tell, or read it back')
        .choices(['told', 'read'])
        .default('told'),
    )
    .option('--transfers <n>', 'objects moved at once (else by what both stores bear)')
    .option('--retries <n>', 'rounds over what failed and is worth it', '2')
    .option('--no-resume', 'keep no parts of large uploads for another run')
    .option('--fail-if-nothing', 'exit with 9 where there was nothing to do')
  command.optionsGroup('Options:')
  return command
}
