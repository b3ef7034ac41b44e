import type { Capabilities, Key } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { isByteName } from './byte-names.ts'
import { asKey, isKey, parseKey, utf8Length } from './key.ts'

/**
 * Keys to the names that a store can hold, and back. Laws: `toKey(toRaw(k)) === k` for every key that fits, `toRaw(toKey(r)) === r` for
 * every name that the store can hold, so no two keys share a name. How: `docs/formats/key-encoding.md`.
 */
export interface KeyCodec {
  /** @throws InvalidKey where the name would be longer than the store takes. */
  toRaw(key: Key): Key
  toKey(raw: string): Key
}

type Rules = Capabilities['keys']

// What cannot be held as it is gets this before it, and an escaped spelling. The marker never starts an escaped spelling itself.
const marker = '%!'
const tower = /^(?:%!)+/

export function keyCodec(rules: Rules): KeyCodec {
  if (rules.forbidden !== undefined && /[%!a-z0-9]/.test(rules.forbidden)) {
    throw storageError(
      'InvalidConfig',
      "capabilities.keys.forbidden may not hold '%', '!', lower-case letters or digits",
    )
  }
  const segments = segmentCodec(rules)
  const special = specialKey(rules)
  return {
    toRaw(key) {
      const raw = special.test(key) ? asKey(mapSegments(key, segments.toRaw)) : key
      checkLength(raw, key, rules)
      return raw
    },
    toKey(raw) {
      if (isKey(raw) && !special.test(raw)) return raw
      return parseKey(mapSegments(raw, segments.toKey))
    },
  }
}

/** Whether the store's order of names is the order of keys: where keys are encoded it is not. */
export function keepsOrder({ forbidden = '', reserved = [], caseSensitive, unicode }: Rules): boolean {
  return forbidden === '' && reserved.length === 0 && caseSensitive && unicode === 'exact'
}

function mapSegments(name: string, map: (segment: string, alone: boolean) => string): string {
  if (!name.includes('/')) return name === '' ? '' : map(name, true)
  return name
    .split('/')
    .map((segment) => map(segment, false))
    .join('/')
}

function checkLength(raw: string, key: Key, rules: Rules): void {
  const segmentMax = rules.segmentMaxBytes ?? rules.maxBytes
  // No name is longer in UTF-8 than three bytes a unit: most need no counting.
  if (raw.length * 3 <= Math.min(segmentMax, rules.maxBytes)) return
  const bytes = rules.names === 'bytes' ? byteNameLength : utf8Length
  if (bytes(raw) > rules.maxBytes) {
    throw storageError('InvalidKey', `the store holds names of at most ${rules.maxBytes} bytes`, { key })
  }
  if (rules.segmentMaxBytes !== undefined && raw.split('/').some((segment) => bytes(segment) > segmentMax)) {
    throw storageError('InvalidKey', `the store holds name segments of at most ${segmentMax} bytes`, { key })
  }
}

const escapedBytes = /[\udc80-\udcff]/gu
function byteNameLength(name: string): number {
  if (name.isWellFormed()) return utf8Length(name)
  return utf8Length(name) - 2 * (name.match(escapedBytes)?.length ?? 0)
}

/** Finds every key or name that may need more than being copied; false alarms only cost time. */
function specialKey(rules: Rules): RegExp {
  const alternatives = ['(?:^|/)%!']
  if (rules.forbidden !== undefined && rules.forbidden !== '') alternatives.push(characterClass(rules.forbidden))
  if (rules.reserved !== undefined && rules.reserved.length > 0) {
    alternatives.push(`(?:^|/)(?:${rules.reserved.map(anyCase).join('|')})(?:/|$)`)
  }
  if (!rules.caseSensitive || rules.unicode !== 'exact') alternatives.push('[^\\0-@\\[-\\x7f]')
  return new RegExp(alternatives.join('|'))
}

function characterClass(characters: string): string {
  return `[${[...characters].map((character) => character.replaceAll(/[\]\\^-]/g, '\\$&')).join('')}]`
}

function anyCase(name: string): string {
  return [...name].map((character) => characterClass(character + character.toUpperCase())).join('')
}

interface SegmentCodec {
  toRaw(segment: string, alone: boolean): string
  toKey(segment: string, alone: boolean): string
}

function segmentCodec(rules: Rules): SegmentCodec {
  const canHold = (segment: string, alone: boolean): boolean => isRawSegment(segment, alone, rules)
  const escape = (segment: string): string => escapeSegment(segment, rules)

  /** What a marked segment stands for, where it is the one spelling that `escape` makes. */
  function marked(segment: string): { readonly levels: number; readonly stands: string } | undefined {
    const markers = tower.exec(segment)?.[0]
    if (markers === undefined) return undefined
    const escaped = segment.slice(markers.length)
    const stands = unescapeSegment(escaped)
    if (stands === undefined || escape(stands) !== escaped) return undefined
    return { levels: markers.length / marker.length, stands }
  }

  // Keys that the store cannot hold are names with one marker; such names, taken as keys, are names with two; and so on. The same
  // the other way round for names that are no keys. Everything else is itself.
  return {
    toRaw(segment, alone) {
      const found = marked(segment)
      if (found !== undefined) {
        const { levels, stands } = found
        const isName = canHold(stands, alone)
        if (isName && !isKeySegment(stands)) return levels === 1 ? stands : segment.slice(marker.length)
        if (!isName && isKeySegment(stands)) return marker + segment
      }
      return canHold(segment, alone) ? segment : marker + escape(segment)
    },
    toKey(segment, alone) {
      const found = marked(segment)
      if (found !== undefined) {
        const { levels, stands } = found
        const isName = canHold(stands, alone)
        if (!isName && isKeySegment(stands)) return levels === 1 ? stands : segment.slice(marker.length)
        if (isName && !isKeySegment(stands)) return marker + segment
      }
      if (isKeySegment(segment)) return canHold(segment, alone) ? segment : folded(segment, rules)
      return marker + escape(segment)
    },
  }
}

function isKeySegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !/[\0/]/.test(segment) && segment.isWellFormed()
}

function isRawSegment(segment: string, alone: boolean, rules: Rules): boolean {
  if (segment === '') return rules.anySegment === true && !alone
  if (segment === '.' || segment === '..') return rules.anySegment === true
  if (/[\0/]/.test(segment)) return false
  if (rules.names === 'bytes' ? !isByteName(segment) : !segment.isWellFormed()) return false
  if (rules.reserved?.includes(segment.toLowerCase()) === true) return false
  return ![...segment].some((character) => mustEscape(character, rules)) && isNormal(segment, rules)
}

function isNormal(segment: string, rules: Rules): boolean {
  return rules.unicode === 'exact' || segment.normalize(rules.unicode === 'nfc' ? 'NFC' : 'NFD') === segment
}

/** The spelling of a foreign name that stands for all those which the store holds to be the same. */
function folded(segment: string, rules: Rules): string {
  const normal = rules.unicode === 'exact' ? segment : segment.normalize(rules.unicode === 'nfc' ? 'NFC' : 'NFD')
  return rules.caseSensitive ? normal : normal.toLowerCase()
}

function mustEscape(character: string, rules: Rules): boolean {
  if (rules.forbidden?.includes(character) === true) return true
  return !rules.caseSensitive && character.toLowerCase() !== character
}

/**
 * `%` and two hexadecimal digits for an ASCII character, `%u` and four for another UTF-16 unit. Escaped are: `%`, what the store
 * forbids, lone surrogates, NUL; of `.`, `..` and reserved names the first character; where the store normalises, all of a
 * segment that it would change, but ASCII.
 */
function escapeSegment(segment: string, rules: Rules): string {
  const normal = isNormal(segment, rules)
  const first = segment === '.' || segment === '..' || rules.reserved?.includes(segment.toLowerCase()) === true ? 0 : -1
  let out = ''
  let at = 0
  for (const character of segment) {
    const plain =
      character !== '%' &&
      character !== '\0' &&
      at !== first &&
      character.isWellFormed() &&
      (normal || character.charCodeAt(0) < 0x80) &&
      !mustEscape(character, rules)
    out += plain ? character : escapeUnits(character)
    at += character.length
  }
  return out
}

function escapeUnits(character: string): string {
  let out = ''
  for (let at = 0; at < character.length; at++) {
    const unit = character.charCodeAt(at)
    out += unit < 0x80 ? `%${unit.toString(16).padStart(2, '0')}` : `%u${unit.toString(16).padStart(4, '0')}`
  }
  return out
}

function unescapeSegment(escaped: string): string | undefined {
  if (/%(?!u[0-9a-f]{4}|[0-9a-f]{2})/.test(escaped)) return undefined
  return escaped.replaceAll(
    /%u([0-9a-f]{4})|%([0-9a-f]{2})/g,
    (_, unit: string | undefined, ascii: string | undefined) =>
      String.fromCharCode(Number.parseInt(unit ?? ascii ?? '', 16)),
  )
}
