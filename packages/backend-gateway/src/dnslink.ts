import { storageError, untilAborted, type Bytes, type Context } from '@kit/core'
import { fetchError, request } from '@kit/core/http'
import { isLoopback } from './endpoint.ts'

/** Where a domain points at by its DNSLink record (https://dnslink.dev). Nothing proves the answer but trust in who gave it. */
export type DnsLink = (
  context: Context,
  domain: string,
) => Promise<{ readonly value: string; readonly ttlSeconds?: number | undefined }>

interface TextRecord {
  readonly text: string
  readonly ttlSeconds?: number | undefined
}

const maxAnswerBytes = 64 * 1024
/** The type of TXT records in DNS. */
const txt = 16

/** `dns`: this machine's resolver. Else the address of a DNS-over-HTTPS service that answers in JSON. @throws InvalidConfig */
export function dnsLink(by: string): DnsLink {
  const url = by === 'dns' ? undefined : URL.parse(by)
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url === null || (url !== undefined && !secure)) {
    throw storageError('InvalidConfig', `dnslink: it is \`dns\` or an https address, not ${JSON.stringify(by)}`)
  }
  return async (context, domain) => {
    const name = `_dnslink.${domain.replace(/\.$/, '')}`
    const records = url === undefined ? await fromSystem(context, name) : await overHttps(context, url, name)
    // The first in order of text, so that everybody takes the same where there are several.
    const links = records.filter(({ text }) => /^dnslink=\/ip[fn]s\//.test(text))
    const [link] = links.toSorted((a, b) => (a.text < b.text ? -1 : 1))
    if (link === undefined)
      throw storageError('NotFound', `${domain} has no DNSLink: no TXT record of ${name} tells one`)
    return { value: link.text.slice('dnslink='.length), ttlSeconds: link.ttlSeconds }
  }
}

async function fromSystem(context: Context, name: string): Promise<TextRecord[]> {
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver()
  try {
    const records = await untilAborted(context.signal, resolver.resolveTxt(name))
    return records.map((parts) => ({ text: parts.join('') }))
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code')
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    if (context.signal.aborted) throw error
    throw storageError('Unavailable', `DNS does not answer for ${name}: ${String(code)}`, { cause: error })
  } finally {
    resolver.cancel()
  }
}

async function overHttps(context: Context, service: URL, name: string): Promise<TextRecord[]> {
  const url = new URL(service)
  url.searchParams.set('name', name)
  url.searchParams.set('type', 'TXT')
  const response = await request(context, { method: 'GET', url, headers: { accept: 'application/dns-json' } })
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder().decode(await limited(response)))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fetchError(error, context)
    throw storageError('Corrupt', `${service.host} answered for ${name} with what is no JSON`, { cause: error })
  }
  const records: unknown = Reflect.get(Object(answer), 'Answer')
  if (!Array.isArray(records)) return []
  return records.flatMap((record: unknown) => {
    const data: unknown = Reflect.get(Object(record), 'data')
    const ttl: unknown = Reflect.get(Object(record), 'TTL')
    if (Reflect.get(Object(record), 'type') !== txt || typeof data !== 'string') return []
    return [{ text: unquoted(data), ttlSeconds: Number.isSafeInteger(ttl) ? Number(ttl) : undefined }]
  })
}

/** A record's character strings are one text; some services put them in quotes and some do not. */
function unquoted(data: string): string {
  const parts = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part = '']) => part.replaceAll(/\\(.)/g, '$1'))
  return parts.length === 0 ? data : parts.join('')
}

async function limited(response: Response): Promise<Bytes> {
  const parts: Bytes[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.byteLength
    if (length > maxAnswerBytes) throw storageError('Corrupt', `a DNS answer is longer than ${maxAnswerBytes} bytes`)
    parts.push(part)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
