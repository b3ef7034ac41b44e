import { storageError, type Secret } from '@kit/core'

/** One gateway, and what has been learnt of what it speaks. */
export interface Endpoint {
  /** Base address without a slash at its end: `/ipfs/…` comes behind it. */
  readonly url: URL
  /** Bearer token; only ever sent to the very origin of `url`. */
  readonly token: Secret | undefined
  /** False once it has refused to give single blocks as they are. */
  raw: boolean
  /** False once it has refused to give CARs. */
  car: boolean
}

/** @throws InvalidConfig for what is no address, for a login in it, and where a token would go over the network unencrypted */
export function parseEndpoint(text: unknown, token?: Secret): Endpoint {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrong(`${JSON.stringify(text)} is no address such as https://gateway.example.org`)
  }
  if (url.username !== '' || url.password !== '')
    throw wrong('no login goes in an address; a token is given as `token`')
  if (url.search !== '' || url.hash !== '') throw wrong(`${url.href}: it ends before \`?\` and \`#\``)
  if (/\/ip[fn]s\/?$/.test(url.pathname)) throw wrong(`${url.href}: it ends before /ipfs or /ipns`)
  if (token !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw wrong(`${url.href}: http:// would show the token to the network; use https://`)
  }
  url.pathname = url.pathname.replace(/\/+$/, '')
  return { url, token, raw: true, car: true }
}

/** Base address as it stands before `/ipfs/…`. */
export function baseOf({ url }: Endpoint): string {
  return url.href.replace(/\/$/, '')
}

export function isLoopback(host: string): boolean {
  return /^(?:.+\.)?localhost$/.test(host) || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * Whether a redirect from an endpoint may be followed: to its own origin; to its host's subdomains, as gateways do that give every CID an
 * origin of its own; and to the hosts that were configured and their subdomains. Never from https to http.
 */
export function mayRedirect(from: URL, to: URL, hosts: readonly string[]): boolean {
  if (to.origin === from.origin) return true
  if (to.username !== '' || to.password !== '') return false
  const samePort = to.protocol === from.protocol ? to.port === from.port : to.protocol === 'https:' && to.port === ''
  if (samePort && within(to.hostname, from.hostname)) return true
  return to.protocol === 'https:' && hosts.some((host) => within(to.hostname, host.toLowerCase()))
}

/** An address in digits has no subdomains. */
function within(host: string, parent: string): boolean {
  return host === parent || (!/^[\d.]+$|^\[/.test(parent) && host.endsWith(`.${parent}`))
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', `endpoints: ${text}`)
}
