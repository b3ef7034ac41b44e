import { parseDuration, storageError, type Duration, type Secret } from '@kit/core'
import {
  bitswapCalls,
  blockCalls,
  contentCalls,
  dagCalls,
  filesCalls,
  keyCalls,
  nameCalls,
  nodeCalls,
  pinCalls,
  pubsubCalls,
  routingCalls,
  swarmCalls,
  type BitswapCalls,
  type BlockCalls,
  type ContentCalls,
  type DagCalls,
  type FilesCalls,
  type KeyCalls,
  type NameCalls,
  type NodeCalls,
  type PinCalls,
  type PubsubCalls,
  type RoutingCalls,
  type SwarmCalls,
} from './calls/index.ts'
import { defaultUrl, kuboRpc, kuboTransport, parseAddress, socketAddress } from './rpc/index.ts'

/** How a daemon is reached. */
export interface KuboOptions {
  /**
   * Where the daemon's RPC API is: `http://HOST:PORT` with or without `/api/v0`, `/unix/PATH`, `http://unix:PATH:/api/v0`, or a multiaddress.
   * Default: `http://127.0.0.1:5001`.
   */
  readonly url?: string | undefined
  /** A unix socket that goes before `url` while it is there. */
  readonly socketPath?: string | undefined
  /** Bearer token of `API.Authorizations`. */
  readonly token?: Secret | undefined
  /** Basic login of `API.Authorizations`; both or none, and no token beside them. */
  readonly user?: string | undefined
  readonly password?: Secret | undefined
  /** Sends a login unencrypted to another machine, over `http://`. Default: false; this machine is always reached so. */
  readonly plainHttp?: boolean | undefined
  /** Connections at once. Minimum 1, default 32. */
  readonly connections?: number | undefined
  /** Longest time without a byte in either direction, 0 for none. Default: 60 s. Of a store, `layers.stall` does it. */
  readonly stallTimeout?: Duration | undefined
}

/** A Kubo daemon: its RPC, typed. Failures are StorageErrors; every call takes a signal. */
export interface KuboClient extends ContentCalls, NodeCalls, AsyncDisposable {
  readonly files: FilesCalls
  readonly block: BlockCalls
  readonly dag: DagCalls
  readonly pin: PinCalls
  readonly key: KeyCalls
  readonly name: NameCalls
  readonly swarm: SwarmCalls
  readonly routing: RoutingCalls
  readonly bitswap: BitswapCalls
  readonly pubsub: PubsubCalls
  /** Frees every connection. Calls in progress fail with Aborted. */
  close(): Promise<void>
}

const fetched = async (value: Secret): Promise<string> => (typeof value === 'function' ? value() : value)

/**
 * The client of a daemon. Nothing is sent before the first call. `secret`: how a token or password is fetched.
 * @throws InvalidConfig
 */
export function kubo(options: KuboOptions = {}, secret: (value: Secret) => Promise<string> = fetched): KuboClient {
  const {
    url = defaultUrl,
    socketPath,
    token,
    user,
    password,
    plainHttp,
    connections = 32,
    stallTimeout = '60 s',
  } = options
  if ((user === undefined) !== (password === undefined)) throw wrong('`user` and `password` go together')
  if (token !== undefined && user !== undefined)
    throw wrong('a daemon takes a `token`, or `user` and `password`, not both')
  if (!Number.isInteger(connections) || connections < 1) throw wrong('`connections` is a whole number from 1')
  const authorization = async (): Promise<string | undefined> => {
    if (token !== undefined) return `Bearer ${headerText(await secret(token), 'token')}`
    if (user === undefined || password === undefined) return undefined
    return `Basic ${Buffer.from(`${user}:${await secret(password)}`).toString('base64')}`
  }
  const transport = kuboTransport({
    address: parseAddress(url),
    socket: socketPath === undefined ? undefined : socketAddress(socketPath),
    authorization,
    plainHttp,
    connections,
    stallMs: parseDuration(stallTimeout),
  })
  const rpc = kuboRpc(transport)
  const close = (): Promise<void> => rpc.close()
  return {
    ...contentCalls(rpc),
    ...nodeCalls(rpc),
    files: filesCalls(rpc),
    block: blockCalls(rpc),
    dag: dagCalls(rpc),
    pin: pinCalls(rpc),
    key: keyCalls(rpc),
    name: nameCalls(rpc),
    swarm: swarmCalls(rpc),
    routing: routingCalls(rpc),
    bitswap: bitswapCalls(rpc),
    pubsub: pubsubCalls(rpc),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function headerText(value: string, option: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value
  throw wrong(`\`${option}\` holds what no header can: check it for spaces and line ends`)
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
