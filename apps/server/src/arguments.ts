import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseBytes, parseDuration, storageError } from '@kit/core'
import { isLoopback } from './guard.ts'
import type { Limits } from './limits.ts'
import type { ServerSettings } from './service/settings.ts'

export function usage(command: string): string {
  return `usage: ${command} [options]

Where it listens:
  --port N             port to listen on (or PORT; default 8000; 0 for any free one)
  --host ADDRESS       address to listen on (default 127.0.0.1); any but the loopback's needs tokens
  --allow-host NAME    another name the server may be asked for by; may be repeated
  --allow-origin URL   a page's origin, such as https://app.example.org, that may use the server; may be repeated
  --tls-cert PATH      certificate chain, PEM; with --tls-key. Both are read again when they change, and on SIGHUP
  --tls-key PATH       its private key, PEM

Who may do what:
  --tokens PATH        file of tokens, as \`kit token\` keeps it (default: tokens.json in the state folder, where there is one)
  --token-file PATH    file with one token that may do everything (or KIT_TOKEN)
  --read-only          nothing may be changed, whatever a token allows

What it serves:
  --config PATH        file that names the stores (default: kit.yaml, where there is one)
  --stores A,B         only these stores of it
  --ipfs-store NAME    the store that /api/v0 serves, where Kubo's clients ask (without a configuration: the one there is)
  --state-folder PATH  what the server keeps for itself (default: .kit/server beside the configuration, else in the working directory)

Limits:
  --max-body SIZE      largest upload, such as 10GiB (default: none)
  --max-requests N     requests in progress at once (default 1000; half of them for one token or address)
  --rate N             requests a minute for one token or address, 0 for any number (default: any on the loopback, else 60000)
  --grace DURATION     how long transfers may go on after SIGTERM or SIGINT (default 10s)

  --log-level LEVEL    silent, fatal, error, warn, info, debug or trace (default warn); the log goes to standard error as JSON lines
  --help               this text`
}

const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']
const defaultGraceMs = 10_000
/** Of requests a minute, where other machines may come in: no client at work gets there, a flood does. */
const openRate = 60_000

/** What the words of a command line and its environment ask for, checked. */
export interface Arguments extends ServerSettings {
  readonly help: boolean
  /** How the commands that are shown get the token, for a shell. */
  readonly tokenInShell: string | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/** @throws InvalidConfig, with a message for the terminal */
export function readArguments(given: readonly string[], variables: Variables, command = 'npm start --'): Arguments {
  const values = parse(given, command)
  const host = values.host ?? '127.0.0.1'
  const token = readToken(values['token-file'], variables['KIT_TOKEN'])
  const logLevel = values['log-level'] ?? 'warn'
  if (!levels.includes(logLevel)) throw wrong(`--log-level is one of ${levels.join(', ')}`)
  return {
    port: readPort(values.port ?? variables['PORT']),
    host,
    allowHosts: values['allow-host'] ?? [],
    allowOrigins: (values['allow-origin'] ?? []).map(readOrigin),
    tls: readTls(values['tls-cert'], values['tls-key']),
    token: token?.value,
    tokenInShell: token?.inShell,
    tokens: values.tokens,
    readOnly: values['read-only'] === true,
    config: values.config,
    stores: values.stores === undefined ? undefined : readNames(values.stores),
    ipfsStore: values['ipfs-store'],
    stateFolder: values['state-folder'],
    limits: readLimits(values, host),
    graceMs: values.grace === undefined ? defaultGraceMs : parsed('--grace', values.grace, parseDuration),
    logLevel,
    environment: variables,
    help: values.help === true,
  }
}

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  'allow-host': { type: 'string', multiple: true },
  'allow-origin': { type: 'string', multiple: true },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  tokens: { type: 'string' },
  'token-file': { type: 'string' },
  'read-only': { type: 'boolean' },
  config: { type: 'string' },
  stores: { type: 'string' },
  'ipfs-store': { type: 'string' },
  'state-folder': { type: 'string' },
  'max-body': { type: 'string' },
  'max-requests': { type: 'string' },
  rate: { type: 'string' },
  grace: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function parse(given: readonly string[], command: string): Values {
  try {
    return parseArgs({ args: [...given], options }).values
  } catch (error) {
    throw wrong(`${error instanceof Error ? error.message : String(error)}\n\n${usage(command)}`)
  }
}

function readPort(given: string | undefined): number {
  if (given === undefined || given === '') return 8000
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN
  if (!(port <= 65_535)) throw wrong(`${JSON.stringify(given)} is no port: 1 to 65535, or 0 for any free one`)
  return port
}

/** An origin as browsers spell it: scheme, host and port, nothing else. */
function readOrigin(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== given.replace(/\/$/, '').toLowerCase()) {
    throw wrong(`--allow-origin takes an origin, such as https://app.example.org, not ${JSON.stringify(given)}`)
  }
  return url.origin
}

function readTls(cert: string | undefined, key: string | undefined): ServerSettings['tls'] {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw wrong('--tls-cert and --tls-key come together')
  return { cert, key }
}

function readNames(given: string): readonly string[] {
  const names = given.split(',').map((name) => name.trim())
  if (names.includes('')) throw wrong('--stores takes names with a comma between them')
  return names
}

function readLimits(values: Values, host: string): Partial<Limits> {
  const requests = values['max-requests']
  const maxRequests = requests === undefined ? undefined : readCount('--max-requests', requests, 1)
  const rate = values.rate === undefined ? undefined : readCount('--rate', values.rate, 0)
  const most = values['max-body']
  return {
    ratePerMinute: rate ?? (isLoopback(host) ? 0 : openRate),
    ...(maxRequests === undefined ? {} : { maxRequests, maxRequestsPerClient: Math.ceil(maxRequests / 2) }),
    ...(most === undefined ? {} : { maxBodyBytes: parsed('--max-body', most, parseBytes) }),
  }
}

function readCount(option: string, given: string, least: number): number {
  const count = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (!(count >= least)) throw wrong(`${option} takes a whole number from ${least}, not ${JSON.stringify(given)}`)
  return count
}

function parsed(option: string, given: string, parser: (text: string) => number): number {
  try {
    return parser(given)
  } catch (error) {
    throw wrong(`${option}: ${error instanceof Error ? error.message.replace(/^\w+: /, '') : String(error)}`)
  }
}

const tokenLength = 16

function readToken(
  path: string | undefined,
  variable: string | undefined,
): { readonly value: string; readonly inShell: string } | undefined {
  if (path === undefined && (variable === undefined || variable === '')) return undefined
  const value = path === undefined ? (variable ?? '') : readTokenText(path)
  if (!/^[\x21-\x7e]+$/.test(value) || value.length < tokenLength) {
    throw wrong(`the token has at least ${tokenLength} printable ASCII characters and no spaces`)
  }
  return { value, inShell: path === undefined ? '$KIT_TOKEN' : `$(cat ${shellWord(path)})` }
}

function readTokenText(path: string): string {
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

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
