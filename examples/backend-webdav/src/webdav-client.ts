import { storageError, toStream } from '@kit/core'
import type { ByteStream, Checked, Context, Entry, Environment, Key } from '@kit/core'
import { readResponse, request, type HttpRequest } from '@kit/core/http'
import { SaxesParser } from 'saxes'
import type { WebdavOptions } from './index.ts'
import { statusCodes } from './webdav-errors.ts'

type Properties = Record<string, string>

// Not getcontenttype: to tell it, some servers open every file.
const properties = '<resourcetype/><getcontentlength/><getetag/><getlastmodified/>'
const question = `<propfind xmlns="DAV:"><prop>${properties}</prop></propfind>`

/** Knows the wire: requests with their headers, and the XML that comes back. */
export function webdavClient({ url, user, password = '' }: Checked<WebdavOptions>, environment: Environment) {
  const root = URL.parse(url.endsWith('/') ? url : `${url}/`)
  if (root === null || root.username !== '') throw storageError('InvalidConfig', '`url` is no address without a login')
  const rootPath = decodeURIComponent(root.pathname)
  const urlOf = (key: Key): string => root.href + key.split('/').map(encodeURIComponent).join('/')

  /** The answer to a reading method is the caller's to take; of the others it says no more than that it happened. */
  async function send(context: Context, method: string, key: Key, more: Partial<HttpRequest> = {}): Promise<Response> {
    const login = new TextEncoder().encode(`${user}:${await environment.secret(password)}`)
    const authorization = user === undefined ? undefined : `Basic ${btoa(String.fromCharCode(...login))}`
    const headers = { 'accept-encoding': 'identity', ...more.headers, authorization }
    const response = await request(context, { codes: statusCodes(method), ...more, method, url: urlOf(key), headers })
    if (method !== 'GET' && method !== 'PROPFIND') await response.body?.cancel()
    return response
  }

  /** What is known of a resource and, with depth 1, of each one in it, as the answer arrives. Nothing where nothing is. */
  async function* find(context: Context, key: Key, depth: '0' | '1'): AsyncGenerator<Entry[]> {
    const headers = { depth, 'content-type': 'application/xml' }
    const response = await send(context, 'PROPFIND', key, { headers, body: question, accept: [404] })
    const { body } = await readResponse(context, response, key)
    if (response.status !== 404) for await (const found of multistatus(toStream(body))) yield found.map(toEntry)
  }

  /** An `href` may be a path or a whole address, and that of a directory may end in a slash or not. */
  function toEntry({ href, collection, getcontentlength, getetag: etag, getlastmodified }: Properties): Entry {
    const path = decodeURIComponent(new URL(href ?? '', root?.href).pathname).replace(/\/?$/, '/')
    if (!path.startsWith(rootPath)) throw storageError('Unexpected', `the server lists ${path}, outside of \`url\``)
    const kind = collection === undefined ? 'file' : 'directory'
    const size = getcontentlength === undefined ? undefined : Number(getcontentlength)
    const modified = getlastmodified === undefined ? undefined : new Date(getlastmodified)
    return { kind, key: path.slice(rootPath.length, -1), size, etag, modified }
  }
  return { urlOf, send, find }
}

/** The resources in a 207 answer (RFC 4918 §13), each with its `href` and the properties that it has, by their local names. */
async function* multistatus(body: ByteStream): AsyncGenerator<Properties[]> {
  const [parser, decoder] = [new SaxesParser({ xmlns: true }), new TextDecoder()]
  let [found, resource, text]: [Properties[], Properties, string] = [[], {}, '']
  parser.on('text', (more) => (text += more))
  parser.on('closetag', ({ local }) => {
    if (text.trim() !== '' || local === 'collection') resource[local] ??= text.trim()
    if (local === 'response') found.push(resource)
    if (local === 'response') resource = {}
    text = ''
  })
  for await (const chunk of body) {
    parser.write(decoder.decode(chunk, { stream: true }))
    yield found.splice(0)
  }
  parser.close()
}
