import { Argument, Option, type Command } from 'commander'
import type { StoreChangeOptions, StoreUpdateOptions } from './commands/store-add.ts'
import type { StoreTestWords } from './commands/store.ts'
import type { DoctorOptions } from './commands/doctor.ts'
import type { MatrixOptions } from './commands/matrix.ts'
import type { TokenAddOptions, TokenFileOptions } from './commands/token.ts'
import { scriptFiles, type Shell } from './completion/shells.ts'
import { declareServe } from './declare-serve.ts'
import { collected, withNotes, type RunVerb } from './declare.ts'
import type { Globals } from './session.ts'

/** Verbs over stores, plugins and the configuration. Only words and options: the bodies are loaded when they are used. */
export function declareSetupVerbs(program: Command, run: RunVerb): void {
  const globals = (): Globals => program.opts<Globals>()
  declareStore(program, run, globals)
  declarePlugin(program, run, globals)
  declareConfig(program, run, globals)
  program
    .command('matrix')
    .description('show what each type of store can do: native, emulated, or not at all (-)')
    .option('--stores', 'the configured stores, as their options have them, not the types')
    .action((options: MatrixOptions) =>
      run('matrix', async (session) => (await import('./commands/matrix.ts')).matrix(session, globals(), options)),
    )
  program
    .command('doctor')
    .description('look for what is wrong with this machine, the configuration and its stores; changes nothing')
    .option('--timeout <time>', 'how long a store may take to answer', '10s')
    .option('--port <n>', 'the port that `kit serve` is to have (else $PORT, else 8000)')
    .action((options: DoctorOptions) =>
      run('doctor', async (session) => (await import('./commands/doctor.ts')).doctor(session, globals(), options)),
    )
  declareServe(program, globals)
  declareToken(program, run, globals)
  declareCompletion(program, run)
}

/** Values of a store's options, the same wherever they can be given. */
function storeOptions(command: Command): Command {
  return command
    .option(
      '--set <name=value>',
      'an option of the type; parts of a map as name.part=value; may be repeated',
      collected,
    )
    .option('--over <store>', 'a store that this one wraps; may be repeated', collected)
    .option('--endpoint <url>', 'the address of the service')
    .option('--access-key <reference>', 'env:NAME or file:PATH')
    .option('--secret-key <reference>', 'env:NAME or file:PATH')
    .option('--bucket <name>', 'the bucket')
    .option('--region <name>', 'the region')
    .option('--no-test', 'do not try it on the live server')
    .option('--keep', 'keep it even if the test fails')
}

function declareStore(program: Command, run: RunVerb, globals: () => Globals): void {
  const store = program
    .command('store')
    .alias('backend')
    .description('configured stores: add, list, look at, try, change, remove')
  const add = store
    .command('add')
    .alias('create')
    .description('add a store to the configuration, after it was tried on the live server')
    .argument('[name]', 'what it is to be called')
    .argument('[type]', 'what provides it, see `kit plugin ls`')
  storeOptions(add).action((name: string | undefined, type: string | undefined, options: StoreChangeOptions) =>
    run('store add', async (session) =>
      (await import('./commands/store-add.ts')).storeAdd(session, globals(), name, type, options),
    ),
  )
  withNotes(
    add,
    `In a terminal, it asks for what is not given. Secrets are never stored: an option that is one takes env:NAME or file:PATH.
A store whose test fails is not added: connect, list, write, read and delete a scratch object.

Examples:
  kit store add photos fs --set path=./photos
  kit store add backup s3 --bucket backup --region eu-west-1 --access-key env:KEY --secret-key file:/home/ann/s3-key
  kit store add cached cache --over photos --set memory=256MiB`,
  )
  store
    .command('ls')
    .alias('list')
    .description('list the stores of the configuration')
    .action(() => run('store ls', async (session) => (await import('./commands/store.ts')).storeLs(session, globals())))
  store
    .command('info')
    .alias('show')
    .description('tell the options of a store, secrets as references, and what it can do; opens no connection')
    .argument('<store>')
    .action((name: string) =>
      run('store info', async (session) => (await import('./commands/store.ts')).storeInfo(session, globals(), name)),
    )
  const test = store
    .command('test')
    .description('try a store on the live server, and take the time of each step')
    .argument('<store>')
    .option('--probe', 'also ask the server what it can really do, and tell where that is less than declared')
    .option('--no-write', 'only connect and list')
    .action((name: string, options: StoreTestWords) =>
      run('store test', async (session) =>
        (await import('./commands/store.ts')).storeTest(session, globals(), name, options),
      ),
    )
  withNotes(test, 'Writes, reads and deletes one object called kit-test-…, where the store can do all three.')
  const update = store
    .command('update')
    .alias('set')
    .description('change options of a store, after it was tried with them')
    .argument('<store>')
    .option('--unset <name>', 'take an option out; may be repeated', collected)
  storeOptions(update).action((name: string, options: StoreUpdateOptions) =>
    run('store update', async (session) =>
      (await import('./commands/store-add.ts')).storeUpdate(session, globals(), name, options),
    ),
  )
  withNotes(
    update,
    'Examples:\n  kit store update backup --region eu-north-1\n  kit store update photos --set fsync=true --unset create',
  )
  store
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('take stores out of the configuration; what is in them stays where it is')
    .argument('<stores...>')
    .action((names: string[]) =>
      run('store rm', async (session) => (await import('./commands/store.ts')).storeRm(session, globals(), names)),
    )
}

function declarePlugin(program: Command, run: RunVerb, globals: () => Globals): void {
  const plugin = program
    .command('plugin')
    .description('packages that provide types of stores: add, list, look at, remove')
  const add = plugin
    .command('add')
    .alias('install')
    .description("install plugin packages into the user's plugin folder")
    .argument('<specs...>', 'packages as npm takes them: a name, name@version, a tarball, a folder')
    .action((specs: string[]) =>
      run('plugin add', async (session) => (await import('./commands/plugin.ts')).pluginAdd(session, globals(), specs)),
    )
  withNotes(
    add,
    `npm installs it, and runs no script of any package. What is no Kit plugin, or is written for a newer Kit, is removed again.
Nothing of it runs before a store of its type is opened.

Examples:
  kit plugin add @kit/backend-s3
  kit plugin add ./my-plugin-1.0.0.tgz`,
  )
  plugin
    .command('ls')
    .alias('list')
    .description('list the plugins that can be used here; runs none of their code')
    .action(() =>
      run('plugin ls', async (session) => (await import('./commands/plugin.ts')).pluginLs(session, globals())),
    )
  plugin
    .command('info')
    .alias('show')
    .description('tell where a type comes from, its options, and the most it can do; runs none of its code')
    .argument('<type>', 'a type, or the package that provides it')
    .action((type: string) =>
      run('plugin info', async (session) =>
        (await import('./commands/plugin.ts')).pluginInfo(session, globals(), type),
      ),
    )
  plugin
    .command('rm')
    .aliases(['remove', 'uninstall'])
    .description("remove packages from the user's plugin folder")
    .argument('<types...>', 'types, or the packages that provide them')
    .action((names: string[]) =>
      run('plugin rm', async (session) => (await import('./commands/plugin.ts')).pluginRm(session, names)),
    )
}

function declareConfig(program: Command, run: RunVerb, globals: () => Globals): void {
  const config = program.command('config').description('the configuration file: check it, show it, its schema')
  config
    .command('check')
    .description('tell everything that is wrong with it, with line, column and what to do')
    .action(() =>
      run('config check', async (session) => (await import('./commands/config.ts')).configCheck(session, globals())),
    )
  config
    .command('show')
    .description('show what it means here, with defaults; secrets as references')
    .action(() =>
      run('config show', async (session) => (await import('./commands/config.ts')).configShow(session, globals())),
    )
  const schema = config
    .command('schema')
    .description('print its JSON Schema for the plugins that are installed, for editors')
    .option(
      '--write [file]',
      'into a file (kit.schema.json beside the configuration), and name that in the configuration',
    )
    .action((options: { readonly write?: string | true }) =>
      run('config schema', async (session) =>
        (await import('./commands/config.ts')).configSchemaCommand(session, globals(), options),
      ),
    )
  withNotes(
    schema,
    'Editors that know YAML language servers then complete and check kit.yaml. Write it again after `kit plugin add`.',
  )
}

function declareToken(program: Command, run: RunVerb, globals: () => Globals): void {
  const token = program.command('token').description('who may use the server: make, list and remove tokens')
  const file = (): Option =>
    new Option('--file <file>', 'the file of tokens (else the one that `kit serve` finds here)')
  const add = token
    .command('add')
    .alias('create')
    .description('make a token and print it; its secret is not kept')
    .argument('<name>', 'what it is for')
    .option('--scope <scopes>', 'list, read, write, delete, metrics, admin; several with commas or repeated', collected)
    .option(
      '--path <where>',
      '* is everything, STORE: a store, STORE:DIRECTORY/ what is below it; may be repeated',
      collected,
    )
    .option('--expires <time>', 'when it ends, such as 30d (else never)')
    .addOption(file())
    .action((name: string, options: Partial<TokenAddOptions>) =>
      run('token add', async (session) =>
        (await import('./commands/token.ts')).tokenAdd(session, globals(), name, {
          ...options,
          scope: options.scope ?? ['list', 'read'],
          path: options.path ?? ['*'],
        }),
      ),
    )
  withNotes(
    add,
    'Without --scope it may list and read, without --path everywhere.\n\nExamples:\n  kit token add laptop\n  kit token add backup --scope list,read,write --path backup: --expires 90d',
  )
  token
    .command('ls')
    .alias('list')
    .description('list the tokens of a file; their secrets are not in it')
    .addOption(file())
    .action((options: TokenFileOptions) =>
      run('token ls', async (session) => (await import('./commands/token.ts')).tokenLs(session, globals(), options)),
    )
  token
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('remove tokens; a running server refuses them from then on')
    .argument('<names...>', 'by id or name')
    .addOption(file())
    .action((names: string[], options: TokenFileOptions) =>
      run('token rm', async (session) =>
        (await import('./commands/token.ts')).tokenRm(session, globals(), names, options),
      ),
    )
}

function declareCompletion(program: Command, run: RunVerb): void {
  const completion = program
    .command('completion')
    .description('print the script that makes a shell complete verbs, options, stores and objects')
    .addArgument(new Argument('<shell>').choices(Object.keys(scriptFiles)))
    .action((shell: Shell) =>
      run('completion', async (session) => (await import('./commands/completion.ts')).completion(session, shell)),
    )
  withNotes(
    completion,
    `Examples:
  source <(kit completion bash)                                   in ~/.bashrc
  kit completion zsh > "\${fpath[1]}/_kit"                          once
  kit completion fish > ~/.config/fish/completions/kit.fish        once
  kit completion powershell | Out-String | Invoke-Expression       in $PROFILE`,
  )
  program
    .command('complete', { hidden: true })
    .description('what a shell asks: the words after kit, the last of them the one under the cursor')
    .argument('[words...]')
    .action(async (words: string[]) => (await import('./commands/complete.ts')).complete(program, words))
}
