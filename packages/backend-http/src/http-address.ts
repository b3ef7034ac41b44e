import { storageError, type Checked } from '@kit/core'
import type { HttpOptions } from './index.ts'

type Given = Pick<Checked<HttpOptions>, 'url' | 'user' | 'password' | 'token' | 'headers' | 'plainHttp'>

/** What keys are below, its path ending in a slash. @throws InvalidConfig, also where credentials would be seen on the way */
export function addressOf(options: Given): URL {
  const { url, user, password, token, headers, plainHttp } = options
  const address = URL.parse(url)
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw wrong('url: an address is needed, such as https://example.org/data/')
  }
  if (address.username !== '' || address.password !== '') {
    throw wrong('url: no login goes in it; give `user` and `password`')
  }
  if (address.search !== '' || address.hash !== '') throw wrong('url: it ends before `?` and `#`')
  if ((user === undefined) !== (password === undefined)) throw wrong('`user` and `password` go together')
  if (user?.includes(':') === true) throw wrong('user: basic authentication has no names with a colon')
  if (user !== undefined && token !== undefined) throw wrong('`token` and `user` exclude each other')
  const secret = [user, token, headers].some((one) => one !== undefined)
  if (secret && address.protocol === 'http:' && plainHttp !== true && !isLoopback(address.hostname)) {
    throw wrong(
      `url: http:// would send credentials unencrypted to ${address.host}; use https://, or set \`plainHttp\``,
    )
  }
  if (!address.pathname.endsWith('/')) address.pathname += '/'
  return address
}

/** An inline address is the directory itself. @throws InvalidConfig */
export function optionsOf(url: URL): HttpOptions {
  if (url.username !== '' || url.password !== '') {
    throw wrong(`${url.protocol}//${url.host}: no login goes in an address; configure a store with one`)
  }
  if (url.search !== '' || url.hash !== '') {
    throw wrong(`${url.origin}${url.pathname}: an address with a query is no name of an object`)
  }
  return { url: url.href }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** An address in numbers that only this machine or its own network has. Names are not looked up. */
export function isPrivate(host: string): boolean {
  if (isLoopback(host)) return true
  // What is reserved, link-local (where clouds keep credentials), private, shared: RFC 6890; the URL parser has made dots of all IPv4.
  if (
    /^(?:0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
      host,
    )
  ) {
    return /^[\d.]+$/.test(host)
  }
  return /^\[(?:::|::ffff:.*|64:ff9b:.*|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/.test(host)
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
