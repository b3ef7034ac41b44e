import { Option, type Command } from 'commander'
import type { AddOptions } from './commands/add.ts'
import type { CarExportOptions, CarImportOptions, CarVerifyOptions } from './commands/car.ts'
import type { CollectOptions } from './commands/gc.ts'
import type { GetOptions } from './commands/get.ts'
import type { PinAddOptions, PinListOptions, PinWords } from './commands/pin.ts'
import type { ImportFlags } from './content/import-targets.ts'
import { declareBlockVerbs } from './declare-block-verbs.ts'
import { declareHistoryVerbs } from './declare-history-verbs.ts'
import { contentStoreOption, filterOptions, recursiveOption, transferOptions } from './declare-options.ts'
import { withNotes, type RunVerb } from './declare.ts'

const contentNotes = `Content is CID, CID/path, NAME:/ipfs/CID/path, ipfs://CID/path, or NAME:path for what that object is now. Where no store is named,
it is the only one of the configuration that can do it.`

/** Verbs over content by CID. Only words and options: the bodies are loaded when they are used. */
export function declareContentVerbs(program: Command, run: RunVerb): void {
  declareFiles(program, run)
  declarePins(program, run)
  declareCars(program, run)
  declareBlockVerbs(program, run)
  declareHistoryVerbs(program, run)
}

function profileOption(command: Command): Command {
  return command.addOption(
    new Option('--profile <name>', 'how files become blocks (IPIP-499); the older one gives CIDs that begin with Qm')
      .choices(['unixfs-v1-2025', 'unixfs-v0-2015'])
      .default('unixfs-v1-2025'),
  )
}

function declareFiles(program: Command, run: RunVerb): void {
  const add = program
    .command('add')
    .description('put files and trees into a content store, and tell their CIDs')
    .argument('<targets...>', 'files, folders with -r, objects of any store, or - for standard input')
  profileOption(recursiveOption(add, 'folders, with all that is in them'))
  contentStoreOption(add)
    .option('--name <name>', 'a name for the pin')
    .option('--pin', 'keep it when the store is collected', true)
    .option('--no-pin', 'let the next collection take it')
  filterOptions(add).action((targets: string[], options: AddOptions) =>
    run('add', async (session) => (await import('./commands/add.ts')).add(session, targets, options)),
  )
  withNotes(
    add,
    `Standard output has a CID for each target, and behind it the target where there are several. The CID is the same wherever the same bytes
are added with the same profile; \`kit cid\` tells it beforehand. Modes and times are not kept; \`kit cp -r\` into a store of type content keeps them.

Examples:
  kit add -r ./photos --name photos
  tar c . | kit add -`,
  )

  const get = program
    .command('get')
    .description('copy content, a file or a whole tree, to a local path or into any store')
    .argument('<target>', 'the content')
    .argument('[destination]', 'as of cp; here, under its own name, where it is left out; - is standard output')
  contentStoreOption(filterOptions(transferOptions(get))).action(
    (target: string, destination: string | undefined, options: GetOptions) =>
      run('get', async (session) => (await import('./commands/get.ts')).get(session, target, destination, options)),
  )
  withNotes(
    get,
    `${contentNotes}
Every block is checked against its CID, wherever it comes from. ls, tree, du, cat, stat, cp, sync and check take content too, as
NAME:/ipfs/CID/path or ipfs://CID/path.`,
  )

  const cid = program
    .command('cid')
    .description('compute the CIDs that files and trees would have; stores nothing')
    .argument('<targets...>', 'files, folders with -r, objects of any store, or - for standard input')
  profileOption(recursiveOption(cid, 'folders, with all that is in them'))
  filterOptions(cid).action((targets: string[], options: ImportFlags) =>
    run('cid', async (session) => (await import('./commands/cid.ts')).cid(session, targets, options)),
  )
}

function declarePins(program: Command, run: RunVerb): void {
  const pin = program.command('pin').description('what a collection leaves alone')
  const add = pin
    .command('add')
    .description('pin content, with all that is below it')
    .argument('<targets...>', 'the content')
    .option('--name <name>', 'a name for the pin')
    .option('--direct', 'the first block alone')
  contentStoreOption(add).action((targets: string[], options: PinAddOptions) =>
    run('pin add', async (session) => (await import('./commands/pin.ts')).pinAdd(session, targets, options)),
  )
  withNotes(add, contentNotes)
  const rm = pin
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('take pins away; what they held stays until `kit gc`')
    .argument('<targets...>', 'the content')
  contentStoreOption(rm).action((targets: string[], options: PinWords) =>
    run('pin rm', async (session) => (await import('./commands/pin.ts')).pinRm(session, targets, options)),
  )
  const ls = pin
    .command('ls')
    .alias('list')
    .description('list pins')
    .option('--name <name>', 'only those of this name')
    .addOption(
      new Option('--mode <mode>', 'only these; indirect: what other pins hold').choices([
        'recursive',
        'direct',
        'indirect',
      ]),
    )
    .option('--limit <n>', 'at most so many')
    .option('--cursor <text>', 'go on where an earlier listing with --limit ended')
  contentStoreOption(ls).action((options: PinListOptions) =>
    run('pin ls', async (session) => (await import('./commands/pin.ts')).pinLs(session, options)),
  )
  const info = pin
    .command('info')
    .alias('show')
    .description('tell how one CID is pinned; 4 where it is not')
    .argument('<target>', 'the content')
  contentStoreOption(info).action((target: string, options: PinWords) =>
    run('pin info', async (session) => (await import('./commands/pin.ts')).pinInfo(session, target, options)),
  )

  const gc = program.command('gc').description('give the space back of blocks that no pin and no kept version needs')
  contentStoreOption(gc).action((options: CollectOptions) =>
    run('gc', async (session) => (await import('./commands/gc.ts')).gc(session, options)),
  )
  withNotes(
    gc,
    'Standard output has the CID of each block that went. It may be stopped at any time; the next one goes on. What would go is known only when it goes: there is no dry run.',
  )
}

function declareCars(program: Command, run: RunVerb): void {
  const car = program.command('car').description('content as one file of blocks: CAR, versions 1 and 2')
  const file = 'a CAR, local or in any store; standard input where it is left out, or -'
  const take = car
    .command('import')
    .description('take in a CAR, every block checked, and tell its roots')
    .argument('[file]', file)
    .option('--name <name>', 'a name for the pins')
    .option('--pin', 'keep its roots when the store is collected', true)
    .option('--no-pin', 'let the next collection take them; needed for a CAR that is not complete')
  contentStoreOption(take).action((name: string | undefined, options: CarImportOptions) =>
    run('car import', async (session) => (await import('./commands/car.ts')).carImport(session, name, options)),
  )
  const give = car
    .command('export')
    .description('write content as a CAR of version 1')
    .argument('<target>', 'the content')
    .argument('[file]', 'where to, local or in any store; standard output where it is left out, or -')
    .addOption(
      new Option('--scope <scope>', 'everything below; a file, or a folder without its entries; one block')
        .choices(['all', 'entity', 'block'])
        .default('all'),
    )
    .option('--if-absent', 'only where nothing is yet')
  contentStoreOption(give).action((target: string, name: string | undefined, options: CarExportOptions) =>
    run('car export', async (session) => (await import('./commands/car.ts')).carExport(session, target, name, options)),
  )
  withNotes(give, contentNotes)
  car
    .command('verify')
    .description('check every block of a CAR, and that nothing is missing; stores nothing')
    .argument('[file]', file)
    .option('--partial', 'what is missing is no error')
    .action((name: string | undefined, options: CarVerifyOptions) =>
      run('car verify', async (session) => (await import('./commands/car.ts')).carVerify(session, name, options)),
    )
  car
    .command('ls')
    .alias('list')
    .description('list the blocks of a CAR, each checked: size, CID, and which are roots')
    .argument('[file]', file)
    .action((name: string | undefined) =>
      run('car ls', async (session) => (await import('./commands/car.ts')).carLs(session, name)),
    )
}
