import { storageError, type Attributes, type Entry, type Etag, type Hashes } from '@kit/core'

const kinds = ['file', 'directory', 'link'] as const
const states = ['online', 'archived', 'pending'] as const
const texts = [
  'etag',
  'version',
  'cid',
  'id',
  'target',
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'cacheControl',
] as const

type Mutable<Value> = { -readonly [Name in keyof Value]: Value[Name] }

/** An entry as the server's JSON spells it. Members that this version does not know are left out. @throws Corrupt */
export function entryOf(value: unknown): Entry {
  const member = (name: string): unknown => Reflect.get(Object(value), name)
  const kind = kinds.find((word) => word === member('kind'))
  const key = member('key')
  if (kind === undefined || typeof key !== 'string') {
    throw storageError('Corrupt', `the server gave what is no entry: ${JSON.stringify(value)?.slice(0, 200)}`)
  }
  const entry: Mutable<Entry> = { kind, key }
  for (const name of texts) {
    const text = member(name)
    if (typeof text === 'string') entry[name] = text
  }
  for (const name of ['size', 'mode'] as const) {
    const number = member(name)
    if (Number.isSafeInteger(number)) entry[name] = Number(number)
  }
  const modified = member('modified')
  if (typeof modified === 'string' && !Number.isNaN(Date.parse(modified))) entry.modified = new Date(modified)
  const metadata = textsOf(member('metadata'))
  if (metadata !== undefined) entry.metadata = metadata
  const hashes = textsOf(member('hashes'))
  if (hashes !== undefined) entry.hashes = hashes
  const state = states.find((word) => word === member('state'))
  if (state !== undefined) entry.state = state
  return entry
}

/** Names and texts, of JSON. */
export function textsOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return Object.fromEntries(pairs)
}

const headerAttributes = [
  ['contentType', 'content-type'],
  ['contentEncoding', 'content-encoding'],
  ['contentDisposition', 'content-disposition'],
  ['cacheControl', 'cache-control'],
] as const

/** Attributes and hashes of a body as headers of the request that brings it. @throws InvalidConfig for what no header can hold */
export function attributeHeaders(given: Attributes, hashes?: Hashes): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {
    'x-kit-modified': given.modified?.toISOString(),
    'x-kit-mode': given.mode?.toString(8),
    'content-digest': hashes?.sha256 === undefined ? undefined : `sha-256=:${base64(hashes.sha256)}:`,
  }
  for (const [name, header] of headerAttributes) {
    const value = given[name]
    if (value !== undefined && !/^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(value)) {
      throw storageError('InvalidConfig', `${name} goes in a header, which cannot hold ${JSON.stringify(value)}`)
    }
    headers[header] = value
  }
  for (const [name, value] of Object.entries(given.metadata ?? {})) {
    headers[`x-kit-meta-${name}`] = value.replace(/[^\x21-\x24\x26-\x7e]/gu, (part) => encodeURIComponent(part))
  }
  return headers
}

/** Attributes as JSON; dates as ISO 8601. */
export function attributeJson({ modified, ...rest }: Attributes): object {
  return { ...rest, modified: modified?.toISOString() }
}

function base64(hex: string): string {
  return btoa(String.fromCharCode(...Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))))
}

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** An etag as a condition spells it. One that no server of Kit can have given becomes one that matches nothing. */
export function conditionTag(etag: Etag | undefined): string | undefined {
  return etag === undefined || entityTag.test(etag) ? etag : `"${encodeURIComponent(etag.toWellFormed())}"`
}
