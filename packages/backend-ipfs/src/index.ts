import {
  definePlugin,
  storageError,
  type Backend,
  type Capabilities,
  type Checked,
  type Environment,
  type Plugin,
} from '@kit/core'
import type { Profile } from '@kit/content'
import { capabilities } from './capabilities.ts'
import { ipfsBackend } from './ipfs-backend.ts'
import { kubo, type KuboClient, type KuboOptions } from './kubo.ts'
import { defaultUrl, nameOf, parseAddress } from './rpc/index.ts'
import { rootOf } from './root.ts'
import { turnsOf } from './turns.ts'

export interface IpfsOptions extends Omit<KuboOptions, 'stallTimeout'> {
  /** Directory of the daemon's files that is the root of the store, as `ipfs files ls` shows it. `/` is all of them. Default: `/kit`. */
  readonly root?: string | undefined
  /** How bodies that are written become blocks (IPIP-499). Default: `unixfs-v1-2025`; the older one gives CIDs that begin with Qm. */
  readonly profile?: Profile | undefined
  /** Whose bytes are believed. Default: `nobody`, so every block is checked against its CID; `daemon` saves that, for one that is yours. */
  readonly trust?: 'nobody' | 'daemon' | undefined
}

/** What each open instance talks through, by its capabilities: all that a probe is given of an instance. */
const clients = new WeakMap<Capabilities, KuboClient>()

/** A Kubo daemon: its files by path, its content by CID. */
export const plugin: Plugin<IpfsOptions> = definePlugin<IpfsOptions>({
  contract: 0,
  type: 'ipfs',
  aliases: ['kubo'],
  schemes: ['ipfs+http', 'ipfs+https', 'ipfs+unix'],
  options: {
    url: {
      type: 'string',
      description: "Where the daemon's RPC API is: http://HOST:PORT, /unix/PATH or a multiaddress.",
      default: defaultUrl,
    },
    socketPath: {
      type: 'string',
      localPath: true,
      description: 'A unix socket of the daemon, used instead of the url while it is there.',
    },
    token: { type: 'string', secret: true, description: "Bearer token, where the daemon's API asks for one." },
    user: {
      type: 'string',
      description: "Name to log in with, where the daemon's API asks for one; instead of a token.",
    },
    password: { type: 'string', secret: true, description: 'Password of that user.' },
    plainHttp: {
      type: 'boolean',
      description: 'Sends the login unencrypted, over http, to another machine.',
      default: false,
    },
    connections: { type: 'number', minimum: 1, description: 'Connections to the daemon at once.', default: 32 },
    root: { type: 'string', description: "Directory of the daemon's files that holds this store.", default: '/kit' },
    profile: {
      type: 'string',
      values: ['unixfs-v1-2025', 'unixfs-v0-2015'],
      description: 'How files become blocks; the older one gives CIDs that begin with Qm.',
      default: 'unixfs-v1-2025',
    },
    trust: {
      type: 'string',
      values: ['nobody', 'daemon'],
      description: 'Whose bytes are believed: nobody (every block is checked) or the daemon.',
      default: 'nobody',
    },
  },
  capabilities,
  narrow: ({ root }) => declared(rootOf(root)),
  async probe(context, backend) {
    const client = clients.get(backend.capabilities)
    if (client === undefined) throw storageError('Unexpected', 'the instance is none of this plugin')
    await client.health(context)
    return withVersion(backend.capabilities, await client.version(context))
  },
  address,
  open,
})

export { plugin as ipfs }
export { kubo, type KuboClient, type KuboOptions } from './kubo.ts'
export type {
  Added,
  AddOptions,
  BitswapCalls,
  BlockCalls,
  CarImport,
  ContentCalls,
  DagCalls,
  FilesCalls,
  FilesStat,
  Key,
  KeyCalls,
  KuboCall,
  LsEntry,
  NameCalls,
  NodeCalls,
  NodeId,
  PinCalls,
  PubsubCalls,
  PubsubMessage,
  RemoteFilter,
  RemotePin,
  RemotePinCalls,
  RepoStat,
  RoutedPeer,
  RoutingCalls,
  SwarmCalls,
  SwarmPeer,
  TreeEntry,
} from './calls/index.ts'

/** At the root of all files, two names would be taken for content. */
function declared(root: string): Capabilities {
  return root === '' ? { ...capabilities, keys: { ...capabilities.keys, reserved: ['ipfs', 'ipns'] } } : capabilities
}

/** Before 0.39 nobody has tried: what is written could be another thing than what was asked for. */
function withVersion(own: Capabilities, version: string): Capabilities {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 0 || minor >= 39) return own
  const { write: _write, copy: _copy, move: _move, ...ops } = own.ops
  const { write: _, ...rest } = own
  return { ...rest, ops }
}

function open(options: Checked<IpfsOptions>, environment: Environment): Backend {
  const { root, profile = 'unixfs-v1-2025', trust = 'nobody', ...how } = options
  const below = rootOf(root)
  // A new object for each instance, by which its probe finds it.
  const own: Capabilities = { ...declared(below) }
  // Core watches over stalls.
  const client = kubo({ ...how, stallTimeout: 0 }, (value) => environment.secret(value))
  clients.set(own, client)
  const turns = turnsOf(`${nameOf(parseAddress(how.url ?? defaultUrl))} ${how.socketPath ?? ''}`)
  return ipfsBackend({ client, capabilities: own, turns, root: below, profile, trust })
}

/** `ipfs+http://HOST:PORT/DIRECTORY`, `ipfs+https://…`, or `ipfs+unix:///PATH`. */
function address(url: URL): IpfsOptions {
  if (url.username !== '' || url.password !== '') {
    throw storageError('InvalidConfig', 'no login goes in an address; configure a store with a `token`')
  }
  if (url.search !== '' || url.hash !== '')
    throw storageError('InvalidConfig', `${url.href}: it ends before "?" and "#"`)
  const path = decodeURIComponent(url.pathname)
  if (url.protocol === 'ipfs+unix:') return { url: `/unix${path}` }
  const server = `${url.protocol.slice('ipfs+'.length)}//${url.host}`
  return path === '' || path === '/' ? { url: server } : { url: server, root: path.replace(/\/$/, '') }
}
