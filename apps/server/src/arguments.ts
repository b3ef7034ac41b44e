import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { storageError } from '@kit/core'
import { loopbackHosts } from './guard.ts'

export const usage = `usage: npm start -- [options]

  --port N           port to listen on (or PORT; default 8000)
  --host ADDRESS     address to listen on (default 127.0.0.1); any but the loopback's needs a token
  --allow-host NAME  another name the server may be asked for by; may be repeated
  --token-file PATH  file with the token that requests must bring (or KIT_TOKEN)
  --config PATH      file that names the stores (default: kit.yaml, where there is one)
  --log-level LEVEL  fatal, error, warn, info, debug or trace (default warn); the log goes to standard error
  --help             this text`

const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']

/** What `main.ts` was told, checked. */
export interface Settings {
  readonly port: number
  readonly host: string
  readonly allowHosts: readonly string[]
  readonly token: string | undefined
  /** How the commands that are shown get the token, for a shell. */
  readonly tokenInShell: string | undefined
  readonly config: string | undefined
  readonly logLevel: string
  readonly help: boolean
}

/** @throws InvalidConfig, with a message for the terminal */
export function readArguments(
  given: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Settings {
  const values = parse(given)
  const host = values.host ?? '127.0.0.1'
  const token = readToken(values['token-file'], variables['KIT_TOKEN'])
  const logLevel = values['log-level'] ?? 'warn'
  if (!levels.includes(logLevel)) throw wrong(`--log-level is one of ${levels.join(', ')}`)
  if (!values.help && !isLoopback(host) && token === undefined) {
    throw wrong(
      `--host ${host} lets other machines in, so requests must bring a token: set KIT_TOKEN or give --token-file`,
    )
  }
  return {
    port: readPort(values.port ?? variables['PORT']),
    host,
    allowHosts: values['allow-host'] ?? [],
    token: token?.value,
    tokenInShell: token?.inShell,
    config: values.config,
    logLevel,
    help: values.help === true,
  }
}

interface Values {
  readonly port?: string
  readonly host?: string
  readonly 'allow-host'?: string[]
  readonly 'token-file'?: string
  readonly config?: string
  readonly 'log-level'?: string
  readonly help?: boolean
}

function parse(given: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...given],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'allow-host': { type: 'string', multiple: true },
        'token-file': { type: 'string' },
        config: { type: 'string' },
        'log-level': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw wrong(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

function readPort(given: string | undefined): number {
  if (given === undefined || given === '') return 8000
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN
  if (!(port <= 65_535)) throw wrong(`${JSON.stringify(given)} is no port: 1 to 65535, or 0 for any free one`)
  return port
}

const tokenLength = 16

function readToken(
  path: string | undefined,
  variable: string | undefined,
): { readonly value: string; readonly inShell: string } | undefined {
  if (path === undefined && (variable === undefined || variable === '')) return undefined
  const value = path === undefined ? (variable ?? '') : readTokenFile(path)
  if (!/^[\x21-\x7e]+$/.test(value) || value.length < tokenLength) {
    throw wrong(`the token has at least ${tokenLength} printable ASCII characters and no spaces`)
  }
  return { value, inShell: path === undefined ? '$KIT_TOKEN' : `$(cat ${shellWord(path)})` }
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw storageError('InvalidConfig', `the token file ${path} cannot be read`, { cause: error })
  }
}

/** As one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return loopbackHosts.includes(name) || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
