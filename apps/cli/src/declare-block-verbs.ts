import { Option, type Command } from 'commander'
import type { BlockPutOptions, BlockWords } from './commands/block.ts'
import type { DagGetOptions, DagPutOptions } from './commands/dag.ts'
import type { NamePublishOptions, NameWords } from './commands/name.ts'
import { contentStoreOption } from './declare-options.ts'
import { withNotes, type RunVerb } from './declare.ts'

const codecs = ['dag-cbor', 'dag-json', 'dag-pb', 'raw']
const oneBlock = 'local or in any store; standard input where it is left out, or -'

/** Verbs over single nodes and blocks, and names of content. */
export function declareBlockVerbs(program: Command, run: RunVerb): void {
  const dag = program.command('dag').description('structured nodes that link to each other')
  const dagGet = dag
    .command('get')
    .description('write a node, or what a path leads to in it, as JSON')
    .argument('<target>', 'the content; a path goes through maps, lists, links and folders')
    .addOption(
      new Option('--output-codec <codec>', 'how it is written').choices(['dag-json', 'dag-cbor']).default('dag-json'),
    )
  contentStoreOption(dagGet).action((target: string, options: DagGetOptions) =>
    run('dag get', async (session) => (await import('./commands/dag.ts')).dagGet(session, target, options)),
  )
  const dagPut = dag
    .command('put')
    .description('put a node, and tell its CID')
    .argument('[file]', `the node, ${oneBlock}`)
    .addOption(new Option('--input-codec <codec>', 'what the file is').choices(codecs).default('dag-json'))
    .addOption(new Option('--store-codec <codec>', 'what the block is to be').choices(codecs).default('dag-cbor'))
    .option('--pin', 'keep it and all that it links to, which has to be there')
    .option('--name <name>', 'a name for the pin')
  contentStoreOption(dagPut).action((file: string | undefined, options: DagPutOptions) =>
    run('dag put', async (session) => (await import('./commands/dag.ts')).dagPut(session, file, options)),
  )
  withNotes(
    dagPut,
    `A link is {"/":"CID"}, bytes are {"/":{"bytes":"BASE64"}}. Without --pin the next collection may take it.

Example:
  echo '{"name":"trip","photos":{"/":"bafy…"}}' | kit dag put --pin`,
  )

  const block = program.command('block').description('single blocks')
  const blockGet = block
    .command('get')
    .description('write the bytes of a block to standard output, checked against its CID')
    .argument('<target>', 'the content')
  contentStoreOption(blockGet).action((target: string, options: BlockWords) =>
    run('block get', async (session) => (await import('./commands/block.ts')).blockGet(session, target, options)),
  )
  const blockPut = block
    .command('put')
    .description('put bytes as one block, and tell its CID; the next collection may take it')
    .argument('[file]', `the bytes, ${oneBlock}`)
    .addOption(new Option('--codec <codec>', 'what the bytes are').choices(codecs).default('raw'))
  contentStoreOption(blockPut).action((file: string | undefined, options: BlockPutOptions) =>
    run('block put', async (session) => (await import('./commands/block.ts')).blockPut(session, file, options)),
  )
  const blockStat = block
    .command('stat')
    .description('tell the codec, size and number of links of a block')
    .argument('<target>', 'the content')
  contentStoreOption(blockStat).action((target: string, options: BlockWords) =>
    run('block stat', async (session) => (await import('./commands/block.ts')).blockStat(session, target, options)),
  )
  withNotes(block, 'Blocks are not removed one by one: unpin what needs them, then `kit gc`.')

  const name = program.command('name').description('names that point at content and can be moved (IPNS)')
  const publish = name
    .command('publish')
    .description("point a key's name at content, and tell the name")
    .argument('<target>', 'the content')
    .option('--key <key>', "the store's name for the key that signs", 'self')
    .option('--lifetime <time>', 'how long it holds, such as 24h (else as the store has it)')
    .option('--ttl <time>', 'how long others may keep it without asking again')
  contentStoreOption(publish).action((target: string, options: NamePublishOptions) =>
    run('name publish', async (session) => (await import('./commands/name.ts')).namePublish(session, target, options)),
  )
  const resolve = name
    .command('resolve')
    .description('tell where a name leads')
    .argument('<name>', 'a name of IPNS, with or without /ipns/ before it')
  contentStoreOption(resolve).action((text: string, options: NameWords) =>
    run('name resolve', async (session) => (await import('./commands/name.ts')).nameResolve(session, text, options)),
  )
}
