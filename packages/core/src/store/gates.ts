import type {
  Attributes,
  Capabilities,
  Etag,
  Key,
  OnUnsupported,
  Operation,
  ReadOptions,
  WriteConditions,
  WriteOptions,
} from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { utf8Length } from '../keys/index.ts'
import { checkRange } from './ranges.ts'

const textNames = ['contentType', 'contentEncoding', 'contentDisposition', 'cacheControl'] as const
const attributeNames = [
  ...textNames,
  ...(['metadata', 'modified', 'mode'] as const),
] satisfies readonly (keyof Attributes)[]

/** The refusal of what is not declared. */
export function refuse(what: string): Error {
  return storageError('Unsupported', `the store cannot ${what}; nothing was sent to it`)
}

/** @throws IsDirectory for the root, which is no object */
export function requireObject(key: Key): void {
  if (key === '') throw storageError('IsDirectory', 'the root is a directory')
}

export function requireOperation(capabilities: Capabilities, operation: Operation): void {
  if (capabilities.ops[operation] === undefined) throw refuse(`do ${operation}`)
}

/** @throws Unsupported, InvalidRange: before any I/O. */
export function gateRead(capabilities: Capabilities, options: ReadOptions): void {
  const { read } = capabilities
  if (options.ifMatch !== undefined && read.ifMatch === undefined)
    throw refuse('read on condition of an etag (ifMatch)')
  if (options.ifNoneMatch !== undefined && read.ifNoneMatch === undefined) throw refuse('compare etags (ifNoneMatch)')
  if (options.version !== undefined && read.version === undefined) throw refuse('read versions')
  if (options.range !== undefined) checkRange(options.range)
}

/** @throws Unsupported, ConditionFailed for a weak etag, InvalidConfig for two conditions at once. */
export function gateConditions(capabilities: Capabilities, conditions: WriteConditions): void {
  const { ifAbsent, ifMatch } = conditions
  if (ifAbsent === undefined && ifMatch === undefined) return
  if (ifAbsent !== undefined && ifMatch !== undefined) {
    throw storageError('InvalidConfig', 'ifAbsent and ifMatch exclude each other')
  }
  if (ifAbsent !== undefined && capabilities.write?.ifAbsent === undefined)
    throw refuse('write only what is absent (ifAbsent)')
  if (ifMatch !== undefined) {
    if (capabilities.write?.ifMatch === undefined) throw refuse('write on condition of an etag (ifMatch)')
    requireStrong(ifMatch)
  }
}

export function requireStrong(etag: Etag): void {
  if (etag.startsWith('W/')) {
    throw storageError(
      'ConditionFailed',
      `${etag} is weak: enough to resume a read, not for a condition that changes something`,
    )
  }
}

/** What is left of the options after `onUnsupported` has dropped what it may. @throws Unsupported, TooLarge, InvalidConfig */
export function gateWrite(
  capabilities: Capabilities,
  options: WriteOptions,
  size: number | undefined,
  relaxed: OnUnsupported,
): WriteOptions {
  gateConditions(capabilities, options)
  const kept = gateAttributes(capabilities, options, relaxed)
  const max = capabilities.write?.maxBytes
  if (max !== undefined && size !== undefined && size > max) {
    throw storageError('TooLarge', `the store takes objects of at most ${max} bytes, this one has ${size}`)
  }
  return kept
}

export function gateAttributes<Options extends Attributes>(
  capabilities: Capabilities,
  options: Options,
  relaxed: OnUnsupported,
): Options {
  let kept: { -readonly [Name in keyof Options]: Options[Name] } = options
  for (const name of attributeNames) {
    if (options[name] === undefined || capabilities.write?.attributes.includes(name) === true) continue
    if (relaxed[name] !== 'drop') throw refuse(`keep the attribute ${name}`)
    if (kept === options) kept = { ...options }
    delete kept[name]
  }
  for (const name of textNames) {
    const value = kept[name]
    if (value !== undefined && !isPlainText(value)) {
      throw storageError('InvalidConfig', `the attribute ${name} is no text without control characters`)
    }
  }
  const { metadata, mode, modified } = kept
  if (metadata !== undefined) checkMetadata(metadata, capabilities.write?.metadataMaxBytes)
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw storageError('InvalidConfig', `mode ${mode} is none from 0 to 0o7777`)
  }
  if (modified !== undefined && Number.isNaN(modified.getTime()))
    throw storageError('InvalidConfig', 'modified is no date')
  return kept
}

/** One line of well-formed text: what goes into a header cannot end it. */
function isPlainText(value: unknown): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return typeof value === 'string' && !/[\0-\x1f\x7f]/.test(value) && value.isWellFormed()
}

function checkMetadata(metadata: Readonly<Record<string, string>>, maxBytes: number | undefined): void {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9!#$&'*+.^_`|~-]+$/.test(name)) {
      throw storageError(
        'InvalidConfig',
        `${JSON.stringify(name)} is no name of metadata: lower-case ASCII letters, digits, '-', '_', '.'`,
      )
    }
    if (!isPlainText(value)) {
      throw storageError('InvalidConfig', `the value of metadata ${name} is no text without control characters`)
    }
    bytes += name.length + utf8Length(value)
  }
  if (maxBytes !== undefined && bytes > maxBytes) {
    throw storageError('TooLarge', `the store keeps at most ${maxBytes} bytes of metadata, these are ${bytes}`)
  }
}
