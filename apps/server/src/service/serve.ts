/** The server as a command: words in, an exit code out. */
import { isStorageError } from '@kit/core'
import { readArguments, shellWord, usage } from '../arguments.ts'
import { leanMemory } from './lean-memory.ts'
import { startServer, type RunningServer, type StartOptions } from './start-server.ts'

export interface ServeOptions extends StartOptions {
  /** How the usage calls it. */
  readonly command?: string | undefined
}

/**
 * Serves until SIGTERM or SIGINT, and gives the exit code: 0 after a stop, 1 where it could not start or stop. Tells on standard output
 * where it listens, and what went wrong on standard error. A second signal does not wait for transfers.
 */
export async function serve(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  { command = 'kit serve', ...options }: ServeOptions = {},
): Promise<number> {
  try {
    const settings = readArguments(words, environment, command)
    if (settings.help) {
      console.log(usage(command))
      return 0
    }
    leanMemory()
    const server = await startServer(settings, options)
    for (const warning of server.warnings) console.error(`warning: ${warning}`)
    console.log(greeting(server, settings.tokenInShell))
    await stopOnSignals(server)
    return 0
  } catch (error) {
    console.error(isStorageError(error) ? error.message.replace(/^InvalidConfig: /, '') : error)
    return 1
  }
}

/** Where the server is, and three commands that show what it does. */
function greeting({ url, described, names }: RunningServer, tokenInShell: string | undefined): string {
  const [name = ''] = names
  const objects = `${url}/api/v1/stores/${encodeURIComponent(name)}/objects`
  const curl = tokenInShell === undefined ? 'curl -sS' : `curl -sS -H "Authorization: Bearer ${tokenInShell}"`
  const hello = shellWord(`${objects}/hello.txt`)
  return [
    `Kit serves ${described}`,
    `listening on ${url}`,
    '',
    'Try:',
    `  echo 'Hello from Kit' | ${curl} -T - ${hello}`,
    `  ${curl} ${hello}`,
    `  ${curl} ${shellWord(objects)}`,
  ].join('\n')
}

/** Resolves when the server has been told to stop, and has. */
function stopOnSignals(server: RunningServer): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) {
        server.abort()
        return
      }
      stopping = true
      server
        .close()
        .then(resolve, reject)
        .finally(() => {
          for (const signal of stops) process.off(signal, stop)
          process.off('SIGHUP', reload)
        })
    }
    const reload = (): void => void server.reload()
    const stops = ['SIGINT', 'SIGTERM'] as const
    for (const signal of stops) process.on(signal, stop)
    process.on('SIGHUP', reload)
  })
}
