/** Attributes of an object between HTTP headers and entries. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Attributes, Entry, Store } from '@kit/core'
import { refusal } from '../answers.ts'
import { wholeSeconds } from './conditions.ts'
import { digestField } from './digests.ts'
import { httpEtag } from './etags.ts'

/** A header for each name of user metadata. Values are text, percent-encoded where they are not printable ASCII. */
const metadataPrefix = 'x-kit-meta-'

const inHeaders = [
  ['contentEncoding', 'content-encoding'],
  ['contentDisposition', 'content-disposition'],
  ['cacheControl', 'cache-control'],
] as const

/**
 * What an upload's headers say about the object. Clients send a Content-Type whether or not it means anything, so a store that keeps none
 * is not told it; whatever else it cannot keep, it refuses.
 * @throws InvalidConfig
 */
export function attributesOf(headers: IncomingHttpHeaders, store: Store): Attributes {
  const given: { -readonly [Name in keyof Attributes]: Attributes[Name] } = {}
  const keepsType = store.capabilities.write?.attributes.includes('contentType') === true
  if (headers['content-type'] !== undefined && keepsType) given.contentType = headers['content-type']
  for (const [name, header] of inHeaders) if (headers[header] !== undefined) given[name] = headers[header]
  // A browser says so of every request with a condition, in these two headers together; it means the request.
  if (headers.pragma === 'no-cache' && given.cacheControl === 'no-cache') delete given.cacheControl
  if (headers['x-kit-modified'] !== undefined) given.modified = modifiedOf(String(headers['x-kit-modified']))
  if (headers['x-kit-mode'] !== undefined) given.mode = modeOf(String(headers['x-kit-mode']))
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length), metadataValue(name, String(value))] as const)
  if (metadata.length > 0) given.metadata = Object.fromEntries(metadata)
  return given
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

function modifiedOf(given: string): Date {
  const time = new Date(isoTime.test(given) ? given : Number.NaN)
  if (Number.isNaN(time.getTime())) {
    throw refusal('InvalidConfig', 'X-Kit-Modified takes a time as ISO 8601, such as 2026-11-21T12:00:00.000Z')
  }
  return time
}

function modeOf(given: string): number {
  if (!/^[0-7]{1,4}$/.test(given))
    throw refusal('InvalidConfig', 'X-Kit-Mode takes permission bits in octal, such as 644')
  return Number.parseInt(given, 8)
}

/** What JSON says about an object: times are ISO 8601 there. */
export function jsonAttributes({
  modified,
  ...given
}: Omit<Attributes, 'modified'> & { readonly modified?: string | undefined }): Attributes {
  return modified === undefined ? given : { ...given, modified: new Date(modified) }
}

function metadataValue(name: string, value: string): string {
  // oxlint-disable-next-line no-control-regex -- what a value may not hold as it is
  if (/[^\x20-\x7e]/.test(value))
    throw refusal('InvalidConfig', `${name} takes ASCII: percent-encode the rest as UTF-8`)
  try {
    return decodeURIComponent(value)
  } catch {
    throw refusal('InvalidConfig', `the percent-encoding of ${name} is none, or none of UTF-8`)
  }
}

/** Types that show themselves without running anything. */
const inert = /^(?:text\/plain|image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+)(?:[\t ]*;|$)/i

/**
 * Headers of a served object. Whatever was stored, a browser runs none of it in this server's origin: it is told not to guess types, to
 * sandbox what it shows, and to save what is not known to be inert.
 */
export function servedHeaders(entry: Entry): Record<string, string> {
  const contentType = sendable(entry.contentType) ?? 'application/octet-stream'
  const headers: Record<string, string> = {
    'content-type': contentType,
    'content-disposition': disposition(sendable(entry.contentDisposition), inert.test(contentType)),
    'cache-control': sendable(entry.cacheControl) ?? 'private, no-cache',
    'content-security-policy': "sandbox; default-src 'none'",
    'accept-ranges': 'bytes',
  }
  const { etag, 'last-modified': modified } = validators(entry)
  if (etag !== undefined) headers['etag'] = etag
  if (modified !== undefined) headers['last-modified'] = modified
  const encoding = sendable(entry.contentEncoding)
  if (encoding !== undefined) headers['content-encoding'] = encoding
  const digest = entry.hashes === undefined ? undefined : digestField(entry.hashes)
  if (digest !== undefined) headers['repr-digest'] = digest
  if (entry.metadata === undefined) return headers
  for (const [name, value] of Object.entries(entry.metadata)) headers[metadataPrefix + name] = encodeValue(value)
  return headers
}

/** Asked for with Accept: the bytes as they are stored, and beside them all that is known of the object. */
export const objectType = 'application/vnd.kit.object'

/** Headers of an object for whoever asks by that type: nothing in them is to be acted on, as a type or a coding would be. */
export function storedHeaders(entry: Entry): Record<string, string> {
  const { key: _, ...told } = entry
  return present({
    'content-type': objectType,
    'content-disposition': 'attachment',
    'content-security-policy': "sandbox; default-src 'none'",
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
    ...validators(entry),
    'x-kit-entry': encodeValue(JSON.stringify({ ...told, etag: httpEtag(entry.etag) })),
  })
}

/** What a 304 repeats, and an answer to an upload tells. */
export function validatorHeaders(entry: Entry): Record<string, string> {
  return present(validators(entry))
}

function validators(entry: Entry): { readonly etag: string | undefined; readonly 'last-modified': string | undefined } {
  return {
    etag: httpEtag(entry.etag),
    'last-modified': entry.modified === undefined ? undefined : httpDate(wholeSeconds(entry.modified)),
  }
}

/** Spelt out lately: what is read often is often the same. */
const dates = new Map<number, string>()
const datesMax = 1_000

function httpDate(ms: number): string {
  const known = dates.get(ms)
  if (known !== undefined) return known
  if (dates.size === datesMax) dates.clear()
  const text = new Date(ms).toUTCString()
  dates.set(ms, text)
  return text
}

/** An entry as JSON tells it: etags as the headers spell them. */
export function entryJson(entry: Entry): object {
  return entry.etag === undefined ? entry : { ...entry, etag: httpEtag(entry.etag) }
}

function disposition(stored: string | undefined, showable: boolean): string {
  if (stored === undefined) return showable ? 'inline' : 'attachment'
  return showable ? stored : stored.replace(/^[^;]*/, 'attachment')
}

function encodeValue(value: string): string {
  return value.toWellFormed().replace(/[^\x21-\x24\x26-\x7e]/gu, (part) => encodeURIComponent(part))
}

/** The value where a header can hold it: stores may have been filled by others. */
function sendable(value: string | undefined): string | undefined {
  return value !== undefined && /^[\t\x20-\x7e\x80-\xff]+$/.test(value) ? value : undefined
}

function present(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return Object.fromEntries(kept)
}
