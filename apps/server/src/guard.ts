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
  // Clients ask for one name again and again.
  let known = ''
  return (request) => {
    requireForm(request, options.maxHeaders)
    const { host } = request.headers
    if (host !== known || host === '') known = requireHost(host, hosts)
    requireOrigin(request, origins, scheme)
  }
}

function requireForm({ raw }: FastifyRequest, maxHeaders: number): void {
  const { rawHeaders } = raw
  if (rawHeaders.length > 2 * maxHeaders) {
    throw refusal('TooLarge', `a request has at most ${maxHeaders} header fields`, { status: 431 })
  }
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  // Node reads the first; whoever stands before this server might read another.
  if (hosts > 1) throw refusal('InvalidConfig', 'a request has one Host')
  if (raw.url?.startsWith('/') !== true) throw refusal('InvalidConfig', 'the request target is no path of this server')
  if (raw.url.includes('#')) throw refusal('InvalidConfig', "'#' in a request target is spelt %23")
}

/** Gives it back. */
function requireHost(given: string | undefined, hosts: ReadonlySet<string>): string {
  const name = hostAndPort.exec((given ?? '').toLowerCase())?.[1]
  if (given !== undefined && name !== undefined && hosts.has(name)) return given
  throw refusal(
    'PermissionDenied',
    `this server is not called ${JSON.stringify(given ?? '')}; allow a name with --allow-host`,
  )
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
