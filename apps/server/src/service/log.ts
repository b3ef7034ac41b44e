/** The log: JSON lines, of which none holds a secret. */
import type { FastifyServerOptions } from 'fastify'

/** How parts of the server that know no request tell what happened. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

/** The id of a token may be told, its secret never. */
const tokens = /kit_([0-9A-Za-z]{8,32})_[0-9A-Za-z]{43}/g
const credentials = /\b(bearer|basic) +[^\s"\\]+/gi

/** Where libraries put what they were given. */
const secretFields = [
  'authorization',
  'headers.authorization',
  'req.headers.authorization',
  'headers.cookie',
  'req.headers.cookie',
  'token',
  'secret',
  'password',
]

/** `secrets`: texts that no line may hold, whatever brings them there. */
export function logOptions(level: string, secrets: readonly string[]): NonNullable<FastifyServerOptions['logger']> {
  return {
    level,
    stream: process.stderr,
    redact: { paths: secretFields, censor: '[secret]' },
    serializers: { err: (error: unknown) => describeError(error) },
    hooks: { streamWrite: (line) => withoutSecrets(line, secrets) },
  }
}

function withoutSecrets(line: string, secrets: readonly string[]): string {
  let clean = line
  if (clean.includes('kit_')) clean = clean.replace(tokens, 'kit_$1_[secret]')
  if (/bearer|basic/i.test(clean)) clean = clean.replace(credentials, '$1 [secret]')
  for (const secret of secrets) clean = clean.replaceAll(inJson(secret), '[secret]')
  return clean
}

/** As it stands within a line. */
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

interface DescribedError {
  readonly [field: string]: unknown
  readonly type: string
  readonly message: string
  readonly stack: string
  readonly code?: unknown
  readonly store?: unknown
  readonly key?: unknown
  readonly cause?: DescribedError
}

/** Only what is known to be harmless: errors of other libraries carry requests with all their headers. */
function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error), stack: '' }
  const fields = Object.fromEntries(
    ['code', 'store', 'key'].flatMap((name) => {
      const value: unknown = Reflect.get(error, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const described = { type: error.name, message: error.message, stack: error.stack ?? '', ...fields }
  if (error.cause === undefined || depth === 5) return described
  return { ...described, cause: describeError(error.cause, depth + 1) }
}
