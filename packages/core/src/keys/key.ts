import type { Key } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'

// One pass finds whatever is wrong: an empty, '.' or '..' segment anywhere, or a NUL.
const wrong = /\0|^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/

/** A text that is known to be a key, as one. Not exported from core: outside, `parseKey` makes keys. */
export function asKey(text: string): Key {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the brand is put on
  return text as Key
}

/** Longest key that core takes, in UTF-16 units: a bound on hostile input; stores' own limits are lower. */
const maxLength = 32_768

/**
 * Checks a name and makes it a key; `''` is the root.
 * @throws InvalidKey: an empty segment (so a leading or trailing `/` too), `.`, `..`, NUL, ill-formed UTF-16, or over 32,768 units.
 */
export function parseKey(text: string): Key {
  if (typeof text !== 'string') throw storageError('InvalidKey', `a key is a string, not ${typeof text}`)
  if (text === '') return asKey(text)
  if (text.length > maxLength) throw storageError('InvalidKey', `a key has at most ${maxLength} UTF-16 units`)
  if (wrong.test(text) || !text.isWellFormed()) {
    throw storageError('InvalidKey', whatIsWrong(text), { key: text.toWellFormed() })
  }
  return asKey(text)
}

/** Whether `parseKey` would take it. */
export function isKey(text: string): text is Key {
  return text.length <= maxLength && !wrong.test(text) && text.isWellFormed()
}

function whatIsWrong(text: string): string {
  if (!text.isWellFormed()) return 'the key is not well-formed UTF-16'
  if (text.includes('\0')) return 'a key holds no NUL'
  if (text.startsWith('/')) return "a key does not start with '/'"
  if (text.endsWith('/')) return "a key does not end with '/'"
  if (text.includes('//')) return 'a key has no empty segment'
  return "a key has no segment '.' or '..'"
}

/** The key of the directory that holds it; the root's is the root. */
export function parentKey(key: Key): Key {
  return asKey(key.slice(0, Math.max(0, key.lastIndexOf('/'))))
}

/** The last segment. */
export function keyName(key: Key): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** A key below a directory; `''` on either side is the other. */
export function joinKey(directory: Key, key: Key): Key {
  if (directory === '') return key
  return key === '' ? directory : asKey(`${directory}/${key}`)
}

/** The part of `key` below `directory`; `undefined` where it is not below it. Below itself it is `''`. */
export function keyBelow(directory: Key, key: Key): Key | undefined {
  if (directory === '') return key
  if (key === directory) return asKey('')
  return key.startsWith(directory) && key[directory.length] === '/' ? asKey(key.slice(directory.length + 1)) : undefined
}

/**
 * Order of names by their UTF-8 bytes: negative, 0 or positive. UTF-16 comparison differs from it only where surrogates
 * (above U+FFFF) meet units from U+E000 on.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === length) return a.length - b.length
  return codeUnitRank(a.charCodeAt(at)) - codeUnitRank(b.charCodeAt(at))
}

// Moves the surrogates above everything else of the BMP, as their UTF-8 is.
function codeUnitRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Length of the text in UTF-8 bytes; a lone surrogate counts 3. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4
      at++
    } else bytes += 3
  }
  return bytes
}
