import { Option, type Command } from 'commander'
import type { ServeWords } from './commands/serve.ts'
import { collected, withNotes } from './declare.ts'
import type { Globals } from './session.ts'

/** `kit serve`: its options are the server's own words. */
export function declareServe(program: Command, globals: () => Globals): void {
  const serve = program.command('serve').description('serve the configured stores over HTTP until Ctrl-C')
  serve.optionsGroup('Where it listens:')
  serve
    .option('--port <n>', 'port to listen on (else $PORT, else 8000); 0 for any free one')
    .option('--host <address>', "address to listen on (127.0.0.1); any but the loopback's needs tokens")
    .option('--allow-host <name>', 'another name the server may be asked for by; may be repeated', collected)
    .option('--allow-origin <url>', "a page's origin that may use the server; may be repeated", collected)
    .option('--tls-cert <file>', 'certificate chain, PEM; read again when it changes, and on SIGHUP')
    .option('--tls-key <file>', 'its private key, PEM')
  serve.optionsGroup('Who may do what:')
  serve
    .option('--tokens <file>', 'file of tokens, as `kit token` keeps it')
    .option('--token-file <file>', 'file with one token that may do everything (else $KIT_TOKEN)')
    .option('--read-only', 'nothing may be changed, whatever a token allows')
  serve.optionsGroup('What it serves:')
  serve
    .option('--stores <names>', 'only these stores of the configuration, with commas between them')
    .option('--ipfs-store <name>', "the store that /api/v0 serves, where Kubo's clients ask")
    .option('--state-folder <file>', 'what the server keeps for itself (.kit/server beside the configuration)')
  serve.optionsGroup('Limits:')
  serve
    .option('--max-body <size>', 'largest upload, such as 10GiB')
    .option('--max-requests <n>', 'requests in progress at once')
    .option('--rate <n>', 'requests a minute for one token or address, 0 for any number')
    .option('--grace <time>', 'how long transfers may go on after Ctrl-C')
  serve.optionsGroup('Options:')
  serve
    .addOption(
      new Option('--log-level <level>', 'the log goes to standard error as JSON lines').choices([
        'silent',
        'fatal',
        'error',
        'warn',
        'info',
        'debug',
        'trace',
      ]),
    )
    .action(async (options: ServeWords) => {
      const { serveStores } = await import('./commands/serve.ts')
      const code = await serveStores(globals(), options)
      // Signals and exit code are the server's, not those of a command that ends.
      process.stdout.write('', () => process.exit(code))
      await new Promise(() => undefined)
    })
  withNotes(
    serve,
    `Without a configuration it serves one content store, files, from .kit/content here, to Kubo's clients too. A second Ctrl-C does not wait for transfers.

Examples:
  kit serve --port 9000 --read-only
  kit token add phone --scope list,read && kit serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem`,
  )
}
