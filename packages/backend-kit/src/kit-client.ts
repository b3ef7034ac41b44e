import { collect, errorCode, storageError, throwIfAborted, untilAborted, withDetails } from '@kit/core'
import type { Capabilities, Checked, Context, Environment, Page, Source } from '@kit/core'
import { fetchError, readResponse, request } from '@kit/core/http'
import { apiNumber, asProblem, readLines } from '@kit/client'
import { requireCapabilities } from './capabilities.ts'
import { entryOf } from './entries.ts'
import type { KitOptions } from './index.ts'
import { kitError, storageErrorOf } from './kit-errors.ts'

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** A request below the store's own path. */
export interface Asked {
  readonly query?: Query | undefined
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  readonly source?: Source | undefined
  /** Sent as JSON. */
  readonly json?: object | undefined
  /** Whether it may change something. Default: every method but GET. */
  readonly changes?: boolean | undefined
}

/** Knows the wire: addresses, the token, what JSON and lines mean, and which server it talks to. */
export interface KitClient {
  /** What the store can do by the server's own word; asked before the first call, and then known. */
  remote(context: Context): Promise<Capabilities>
  /** A success, whose body is the caller's to take. */
  send(context: Context, method: string, path: string, asked?: Asked): Promise<Response>
  /** A success that says nothing more. */
  tell(context: Context, method: string, path: string, asked?: Asked): Promise<void>
  /** The JSON of a success. */
  json(context: Context, response: Response, changes?: boolean): Promise<object>
  /** One member of it. */
  ask(context: Context, method: string, path: string, member: string, asked?: Asked): Promise<unknown>
  /** What comes as lines, all of one piece of the answer together. */
  values(context: Context, method: 'GET' | 'POST', path: string, query?: Query): AsyncIterable<unknown[]>
  /** A listing as lines, in pages of at most `limit`. */
  lines(context: Context, path: string, query: Query, limit: number): AsyncIterable<Page>
}

/** Answers that are no success are read here, for what they say. */
const refusals = Array.from({ length: 300 }, (_, index) => 300 + index)
/** Most bytes of an answer in JSON: a page of a thousand entries has far fewer. */
const jsonMaxBytes = 64 * 2 ** 20

export function kitClient(
  { url, store, token }: Pick<Checked<KitOptions>, 'store' | 'token'> & { readonly url: URL },
  environment: Environment,
  check: (remote: Capabilities) => void,
): KitClient {
  const api = `${url.href.replace(/\/$/, '')}/api/v1`
  const own = `/stores/${encodeURIComponent(store)}`
  let remote: Promise<Capabilities> | undefined

  async function exchange(context: Context, method: string, path: string, asked: Asked = {}): Promise<Response> {
    const { source, json } = asked
    const secret = token === undefined ? undefined : await environment.secret(token)
    throwIfAborted(context.signal)
    const headers = {
      // What is stored in a coding is passed on in it; nothing else is worth packing.
      'accept-encoding': 'identity',
      'x-request-id': /^[\w.~-]{1,128}$/.test(context.requestId) ? context.requestId : undefined,
      'content-type': json === undefined ? undefined : 'application/json',
      ...asked.headers,
      authorization: secret === undefined ? undefined : `Bearer ${secret}`,
    }
    const body = json === undefined ? undefined : JSON.stringify(json)
    const changes = asked.changes ?? method !== 'GET'
    const address = api + path + queryText(asked.query)
    const accept = refusals
    const response = await request(context, { method, url: address, headers, source, body, changes, accept })
    if (response.ok) return response
    throw await kitError(context, response, changes)
  }

  async function jsonOf(context: Context, response: Response, changes = false): Promise<object> {
    try {
      const { body } = await readResponse(context, response, '')
      const value: unknown = JSON.parse(new TextDecoder().decode(await collect(body, jsonMaxBytes)))
      if (typeof value === 'object' && value !== null) return value
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        // The answer had begun: what was to be changed may well be.
        const failure = fetchError(error, context, changes)
        throw changes ? withDetails(failure, { applied: 'maybe' }) : failure
      }
    }
    throw storageError('Corrupt', 'the server answered with what is no JSON object', {
      status: response.status,
      applied: changes ? 'maybe' : 'no',
    })
  }

  /** Which Kit this is, and what its store can do. A newer API is refused by its number. */
  async function greet(context: Context): Promise<Capabilities> {
    const [kit, there] = await Promise.all(
      ['', own].map(async (path) => jsonOf(context, await exchange(context, 'GET', path))),
    )
    const number: unknown = Reflect.get(Object(kit), 'api')
    if (Reflect.get(Object(kit), 'name') !== 'kit' || typeof number !== 'number') {
      throw storageError('InvalidConfig', `at ${url.href} is no server of Kit`)
    }
    if (number > apiNumber) {
      const text = `the server at ${url.href} speaks API ${number} of Kit, and this backend only ${apiNumber}`
      throw storageError('Unsupported', `${text}: install a newer @kit/backend-kit`)
    }
    const found = requireCapabilities(Reflect.get(Object(there), 'capabilities'), `what ${url.href} tells of ${store}`)
    check(found)
    return found
  }

  /** One greeting for all calls: a call that is cancelled meanwhile does not take the others along. */
  async function known(context: Context): Promise<Capabilities> {
    for (;;) {
      throwIfAborted(context.signal)
      const asking = (remote ??= greet(context))
      try {
        return await untilAborted(context.signal, asking)
      } catch (error) {
        if (remote === asking) remote = undefined
        if (context.signal.aborted || errorCode(error) !== 'Aborted') throw error
      }
    }
  }

  async function send(context: Context, method: string, path: string, asked?: Asked): Promise<Response> {
    await known(context)
    return exchange(context, method, own + path, asked)
  }

  async function* values(
    context: Context,
    method: 'GET' | 'POST',
    path: string,
    query: Query = {},
  ): AsyncGenerator<unknown[]> {
    const headers = { accept: 'application/x-ndjson' }
    const response = await send(context, method, path, { query, headers })
    try {
      for await (const all of readLines(response.body)) {
        const failed = all.find((value) => Reflect.get(Object(value), 'success') === false)
        const problem = failed === undefined ? undefined : asProblem(Reflect.get(Object(failed), 'error'))
        if (problem !== undefined) throw storageErrorOf(problem)
        yield all
      }
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) {
        throw storageError('Corrupt', 'the server lists what are no lines of JSON', { cause: error })
      }
      throw fetchError(error, context)
    }
  }

  return {
    remote: known,
    send,
    json: jsonOf,
    async tell(context, method, path, asked) {
      const response = await send(context, method, path, asked)
      await response.body?.cancel().catch(() => undefined)
    },
    async ask(context, method, path, member, asked) {
      const response = await send(context, method, path, asked)
      const json = await jsonOf(context, response, asked?.changes ?? method !== 'GET')
      return Reflect.get(json, member)
    },
    values,
    async *lines(context, path, query, limit) {
      for await (const all of values(context, 'GET', path, query)) {
        const entries = all.map(entryOf)
        for (let at = 0; at < entries.length; at += limit) yield { entries: entries.slice(at, at + limit) }
      }
    },
  }
}

function queryText(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
  return text === '' ? '' : `?${text}`
}

/** `/noun/key`, each segment encoded once. */
export function keyPath(noun: string, key: string): string {
  return `/${noun}/${key.split('/').map(encodeURIComponent).join('/')}`
}
