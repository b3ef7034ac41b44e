import { answeredError, brokenError, KitApiError } from './api-error.ts'

/** The API number that this client speaks: the `api` of `GET /api/v1`. */
export const apiNumber = 1

export interface ClientOptions {
  /** Where the server is, such as `https://kit.example.org`; with the path that a proxy puts before it, where one does. */
  readonly url: string | URL
  /** What the server lets in; a function is asked before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** What a server says of itself. */
export interface ServerInfo {
  readonly version: string
  readonly api: number
}

export interface Connection {
  /** Without a slash at its end. */
  readonly base: string
  /** Who answers, asked before the first request and then known. @throws KitApiError `Unsupported` for a newer API */
  hello(signal?: AbortSignal): Promise<ServerInfo>
  /** A success, whose body is the caller's to take; everything else is thrown as a KitApiError. */
  ask(request: Request): Promise<Response>
}

/** Requests with the token, once it is known that a server of Kit with this API answers. Opens nothing by itself. */
export function connect({ url, token, fetch = (request) => globalThis.fetch(request) }: ClientOptions): Connection {
  const base = baseOf(url)
  let known: Promise<ServerInfo> | undefined

  async function exchange(request: Request): Promise<Response> {
    const changes = request.method !== 'GET' && request.method !== 'HEAD'
    let response: Response
    try {
      const secret = typeof token === 'function' ? await token() : token
      if (secret !== undefined) request.headers.set('authorization', `Bearer ${secret}`)
      response = await fetch(request)
    } catch (error) {
      throw brokenError(error, request.signal, changes)
    }
    if (response.ok) return response
    throw await answeredError(response, changes)
  }

  async function greet(): Promise<ServerInfo> {
    const response = await exchange(new Request(`${base}/api/v1`, { redirect: 'error' }))
    const told: unknown = await response.json().catch(() => undefined)
    const [name, version, api]: unknown[] = ['name', 'version', 'api'].map((key) => Reflect.get(Object(told), key))
    if (name !== 'kit' || typeof api !== 'number') {
      throw new KitApiError({ code: 'InvalidConfig', message: `at ${base} is no server of Kit` })
    }
    if (api > apiNumber) {
      const message = `the server at ${base} speaks API ${api} of Kit, and this client only ${apiNumber}: install a newer @kit/client`
      throw new KitApiError({ code: 'Unsupported', message })
    }
    return { version: String(version), api }
  }

  async function hello(signal?: AbortSignal): Promise<ServerInfo> {
    const greeting = (known ??= greet())
    greeting.catch(() => {
      if (known === greeting) known = undefined
    })
    return signal === undefined ? greeting : untilAborted(greeting, signal)
  }

  return {
    base,
    hello,
    async ask(request) {
      await hello(request.signal)
      return exchange(request)
    },
  }
}

function baseOf(url: string | URL): string {
  const address = URL.parse(String(url))
  if (address === null || !/^https?:$/.test(address.protocol) || address.search !== '' || address.hash !== '') {
    throw new KitApiError({ code: 'InvalidConfig', message: `${String(url)} is no address of a server` })
  }
  if (address.username !== '' || address.password !== '') {
    throw new KitApiError({ code: 'InvalidConfig', message: 'no login goes in the address; give the `token`' })
  }
  return address.href.replace(/\/$/, '')
}

/** The work, or the caller's abort, whichever comes first; the work is for others too and goes on. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(brokenError(signal.reason, signal, false))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    const settled = (): void => signal.removeEventListener('abort', stop)
    work.then(resolve, reject).then(settled, settled)
  })
}

/** A path of the API from its pattern: names in braces are filled in, each segment of a key by itself. */
export function fillPath(pattern: string, values: Readonly<Record<string, unknown>>): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'key' ? encodeKey(String(values[name])) : encodeURIComponent(String(values[name])),
  )
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}
