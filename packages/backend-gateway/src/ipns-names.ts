import { storageError, throwIfAborted, toStorageError, untilAborted, type Bytes, type Context } from '@kit/core'
import { isCid, parseCid } from '@kit/content'
import type { DnsLink } from './dnslink.ts'
import type { Endpoint } from './endpoint.ts'
import type { Gateway } from './gateway.ts'
import { allFailed, type Failure } from './gateway-errors.ts'
import { askable } from './race.ts'
import { withSignals } from './stall-clock.ts'

/** Resolves `/ipns/…`, or the name alone, to `/ipfs/CID` with whatever path is behind it. */
export interface NameResolver {
  resolve(context: Context, name: string): Promise<{ readonly path: string; readonly ttlSeconds?: number | undefined }>
}

/** What a verified record says. */
interface NameRecord {
  readonly value: string
  readonly sequence: bigint
  /** Unix ms. */
  readonly validUntil: number
  readonly ttlSeconds: number | undefined
}

/** A name may point at a name; so many steps are taken (the bound that Kubo has too). */
const maxSteps = 32
/** After the first valid record the others have this long to bring a newer one, in milliseconds. */
const graceMs = 300
const maxRemembered = 1000
/** Codec of CIDs that are keys, and how their hashes are told: the key itself, or its SHA-256. */
const libp2pKey = 0x72
const identity = 0x00
const sha256 = 0x12

export function nameResolver(gateway: Gateway, dnslink: DnsLink | undefined): NameResolver {
  /** The newest record seen of each name: an older one that is still valid is never gone back to. */
  const newest = new Map<string, NameRecord>()

  async function recordOf(context: Context, name: string): Promise<NameRecord> {
    const cid = parseCid(name)
    const isKey = (cid.version === 0 || cid.codec === libp2pKey) && (cid.hash === identity || cid.hash === sha256)
    if (!isKey) throw storageError('InvalidKey', `${name} is the CID of content and no name`)
    const record = await latest(context, cid.text, Uint8Array.of(cid.hash, cid.digest.byteLength, ...cid.digest))
    const known = newest.get(cid.text)
    const best = known !== undefined && known.validUntil > Date.now() && isNewer(known, record) ? known : record
    newest.delete(cid.text)
    newest.set(cid.text, best)
    for (const [oldest] of newest) if (newest.size > maxRemembered) newest.delete(oldest)
    return best
  }

  /** Asks every endpoint: each may have a record that is valid and yet not the newest. */
  async function latest(context: Context, name: string, multihash: Uint8Array): Promise<NameRecord> {
    const endpoints = askable(await gateway.endpoints(context), gateway.scores)
    const stop = new AbortController()
    const own = withSignals(context, stop.signal)
    const failures: Failure[] = []
    let best: NameRecord | undefined
    const ask = async (endpoint: Endpoint): Promise<void> => {
      try {
        const record = await verify(multihash, await gateway.client.record(own, endpoint, name))
        if (best === undefined || isNewer(record, best)) best = record
      } catch (error) {
        if (!stop.signal.aborted) gateway.scores.failed(endpoint, error)
        failures.push({ endpoint: endpoint.url.host, error: toStorageError(error) })
        throw error
      }
    }
    const asked = endpoints.map(ask)
    const all = Promise.allSettled(asked)
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      await untilAborted(context.signal, Promise.any(asked)).catch(() => throwIfAborted(context.signal))
      const grace = new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))
      await untilAborted(context.signal, Promise.race([all, grace]))
    } finally {
      clearTimeout(timer)
      stop.abort(storageError('Aborted', 'a record was found'))
    }
    if (best === undefined) throw allFailed(failures)
    return best
  }

  return {
    async resolve(context, given) {
      let path = given.startsWith('/') ? given : `/ipns/${given}`
      let ttlSeconds = Infinity
      for (let step = 0; step < maxSteps; step++) {
        const [, namespace, name = '', ...rest] = path.split('/')
        if (namespace === 'ipfs' && isCid(name)) return { path, ...(ttlSeconds < Infinity && { ttlSeconds }) }
        if (namespace !== 'ipns') throw storageError('InvalidKey', `${JSON.stringify(path.slice(0, 300))} is no name`)
        const found = isCid(name) ? await recordOf(context, name) : await dnslinkOf(context, name)
        ttlSeconds = Math.min(ttlSeconds, found.ttlSeconds ?? Infinity)
        path = [found.value.replace(/\/+$/, ''), ...rest].join('/')
      }
      throw storageError('InvalidKey', `${JSON.stringify(given)} leads on from name to name without end`)
    },
  }

  function dnslinkOf(context: Context, name: string): Promise<{ value: string; ttlSeconds?: number | undefined }> {
    if (!/^(?:[\w-]{1,63}\.)+[\w-]{1,63}\.?$/.test(name) || name.length > 253) {
      throw storageError(
        'InvalidKey',
        `${JSON.stringify(name.slice(0, 300))} is no name: it is written as a CID (k51…, bafz…, Qm…)`,
      )
    }
    if (dnslink !== undefined) return dnslink(context, name)
    throw storageError(
      'Unsupported',
      `${name} would be asked of DNS, whose answers nobody can verify: set \`dnslink\` to allow it`,
    )
  }
}

/** @throws Corrupt for a record that the name's key has not signed, or that is over */
async function verify(multihash: Uint8Array, bytes: Bytes): Promise<NameRecord> {
  const [{ unmarshalIPNSRecord }, { ipnsValidator }] = await Promise.all([import('ipns'), import('ipns/validator')])
  const prefix = new TextEncoder().encode('/ipns/')
  const routingKey = new Uint8Array(prefix.byteLength + multihash.byteLength)
  routingKey.set(prefix)
  routingKey.set(multihash, prefix.byteLength)
  try {
    await ipnsValidator(routingKey, bytes)
    const { value, sequence, validity, ttl } = unmarshalIPNSRecord(bytes)
    return {
      value,
      sequence,
      validUntil: Date.parse(validity),
      ttlSeconds: ttl === undefined ? undefined : Number(ttl / 1_000_000_000n),
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw storageError('Corrupt', `its record is not valid for the name: ${text}`, { cause: error })
  }
}

/** By sequence, then by how long it is valid (https://specs.ipfs.tech/ipns/ipns-record/#record-verification). */
function isNewer(one: NameRecord, other: NameRecord): boolean {
  if (one.sequence !== other.sequence) return one.sequence > other.sequence
  return one.validUntil > other.validUntil
}
