import { definePlugin, storageError } from '@kit/core'
import type { Backend, Capabilities, Checked, Environment, Plugin, Secret } from '@kit/core'
import { capabilities, differences, meet, requireCapabilities, unasked } from './capabilities.ts'
import { directoryOf, kitBackend } from './kit-backend.ts'
import { kitClient, type KitClient } from './kit-client.ts'
import { addressOf, optionsOf } from './server-address.ts'

export interface KitOptions {
  /** Where the server is, such as `https://kit.example.org`; without path, or with the one that a proxy puts before it. */
  readonly url: string
  /** The store there. */
  readonly store: string
  /** What the server lets in, `kit_…`. */
  readonly token?: Secret | undefined
  /** Directory of that store that is the root of this one, such as `photos/2026`. Default: the whole store. */
  readonly prefix?: string | undefined
  /** Sends token and bytes unencrypted to another machine, over `http://`. Default: false; this machine is always reached so. */
  readonly plainHttp?: boolean | undefined
  /** What the store there can do, as a probe told it. Without it, whatever the store cannot do is refused when it is asked for. */
  readonly capabilities?: object | undefined
}

/** What each open instance talks through, by its capabilities: all that a probe is given of an instance. */
const clients = new WeakMap<Capabilities, KitClient>()

/** A store of another Kit, over its REST API. */
export const plugin: Plugin<KitOptions> = definePlugin<KitOptions>({
  contract: 0,
  type: 'kit',
  aliases: ['kit-server'],
  schemes: ['kit', 'kit+http'],
  options: {
    url: { type: 'string', required: true, description: 'Where the server is, such as https://kit.example.org.' },
    store: { type: 'string', required: true, description: 'Name of the store there.' },
    token: { type: 'string', secret: true, description: 'Token that the server lets in.' },
    prefix: { type: 'string', description: 'Directory of that store that is the root of this one.' },
    plainHttp: {
      type: 'boolean',
      description: 'Sends token and bytes unencrypted to another machine.',
      default: false,
    },
    capabilities: { type: 'map', description: 'What the store there can do, as a probe told it.' },
  },
  capabilities,
  narrow: declared,
  probe: async (context, backend) => {
    const client = clients.get(backend.capabilities)
    if (client === undefined) throw storageError('Unexpected', 'the instance is none of this plugin')
    return meet(backend.capabilities, await client.remote(context))
  },
  address: optionsOf,
  open,
})

export { plugin as kit }

function declared({ capabilities: given, prefix }: Checked<KitOptions>): Capabilities {
  const most = given === undefined ? unasked : meet(capabilities, requireCapabilities(given, '`capabilities`'))
  const directory = directoryOf(prefix)
  if (directory === '') return most
  // What is told of a whole store is not told of a directory of it.
  const { usage: _usage, blocks: _blocks, content: _content, pins: _pins, ipns: _ipns, ...ops } = most.ops
  const maxBytes = most.keys.maxBytes - new TextEncoder().encode(`${directory}/`).byteLength
  if (maxBytes < 1) throw storageError('InvalidConfig', 'prefix: it leaves no room for keys')
  return { ...most, ops, keys: { ...most.keys, maxBytes } }
}

function open(options: Checked<KitOptions>, environment: Environment): Backend {
  // A new object for each instance, by which its probe finds it.
  const own: Capabilities = { ...declared(options) }
  const url = addressOf(options)
  if (options.store === '') throw storageError('InvalidConfig', 'store: the name of a store is needed')
  const client = kitClient({ url, store: options.store, token: options.token }, environment, (remote) => {
    if (options.capabilities === undefined) return
    const beyond = differences(own, meet(own, remote))
    if (beyond.length === 0) return
    const text = `the configuration says of it what is not so any more: ${beyond.join(', ')}`
    throw storageError('InvalidConfig', `${text}. Probe the store and save what that tells as \`capabilities\``)
  })
  clients.set(own, client)
  return kitBackend(client, own, directoryOf(options.prefix))
}
