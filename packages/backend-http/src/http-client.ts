/** Knows the wire: addresses, credentials, redirects, servers that refuse HEAD. */
import { storageError, throwIfAborted, type Checked, type Context, type Environment } from '@kit/core'
import { request } from '@kit/core/http'
import { isPrivate } from './http-address.ts'
import { redirectError } from './http-errors.ts'
import type { HttpOptions } from './index.ts'

type Headers_ = Readonly<Record<string, string | undefined>>

/** What is at an address: an answer, or a directory, to which the server redirects with a slash. */
export type Answer = Response | 'directory'

export interface HttpClient {
  /** GET of an object. Its body is the caller's to take or cancel. */
  get(context: Context, key: string, headers?: Headers_): Promise<Answer>
  /** HEAD, or where that is refused the first byte of a GET. The answer's body is gone. */
  head(context: Context, key: string, headers?: Headers_): Promise<Answer>
  /** GET of a directory, with the address that answered. */
  getDirectory(
    context: Context,
    directory: string,
    headers: Headers_,
  ): Promise<{ readonly response: Response; readonly url: URL }>
}

const redirectsMax = 5
const redirecting: readonly number[] = [301, 302, 303, 307, 308]
/** Of servers that know no HEAD, or let nobody ask so (as with addresses that are signed for GET). */
const headRefused: readonly number[] = [403, 405, 501]

interface Sent {
  readonly response: Response
  readonly url: URL
}

export function httpClient(
  options: Pick<Checked<HttpOptions>, 'user' | 'password' | 'token' | 'headers' | 'redirects'>,
  base: URL,
  environment: Environment,
): HttpClient {
  // Once it is known that the server has no HEAD, none is tried.
  let knowsNoHead = false

  const urlOf = (key: string): URL => new URL(base.href + key.split('/').map(encodeURIComponent).join('/'))

  async function credentials(): Promise<Record<string, string>> {
    const { user, password, token, headers } = options
    const secret: Record<string, string> = {}
    if (headers !== undefined) Object.assign(secret, headerLines(await environment.secret(headers)))
    if (token !== undefined) secret['authorization'] = `Bearer ${await environment.secret(token)}`
    if (user !== undefined && password !== undefined) {
      secret['authorization'] = `Basic ${base64(`${user}:${await environment.secret(password)}`)}`
    }
    return secret
  }

  async function send(
    context: Context,
    method: string,
    start: URL,
    headers: Headers_,
    accept: readonly number[] = [],
  ): Promise<Sent | 'directory'> {
    let secret = await credentials()
    throwIfAborted(context.signal)
    let url = start
    for (let hop = 0; ; hop++) {
      const response = await request(context, {
        method,
        url,
        // In a coding, offsets would be those of something else than the object.
        headers: { 'accept-encoding': 'identity', ...headers, ...secret },
        accept: [...redirecting, ...accept],
      })
      if (!redirecting.includes(response.status)) return { response, url }
      await response.body?.cancel().catch(() => undefined)
      const to = URL.parse(response.headers.get('location') ?? '', url.href)
      if (to === null || !/^https?:$/.test(to.protocol)) throw redirectError('to what is no address', response.status)
      if (to.origin === url.origin && to.pathname === `${url.pathname}/`) return 'directory'
      if (hop === redirectsMax) throw redirectError('again and again', response.status)
      if (to.origin !== url.origin) {
        if (options.redirects !== 'anywhere') {
          throw redirectError(
            `to ${to.origin}, which is not followed unless \`redirects\` says \`anywhere\``,
            response.status,
          )
        }
        if (url.protocol === 'https:' && to.protocol === 'http:') {
          throw redirectError(`to ${to.origin}, which is not encrypted`, response.status)
        }
        if (isPrivate(to.hostname) && !isPrivate(base.hostname)) {
          throw redirectError(`to ${to.host}, inside the network of this machine`, response.status)
        }
        secret = {}
      }
      url = to
    }
  }

  async function sendToObject(
    context: Context,
    method: string,
    key: string,
    headers: Headers_,
    accept: readonly number[],
  ): Promise<Answer> {
    const sent = await send(context, method, urlOf(key), headers, accept)
    return sent === 'directory' ? sent : sent.response
  }

  return {
    get: (context, key, headers = {}) => sendToObject(context, 'GET', key, headers, []),
    async head(context, key, headers = {}) {
      if (!knowsNoHead) {
        const answer = await sendToObject(context, 'HEAD', key, headers, headRefused)
        if (answer === 'directory') return answer
        // Apache leaves out the length of an empty object.
        if (answer.ok && (answer.headers.has('content-length') || answer.headers.has('content-encoding'))) return answer
        knowsNoHead = answer.status === 405 || answer.status === 501
      }
      // 416 is the answer for an empty object.
      const answer = await sendToObject(context, 'GET', key, { ...headers, range: 'bytes=0-0' }, [416])
      if (answer !== 'directory') await answer.body?.cancel().catch(() => undefined)
      return answer
    },
    async getDirectory(context, directory, headers) {
      const sent = await send(context, 'GET', urlOf(directory === '' ? '' : `${directory}/`), headers)
      if (sent === 'directory') throw redirectError('from one slash to two', 301)
      return sent
    },
  }
}

/** @throws InvalidConfig, without a word of what stands there */
function headerLines(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/.exec(line)
    const name = match?.[1]?.toLowerCase()
    if (match === null || name === undefined) throw storageError('InvalidConfig', 'headers: a line is no `Name: value`')
    if (/^(?:host|range|if-.*|accept-encoding|connection|content-.*|transfer-encoding)$/.test(name)) {
      throw storageError('InvalidConfig', `headers: ${name} is set by the backend itself`)
    }
    found[name] = match[2] ?? ''
  }
  return found
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}
