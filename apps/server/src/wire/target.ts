/** What a request's path and query name. Each part is percent-decoded exactly once, from the bytes that the client sent. */
import { parseKey, storageError, type Key } from '@kit/core'
import { refusal } from '../answers.ts'

// '', 'api', 'v1', 'stores', the store, 'objects', then the key.
const storeAt = 4
const keyAt = 6

function segmentsOf(url: string): readonly string[] {
  return url.split('?', 1)[0]?.split('/') ?? []
}

export function storeNameOf(url: string): string {
  const from = after(url, storeAt)
  const to = url.indexOf('/', from)
  if (from > 0 && to > from && plain.test(url.slice(from, to))) return url.slice(from, to)
  return decode(segmentsOf(url)[storeAt] ?? '')
}

/** @throws InvalidKey before anything is asked of the store */
export function keyOf(url: string): Key {
  const from = after(url, keyAt)
  // Most keys are spelt as they are.
  if (from > 0 && plain.test(url.slice(from))) return keyOfText(url.slice(from))
  return keyOfSegments(segmentsOf(url).slice(keyAt))
}

function keyOfSegments(segments: readonly string[]): Key {
  const decoded = segments.map((segment) => {
    const name = decode(segment)
    if (name.includes('/')) throw storageError('InvalidKey', "a segment of a key holds no '/': it may not be %2F")
    return name
  })
  return keyOfText(decoded.join('/'))
}

/** Printable ASCII without what is encoded and what begins a query. */
const plain = /^[\x21-\x24\x26-\x3e\x40-\x7e]*$/

/** Where the segment of this number begins; 0 where there is none. */
function after(url: string, segment: number): number {
  let at = -1
  for (let count = 0; count < segment; count++) {
    at = url.indexOf('/', at + 1)
    if (at === -1) return 0
  }
  return at + 1
}

function keyOfText(text: string): Key {
  const key = parseKey(text)
  if (key === '') throw storageError('InvalidKey', 'an object has a key; the listing is at …/objects')
  return key
}

function decode(segment: string): string {
  // Bytes above 0x7f arrive as characters of Latin-1, which is not what they mean.
  if (/[^\x21-\x7e]/.test(segment))
    throw storageError('InvalidKey', 'a request target is ASCII: percent-encode the rest as UTF-8')
  try {
    return decodeURIComponent(segment)
  } catch {
    throw storageError('InvalidKey', 'the percent-encoding is none, or none of UTF-8')
  }
}

/** What the path names, by the names in the pattern of its route: each segment decoded; `*` is the rest, a key. @throws InvalidKey */
export function paramsOf(pattern: string, url: string): Readonly<Record<string, string>> {
  const segments = segmentsOf(url)
  const params: Record<string, string> = {}
  for (const [index, name] of pattern.split('/').entries()) {
    if (name === '*') params['key'] = keyOfSegments(segments.slice(index))
    else if (name.startsWith(':')) params[name.slice(1)] = decode(segments[index] ?? '')
  }
  return params
}

/** The query's parameters, each given once. @throws InvalidConfig */
export function queryOf(url: string): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const [name, value] of pairsOf(url)) {
    if (name === '__proto__') throw refusal('InvalidConfig', `there is no parameter ${name}`)
    if (given.has(name)) throw refusal('InvalidConfig', `the parameter ${name} is given twice`)
    given.set(name, value)
  }
  return given
}

/** The query's parameters in their order, some of them perhaps several times. @throws InvalidKey */
export function* pairsOf(url: string): Generator<readonly [name: string, value: string]> {
  const at = url.indexOf('?')
  if (at === -1) return
  for (const part of url.slice(at + 1).split('&')) if (part !== '') yield pair(part)
}

/** The query of a route that takes bytes, which no schema looks at: only these parameters are known. @throws InvalidConfig */
export function knownQueryOf(url: string, known: readonly string[]): ReadonlyMap<string, string> {
  const given = queryOf(url)
  for (const name of given.keys()) {
    if (known.includes(name)) continue
    const most = known.length === 0 ? 'there are none' : `there are: ${known.join(', ')}`
    throw refusal('InvalidConfig', `there is no parameter ${JSON.stringify(name)}; ${most}`)
  }
  return given
}

function pair(part: string): readonly [name: string, value: string] {
  const equals = part.indexOf('=')
  const text = (from: number, to?: number): string => decode(part.slice(from, to).replaceAll('+', '%20'))
  return equals === -1 ? [text(0), ''] : [text(0, equals), text(equals + 1)]
}

/** A parameter that is one of some words. @throws InvalidConfig */
export function oneOf<Word extends string>(
  name: string,
  query: ReadonlyMap<string, string>,
  words: readonly Word[],
): Word | undefined {
  const given = query.get(name)
  const found = words.find((word) => word === given)
  if (given !== undefined && found === undefined) {
    throw refusal('InvalidConfig', `the parameter ${name} is one of ${words.join(', ')}`)
  }
  return found
}

/** A switch: alone, or true or false. @throws InvalidConfig */
export function flagOf(name: string, query: ReadonlyMap<string, string>): boolean | undefined {
  const word = oneOf(name, query, ['', 'true', 'false', '1', '0'])
  return word === undefined ? undefined : word !== 'false' && word !== '0'
}
