import { storageError, throwIfAborted, untilAborted } from '@kit/core'
import type { Bytes, ByteRange, ByteStream, Context, Environment } from '@kit/core'
import { fetchError, request } from '@kit/core/http'
import { checkBlock, maxBlockBytes, readCar } from '@kit/content'
import { baseOf, mayRedirect, type Endpoint } from './endpoint.ts'
import { gatewayError, neverGives, refusesFormat } from './gateway-errors.ts'
import { stallClock } from './stall-clock.ts'

/** Which part of a DAG a CAR is asked to hold (trustless gateway specification, `dag-scope` and `entity-bytes`). */
export interface CarQuery {
  readonly scope: 'all' | 'entity' | 'block'
  /** Of a file, with scope `entity`. */
  readonly range?: ByteRange | undefined
}

/** A block of a CAR, verified. */
export interface CarBlock {
  readonly cid: string
  readonly bytes: Bytes
}

/** Knows the wire: https://specs.ipfs.tech/http-gateways/trustless-gateway/. Each call asks one endpoint, and gives only what is verified. */
export interface GatewayClient {
  /** One block, by `?format=raw`, or in a CAR of an endpoint that has nothing else. */
  block(context: Context, endpoint: Endpoint, cid: string): Promise<Bytes>
  /** The blocks of a CAR as they come. `path` is `CID` or `CID/path`. Ending the iteration frees the connection; so does the context's signal. */
  car(context: Context, endpoint: Endpoint, path: string, query: CarQuery): AsyncIterable<CarBlock>
  /** A signed IPNS record, not yet verified. */
  record(context: Context, endpoint: Endpoint, name: string): Promise<Bytes>
  /** That it answers and takes the credentials, by the block that every node knows. */
  ping(context: Context, endpoint: Endpoint): Promise<void>
}

export interface ClientOptions {
  /** Longest time until a block or the head of an answer, in milliseconds. */
  readonly timeoutMs: number
  /** Hosts that redirects may lead to, besides the endpoint's own. */
  readonly redirectHosts: readonly string[]
}

const formats = {
  raw: 'application/vnd.ipld.raw',
  car: 'application/vnd.ipld.car',
  'ipns-record': 'application/vnd.ipfs.ipns-record',
} as const
/** Of an IPNS record (https://specs.ipfs.tech/ipns/ipns-record/#record-size-limit). */
const maxRecordBytes = 10 * 1024
const maxRedirects = 3
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const everyStatus = Array.from({ length: 300 }, (_, index) => 300 + index)
/** The identity CID of no bytes: the specification names it to probe with. */
const probe = 'bafkqaaa'

export function gatewayClient({ timeoutMs, redirectHosts }: ClientOptions, environment: Environment): GatewayClient {
  /** One GET, its redirects followed as far as they may be. Gives a success, whose body is the caller's. */
  async function get(
    context: Context,
    endpoint: Endpoint,
    path: string,
    format: keyof typeof formats,
    parameters: Readonly<Record<string, string>> = {},
    accept: string = formats[format],
  ): Promise<Response> {
    const query = new URLSearchParams({ format, ...parameters })
    let url: URL = new URL(`${baseOf(endpoint)}${path}?${query.toString()}`)
    for (let hop = 0; ; hop++) {
      const trusted = url.origin === endpoint.url.origin
      const secret =
        endpoint.token !== undefined && trusted
          ? await untilAborted(context.signal, environment.secret(endpoint.token))
          : undefined
      const headers = {
        accept,
        'accept-encoding': 'identity',
        authorization: secret === undefined ? undefined : `Bearer ${secret}`,
      }
      throwIfAborted(context.signal)
      const response = await request(context, { method: 'GET', url, headers, accept: everyStatus })
      if (response.ok) return await uncoded(response)
      const to = redirects.has(response.status) ? response.headers.get('location') : null
      if (to === null) throw await gatewayError(response)
      await response.body?.cancel().catch(() => undefined)
      url = redirected(endpoint, url, to, hop)
    }
  }

  function redirected(endpoint: Endpoint, from: URL, location: string, hop: number): URL {
    const to = URL.parse(location, from.href)
    if (hop >= maxRedirects) throw storageError('Unavailable', `it redirects more than ${maxRedirects} times`)
    if (endpoint.url.hostname === 'localhost' && to?.hostname.endsWith('.localhost') === true) {
      // Kubo redirects from this name, and only from it, to names that few machines can look up.
      endpoint.url.hostname = '127.0.0.1'
      const plain = new URL(from)
      plain.hostname = '127.0.0.1'
      return plain
    }
    if (to !== null && mayRedirect(endpoint.url, to, redirectHosts)) return to
    throw storageError(
      'Unavailable',
      `it redirects to ${(to?.host ?? JSON.stringify(location)).slice(0, 100)}, which is not followed: name that address as an endpoint, or its host in \`redirectHosts\``,
      { retry: 'never' },
    )
  }

  /** All of a body of at most so many bytes. */
  async function whole(context: Context, response: Response, maxBytes: number, what: string): Promise<Bytes> {
    const parts: Bytes[] = []
    let length = 0
    for await (const part of bodyOf(context, response)) {
      length += part.byteLength
      if (length > maxBytes) throw storageError('Corrupt', `${what} is longer than ${maxBytes} bytes`)
      parts.push(part)
    }
    const [first] = parts
    if (first !== undefined && parts.length === 1) return first
    const bytes = new Uint8Array(length)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.byteLength
    }
    return bytes
  }

  /** Runs a request that must be over within the time that one block may take. */
  async function timed<Value>(context: Context, work: (own: Context) => Promise<Value>): Promise<Value> {
    const clock = stallClock(context, timeoutMs, 'no complete answer came')
    try {
      return await work(clock.context)
    } finally {
      clock.rest()
    }
  }

  const rawBlock = (context: Context, endpoint: Endpoint, cid: string): Promise<Bytes> =>
    timed(context, async (own) => {
      const response = await get(own, endpoint, `/ipfs/${cid}`, 'raw')
      const bytes = await whole(own, response, maxBlockBytes, 'the block')
      try {
        checkBlock(cid, bytes)
      } catch (error) {
        throw notTrustless(response, formats.raw, error) ?? error
      }
      return bytes
    })

  const carBlock = (context: Context, endpoint: Endpoint, cid: string): Promise<Bytes> =>
    timed(context, async (own) => {
      // Further blocks are of no use, and a CAR may have many.
      for await (const block of carBlocks(own, endpoint, cid, { scope: 'block' })) {
        if (block.cid === cid) return block.bytes
        throw storageError('Corrupt', `the CAR of ${cid} begins with another block, ${block.cid}`)
      }
      throw storageError('NotFound', `the CAR of ${cid} holds no block`)
    })

  async function* carBlocks(
    context: Context,
    endpoint: Endpoint,
    path: string,
    { scope, range }: CarQuery,
  ): AsyncGenerator<CarBlock, void, undefined> {
    const parameters = { 'dag-scope': scope, ...(range && { 'entity-bytes': entityBytes(range) }) }
    // A file is read block by block, its repetitions too; of a whole DAG each block is wanted once.
    const accept = `${formats.car};version=1;order=dfs;dups=${scope === 'all' ? 'n' : 'y'}`
    let response: Response
    try {
      response = await get(context, endpoint, contentPath(path), 'car', parameters, accept)
    } catch (error) {
      if (neverGives(error)) endpoint.car = false
      throw error
    }
    const wrong = notTrustless(response, formats.car)
    if (wrong !== undefined) {
      await response.body?.cancel().catch(() => undefined)
      throw wrong
    }
    const { blocks } = await readCar(bodyOf(context, response), { signal: context.signal })
    yield* blocks
  }

  return {
    async block(context, endpoint, cid) {
      if (!endpoint.raw) return await carBlock(context, endpoint, cid)
      try {
        return await rawBlock(context, endpoint, cid)
      } catch (error) {
        if (!refusesFormat(error) || !endpoint.car) throw error
        const bytes = await carBlock(context, endpoint, cid)
        endpoint.raw = false
        return bytes
      }
    },
    car: carBlocks,
    record: (context, endpoint, name) =>
      timed(context, async (own) =>
        whole(own, await get(own, endpoint, `/ipns/${name}`, 'ipns-record'), maxRecordBytes, 'the IPNS record'),
      ),
    ping: (context, endpoint) =>
      timed(context, async (own) => {
        const ask = async (format: 'raw' | 'car'): Promise<void> => {
          const response = await get(own, endpoint, `/ipfs/${probe}`, format)
          await response.body?.cancel().catch(() => undefined)
        }
        if (!endpoint.raw) return await ask('car')
        try {
          await ask('raw')
        } catch (error) {
          if (!refusesFormat(error)) throw error
          await ask('car')
          endpoint.raw = false
        }
      }),
  }
}

function contentPath(path: string): string {
  return `/ipfs/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** Half-open with us, inclusive there, and `*` for the end. */
function entityBytes(range: ByteRange): string {
  if ('last' in range) return `-${range.last}:*`
  return `${range.from}:${range.to === undefined ? '*' : range.to - 1}`
}

/** Something else than was asked for by name: what a gateway sends that only serves finished files, or no gateway at all. */
function notTrustless(response: Response, wanted: string, cause?: unknown): Error | undefined {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === wanted || type === undefined || type === 'application/octet-stream') return undefined
  return storageError(
    'Corrupt',
    `it answers with ${type.slice(0, 100)} and not with ${wanted}: it is no trustless gateway`,
    {
      cause,
    },
  )
}

/** A body packed in a way nobody asked for could unpack to any length. */
async function uncoded(response: Response): Promise<Response> {
  const coding = response.headers.get('content-encoding')
  if (coding === null || coding === 'identity') return response
  await response.body?.cancel().catch(() => undefined)
  throw storageError('Corrupt', `it sends ${coding.slice(0, 100)}, which was not asked for`)
}

async function* bodyOf(context: Context, response: Response): ByteStream & AsyncGenerator<Bytes, void, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const step = await reader.read()
      if (step.done) return
      yield step.value
    }
  } catch (error) {
    throw fetchError(error, context)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
