import { bytesSource, storageError, type Bytes } from '@kit/core'
import { fieldsOf, type Fields, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface SwarmPeer {
  readonly id: string
  readonly address: string
  readonly latencyMs?: number | undefined
}

export interface SwarmCalls {
  peers(options?: KuboCall): Promise<readonly SwarmPeer[]>
  /** `address`: a multiaddress that ends in `/p2p/ID`. */
  connect(address: string, options?: KuboCall): Promise<void>
  disconnect(address: string, options?: KuboCall): Promise<void>
  /** Addresses under which this node listens. */
  listening(options?: KuboCall): Promise<readonly string[]>
}

export interface RoutedPeer {
  readonly id: string
  readonly addresses: readonly string[]
}

/** The routing of the network: the DHT, or what the daemon is configured with. */
export interface RoutingCalls {
  /** Who says that it has a CID; `limit` default 20. */
  findProviders(cid: string, options?: KuboCall & { readonly limit?: number | undefined }): AsyncIterable<RoutedPeer>
  /** @throws NotFound */
  findPeer(id: string, options?: KuboCall): Promise<RoutedPeer>
  /** Tells the network that this node has it. */
  provide(cid: string, options?: KuboCall & { readonly recursive?: boolean | undefined }): Promise<void>
  /** The newest valid record of `/ipns/NAME`. */
  get(key: string, options?: KuboCall): Promise<Bytes>
  put(key: string, record: Bytes, options?: KuboCall): Promise<void>
}

export interface BitswapCalls {
  stat(options?: KuboCall): Promise<{
    readonly wanted: number
    readonly blocksReceived: number
    readonly blocksSent: number
    readonly bytesReceived: number
    readonly bytesSent: number
  }>
  /** CIDs that this node, or a peer, is waiting for. */
  wantlist(options?: KuboCall & { readonly peer?: string | undefined }): Promise<readonly string[]>
}

export interface PubsubMessage {
  readonly from: string
  readonly data: Bytes
  readonly sequence: Bytes
  readonly topics: readonly string[]
}

/** Messages by topic, where the daemon runs with its experimental pubsub; else Unsupported. Delivery is not promised. */
export interface PubsubCalls {
  publish(topic: string, data: Bytes, options?: KuboCall): Promise<void>
  /** Resolves when the daemon has subscribed. Ends with the signal, or when the iteration is broken off; a lost connection is thrown. */
  subscribe(topic: string, options?: KuboCall): Promise<AsyncIterable<PubsubMessage>>
  topics(options?: KuboCall): Promise<readonly string[]>
  peers(topic: string, options?: KuboCall): Promise<readonly string[]>
}

export function swarmCalls(rpc: Rpc): SwarmCalls {
  const done = async (command: string, address: string, signal: AbortSignal | undefined): Promise<void> => {
    const said = fieldsOf(await rpc.json(command, { args: [address], signal, changes: true }), command).texts('Strings')
    const failed = said.find((line) => !line.endsWith(' success'))
    if (failed !== undefined) throw storageError('Unavailable', `Kubo says: ${failed}`)
  }
  return {
    async peers({ signal } = {}) {
      const fields = fieldsOf(await rpc.json('swarm/peers', { options: { latency: true }, signal }), 'swarm/peers')
      return fields.list('Peers').map((each) => {
        const peer = fieldsOf(each, 'swarm/peers')
        return { id: peer.text('Peer'), address: peer.text('Addr'), latencyMs: milliseconds(peer.maybeText('Latency')) }
      })
    },
    connect: (address, { signal } = {}) => done('swarm/connect', address, signal),
    disconnect: (address, { signal } = {}) => done('swarm/disconnect', address, signal),
    async listening({ signal } = {}) {
      return fieldsOf(await rpc.json('swarm/addrs/listen', { signal }), 'swarm/addrs/listen').texts('Strings')
    },
  }
}

/** A duration as Go spells it. */
function milliseconds(text: string | undefined): number | undefined {
  const match = /^([\d.]+)(ms|µs|s)$/.exec(text ?? '')
  if (match === null) return undefined
  const unit = match[2] === 's' ? 1000 : match[2] === 'ms' ? 1 : 0.001
  return Number(match[1]) * unit
}

/** Types of a query's events: of libp2p's routing package. */
const finalPeer = 2
const queryError = 3
const provider = 4
const value = 5

export function routingCalls(rpc: Rpc): RoutingCalls {
  const events = async function* (
    command: string,
    args: readonly string[],
    call: KuboCall & {
      readonly options?: Record<string, number | boolean | undefined>
      readonly changes?: boolean
      readonly record?: Bytes
    },
  ): AsyncGenerator<Fields> {
    const { signal, options, changes, record } = call
    const parts = record === undefined ? undefined : [{ field: 'value-file', body: bytesSource(record) }]
    for await (const event of rpc.lines(command, { args, options, signal, changes, parts }))
      yield fieldsOf(event, command)
  }
  const peersOf = (event: Fields): RoutedPeer[] =>
    event.list('Responses').map((each) => {
      const peer = fieldsOf(each, 'routing')
      return { id: peer.text('ID'), addresses: peer.texts('Addrs') }
    })
  return {
    async *findProviders(cid, { signal, limit } = {}) {
      for await (const event of events('routing/findprovs', [cid], { signal, options: { 'num-providers': limit } })) {
        if (event.number('Type') === provider) yield* peersOf(event)
      }
    },
    async findPeer(id, { signal } = {}) {
      for await (const event of events('routing/findpeer', [id], { signal })) {
        const [peer] = event.number('Type') === finalPeer ? peersOf(event) : []
        if (peer !== undefined) return peer
      }
      throw storageError('NotFound', `the network does not know the peer ${id}`)
    },
    async provide(cid, { signal, recursive } = {}) {
      for await (const event of events('routing/provide', [cid], { signal, options: { recursive }, changes: true })) {
        if (event.number('Type') === queryError)
          throw storageError('Unavailable', `Kubo says: ${event.maybeText('Extra') ?? ''}`)
      }
    },
    async get(key, { signal } = {}) {
      for await (const event of events('routing/get', [key], { signal })) {
        if (event.number('Type') === value) return new Uint8Array(Buffer.from(event.text('Extra'), 'base64'))
      }
      throw storageError('NotFound', `there is no record of ${key}`)
    },
    async put(key, record, { signal } = {}) {
      for await (const event of events('routing/put', [key], {
        signal,
        record,
        options: { 'allow-offline': true },
        changes: true,
      })) {
        if (event.number('Type') === queryError)
          throw storageError('Unavailable', `Kubo says: ${event.maybeText('Extra') ?? ''}`)
      }
    },
  }
}

export function bitswapCalls(rpc: Rpc): BitswapCalls {
  return {
    async stat({ signal } = {}) {
      const fields = fieldsOf(await rpc.json('bitswap/stat', { signal }), 'bitswap/stat')
      return {
        wanted: fields.list('Wantlist').length,
        blocksReceived: fields.number('BlocksReceived'),
        blocksSent: fields.number('BlocksSent'),
        bytesReceived: fields.number('DataReceived'),
        bytesSent: fields.number('DataSent'),
      }
    },
    async wantlist({ signal, peer } = {}) {
      const fields = fieldsOf(await rpc.json('bitswap/wantlist', { options: { peer }, signal }), 'bitswap/wantlist')
      return fields.list('Keys').map((key) => fieldsOf({ key }, 'bitswap/wantlist').cid('key'))
    },
  }
}

export function pubsubCalls(rpc: Rpc): PubsubCalls {
  return {
    publish: (topic, data, { signal } = {}) =>
      rpc.tell('pubsub/pub', {
        args: [encoded(topic)],
        parts: [{ field: 'data', body: bytesSource(data) }],
        signal,
        changes: true,
      }),
    subscribe: (topic, { signal } = {}) =>
      rpc.open('pubsub/sub', { args: [encoded(topic)], signal, quiet: true }, messageOf),
    async topics({ signal } = {}) {
      return fieldsOf(await rpc.json('pubsub/ls', { signal }), 'pubsub/ls')
        .texts('Strings')
        .map(decodedText)
    },
    async peers(topic, { signal } = {}) {
      return fieldsOf(await rpc.json('pubsub/peers', { args: [encoded(topic)], signal }), 'pubsub/peers').texts(
        'Strings',
      )
    },
  }
}

function messageOf(given: unknown): PubsubMessage {
  const fields = fieldsOf(given, 'pubsub/sub')
  return {
    from: fields.text('from'),
    data: decoded(fields.text('data')),
    sequence: decoded(fields.text('seqno')),
    topics: fields.texts('topicIDs').map(decodedText),
  }
}

/** Multibase base64url, the one spelling that Kubo uses here. */
function encoded(topic: string): string {
  return `u${Buffer.from(topic, 'utf8').toString('base64url')}`
}

function decoded(text: string): Bytes {
  if (!text.startsWith('u')) throw storageError('Corrupt', 'Kubo tells a message in another base than base64url')
  return new Uint8Array(Buffer.from(text.slice(1), 'base64url'))
}

function decodedText(text: string): string {
  return new TextDecoder().decode(decoded(text))
}
