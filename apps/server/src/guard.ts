/** Who may ask at all: the address asked for, the page that asks. */
import type { FastifyRequest } from 'fastify'
import { refusal } from './answers.ts'

export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

const hostAndPort = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return loopbackHosts.includes(name) || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/**
 * Refuses requests for a name that is not the server's (a page that had its own name resolve to this machine), and requests that pages of
 * other origins make, save those that are allowed.
 */
export function guard(options: {
  readonly hosts: readonly string[]
  readonly origins: readonly string[]
  /** Reached by https. */
  readonly secure: boolean
  readonly maxHeaders: number
}): (request: FastifyRequest) => void {
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()))
  const origins = new Set(options.origins)
  const scheme = options.secure ? 'https' : 'http'
  return (request) => {
    requireForm(request, options.maxHeaders)
    requireHost(request, hosts)
    requireOrigin(request, origins, scheme)
  }
}

function requireForm({ raw }: FastifyRequest, maxHeaders: number): void {
  if (raw.rawHeaders.length > 2 * maxHeaders) {
    throw refusal('TooLarge', `a request has at most ${maxHeaders} header fields`, { status: 431 })
  }
  if (raw.url?.startsWith('/') !== true) throw refusal('InvalidConfig', 'the request target is no path of this server')
  if (raw.url.includes('#')) throw refusal('InvalidConfig', "'#' in a request target is spelt %23")
}

function requireHost({ raw }: FastifyRequest, hosts: ReadonlySet<string>): void {
  const given = raw.headersDistinct['host'] ?? []
  if (given.length > 1) throw refusal('InvalidConfig', 'a request has one Host')
  const name = hostAndPort.exec((given[0] ?? '').toLowerCase())?.[1]
  if (name === undefined || !hosts.has(name)) {
    throw refusal(
      'PermissionDenied',
      `this server is not called ${JSON.stringify(given[0] ?? '')}; allow a name with --allow-host`,
    )
  }
}

function requireOrigin({ headers }: FastifyRequest, origins: ReadonlySet<string>, scheme: string): void {
  const { origin, host } = headers
  if (origin !== undefined && origins.has(origin)) return
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${host?.toLowerCase()}`) {
    throw refusal('PermissionDenied', 'pages of other origins may not use this server')
  }
  // Images, scripts and forms of other pages carry no Origin with GET; browsers mark them so.
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  if (headers['sec-fetch-mode'] === 'navigate') return
  throw refusal('PermissionDenied', 'pages of other origins may not use this server')
}
