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
  return decode(segmentsOf(url)[storeAt] ?? '')
}

/** @throws InvalidKey before anything is asked of the store */
export function keyOf(url: string): Key {
  const segments = segmentsOf(url)
    .slice(keyAt)
    .map((segment) => {
      const decoded = decode(segment)
      if (decoded.includes('/')) throw storageError('InvalidKey', "a segment of a key holds no '/': it may not be %2F")
      return decoded
    })
  const key = parseKey(segments.join('/'))
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

/** The query's parameters, of which only these are known, each given once. @throws InvalidConfig */
export function queryOf(url: string, known: readonly string[]): ReadonlyMap<string, string> {
  const at = url.indexOf('?')
  const given = new Map<string, string>()
  if (at === -1) return given
  for (const part of url.slice(at + 1).split('&')) {
    if (part === '') continue
    const [name, value] = pair(part)
    if (!known.includes(name))
      throw refusal('InvalidConfig', `there is no parameter ${JSON.stringify(name)}; there are: ${known.join(', ')}`)
    if (given.has(name)) throw refusal('InvalidConfig', `the parameter ${name} is given twice`)
    given.set(name, value)
  }
  return given
}

function pair(part: string): readonly [name: string, value: string] {
  const equals = part.indexOf('=')
  const text = (from: number, to?: number): string => decode(part.slice(from, to).replaceAll('+', '%20'))
  return equals === -1 ? [text(0), ''] : [text(0, equals), text(equals + 1)]
}
