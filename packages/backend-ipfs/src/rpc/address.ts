import { existsSync } from 'node:fs'
import { storageError } from '@kit/core'

/** Where a daemon's RPC API is: a unix socket, or an HTTP address without `/api/v0`. */
export type KuboAddress =
  | { readonly kind: 'socket'; readonly path: string; readonly base: string }
  | { readonly kind: 'http'; readonly url: URL; readonly base: string }

export const defaultUrl = 'http://127.0.0.1:5001'
const apiPath = '/api/v0'

/**
 * Reads how people and configuration files spell it: `http://HOST:PORT`, with or without `/api/v0`; `/unix/PATH`; `unix:PATH`;
 * `http://unix:PATH:/api/v0`; a multiaddress such as `/ip4/127.0.0.1/tcp/5001` or `/dns4/HOST/tcp/443/https`.
 * @throws InvalidConfig
 */
export function parseAddress(text: string): KuboAddress {
  const socket =
    /^https?:\/\/unix:([^:]+)(?::(\/.*)?)?$/.exec(text) ??
    /^\/unix(\/.+)$/.exec(text) ??
    /^unix:(?:\/\/)?(\/.+)$/.exec(text)
  if (socket !== null) return socketAddress(socket[1] ?? '')
  const url = URL.parse(fromMultiaddress(text) ?? text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrong(
      `${JSON.stringify(text.replace(/[^/]*@/, '…@'))} is no address: one looks like ${defaultUrl}, /unix/PATH or /ip4/127.0.0.1/tcp/5001`,
    )
  }
  if (url.username !== '' || url.password !== '')
    throw wrong('no login goes in an address: give `token`, or `user` and `password`')
  if (url.search !== '' || url.hash !== '') throw wrong('an address ends before `?` and `#`')
  const path = url.pathname.replace(/\/+$/, '')
  return { kind: 'http', url, base: path.endsWith(apiPath) ? path : path + apiPath }
}

export function socketAddress(path: string): KuboAddress {
  if (!path.startsWith('/')) throw wrong(`the path of a socket begins with "/", and ${JSON.stringify(path)} does not`)
  return { kind: 'socket', path, base: apiPath }
}

/** The socket where one is configured and there, else the HTTP address (B-IPFS-2). Looked at before each call: daemons come and go. */
export function chooseAddress(url: KuboAddress, socket: KuboAddress | undefined): KuboAddress {
  return socket?.kind === 'socket' && existsSync(socket.path) ? socket : url
}

/** The daemon for people: without anything secret. */
export function nameOf(address: KuboAddress): string {
  return address.kind === 'socket' ? `unix:${address.path}` : address.url.origin
}

/** Whether what is sent there can be read by nobody on the way. */
export function isPrivate(address: KuboAddress): boolean {
  if (address.kind === 'socket' || address.url.protocol === 'https:') return true
  return /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(address.url.hostname)
}

function fromMultiaddress(text: string): string | undefined {
  const parts = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)((?:\/(?:http|https|tls))*)$/.exec(text)
  if (parts === null) return undefined
  const [, kind, host = '', port = '', rest = ''] = parts
  return `${/https|tls/.test(rest) ? 'https' : 'http'}://${kind === 'ip6' ? `[${host}]` : host}:${port}`
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
