import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { storageError, type AnyPlugin, type OptionSpec } from '@kit/core'
import { withHint } from '../outcome.ts'

/** Options of a store as words of the command line: `--set name=value`, and the common ones by themselves. */
export interface OptionWords {
  readonly set?: readonly string[]
  readonly over?: readonly string[]
  readonly endpoint?: string
  readonly accessKey?: string
  readonly secretKey?: string
  readonly bucket?: string
  readonly region?: string
}

/** What plugins call the things that have a flag of their own, the preferred first. */
const directFlags = {
  endpoint: ['endpoint', 'endpointUrl', 'endpoint_url', 'url'],
  accessKey: ['accessKey', 'accessKeyId', 'access_key', 'access_key_id', 'AWS_ACCESS_KEY_ID'],
  secretKey: ['secretKey', 'secretAccessKey', 'secret_key', 'secret_access_key', 'AWS_SECRET_ACCESS_KEY'],
  bucket: ['bucket', 'bucketName', 'bucket_name'],
  region: ['region', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
} as const

export type OptionTable = Readonly<Record<string, OptionSpec>>

/** Where paths that were typed start, and where those of the file do. */
export interface Folders {
  readonly cwd: string
  readonly config: string
}

/** The options that the words give. @throws InvalidConfig for words that mean nothing, and for secrets that stand in them */
export function optionsFromWords(plugin: AnyPlugin, words: OptionWords, folders: Folders): Record<string, unknown> {
  const table: OptionTable = plugin.options
  const options: Record<string, unknown> = {}
  for (const [flag, spellings] of Object.entries(directFlags)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
    const value = words[flag as keyof typeof directFlags]
    if (value === undefined) continue
    const name = spellings.map((spelling) => canonical(table, spelling)).find((found) => found !== undefined)
    if (name === undefined) {
      throw storageError('InvalidConfig', `stores of type ${plugin.type} have no option for ${flagOf(flag)}`)
    }
    options[name] = valueOf(table[name], value, flagOf(flag), folders)
  }
  for (const word of words.set ?? []) {
    const [, path, value] = /^([A-Za-z_][\w.-]*)=([^]*)$/.exec(word) ?? []
    if (path === undefined || value === undefined) throw storageError('InvalidConfig', '--set takes NAME=VALUE')
    const [name = '', ...rest] = path.split('.')
    const spec = specAt(table, [name, ...rest])
    setAt(options, [canonical(table, name) ?? name, ...rest], valueOf(spec, value, path, folders))
  }
  if (words.over !== undefined) options['over'] = words.over.length === 1 ? words.over[0] : words.over
  return options
}

function flagOf(flag: string): string {
  return `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function canonical(table: OptionTable, spelling: string): string | undefined {
  if (Object.hasOwn(table, spelling)) return spelling
  return Object.entries(table).find(([, { aliases }]) => aliases?.includes(spelling) === true)?.[0]
}

function specAt(table: OptionTable, [name = '', ...rest]: readonly string[]): OptionSpec | undefined {
  const own = canonical(table, name)
  const spec = own === undefined ? undefined : table[own]
  return rest.length === 0 ? spec : spec?.fields === undefined ? undefined : specAt(spec.fields, rest)
}

function setAt(into: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const present = into[name]
  const inner = isRecord(present) ? present : {}
  into[name] = inner
  setAt(inner, rest, value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A word as the value that its option takes; what it cannot be stays a text, which the check of the options refuses. */
export function valueOf(spec: OptionSpec | undefined, text: string, name: string, folders: Folders): unknown {
  if (spec?.secret === true) return secretReference(text, name, folders)
  if (spec?.localPath === true) return text === '' ? text : pathInFile(text, folders)
  switch (spec?.type) {
    case 'number':
    case 'bytes':
    case 'duration':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'list':
      return text.startsWith('[') ? parsed(text, name) : text.split(',').filter((item) => item !== '')
    case 'map':
      return parsed(text, name)
    case 'string':
    case 'store':
      return text
    case 'stores':
      return text.split(',')
    case undefined:
      return plainValue(text)
  }
}

/** Settings that every store has, and fields that no table describes: as YAML would read a plain word. */
function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text.startsWith('{') || text.startsWith('[') ? parsed(text, 'the value') : text
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = `${name} takes JSON, such as {"a":1}, or one part at a time: --set ${name}.a=1`
    throw storageError('InvalidConfig', message, { cause: error })
  }
}

/** The message never quotes what was given: it may be the secret itself. @throws InvalidConfig */
function secretReference(text: string, name: string, folders: Folders): string {
  if (/^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return text
  if (text.startsWith('file:') && text.length > 5) return `file:${pathInFile(text.slice(5), folders)}`
  const error = storageError('InvalidConfig', `${name} is a secret: it is given as a reference, env:NAME or file:PATH`)
  throw withHint(
    error,
    "Put the value into an environment variable, or a file that only you can read. What was given here stands in your shell's history.",
  )
}

/** A path as the file has it: below the file's own folder relative to it, so that both can be moved; else absolute. */
function pathInFile(text: string, { cwd, config }: Folders): string {
  const full = resolve(cwd, text)
  const below = relative(config, full)
  const inside = below !== '' && !below.startsWith('..') && !isAbsolute(below)
  return inside ? `./${below.replaceAll('\\', '/')}` : full
}

/** Required options that are not given yet. */
export function missingOptions(table: OptionTable, options: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(table).flatMap(([name, spec]) =>
    spec.required === true && spec.default === undefined && options[name] === undefined ? [name] : [],
  )
}

/** Where the configuration file keeps its paths. */
export function foldersOf(configPath: string): Folders {
  return { cwd: process.cwd(), config: dirname(configPath) }
}
