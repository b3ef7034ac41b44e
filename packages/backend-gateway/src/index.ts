import { definePlugin, storageError } from '@kit/core'
import type { Backend, Capabilities, Checked, Duration, Environment, Plugin, Secret } from '@kit/core'
import { capabilities } from './capabilities.ts'
import { dnsLink } from './dnslink.ts'
import { parseEndpoint, type Endpoint } from './endpoint.ts'
import { gatewayBackend } from './gateway-backend.ts'
import { gatewayClient } from './gateway-client.ts'
import type { Gateway } from './gateway.ts'
import { nameResolver } from './ipns-names.ts'
import { lassieDaemon, type LassieOptions } from './lassie-daemon.ts'
import { createScores } from './scores.ts'

export type { LassieOptions }

export interface GatewayOptions {
  /** Trustless gateways, Lassie daemons or Saturn nodes, by their addresses before `/ipfs`. Nothing else is ever asked. */
  readonly endpoints?: readonly string[] | undefined
  /** Bearer token of the first endpoint. No other gets it. */
  readonly token?: Secret | undefined
  /** Runs a Lassie daemon while the store is open, as one more endpoint. */
  readonly lassie?: LassieOptions | undefined
  /** Hosts that redirects may lead to, with their subdomains. An endpoint's own host and its subdomains always may. */
  readonly redirectHosts?: readonly string[] | undefined
  /** Longest time until the head of an answer, or until the next block that was asked for. Default 30 s. */
  readonly timeout?: Duration | undefined
  /** How domain names are resolved: `dns`, or the address of a DNS-over-HTTPS service. Default: not at all, for nobody can verify it. */
  readonly dnslink?: string | undefined
}

/** Content from gateways that nobody need trust: every byte is verified before it is given out. */
export const plugin: Plugin<GatewayOptions> = definePlugin<GatewayOptions>({
  contract: 0,
  type: 'gateway',
  aliases: ['lassie', 'saturn'],
  schemes: ['gateway', 'gateway+http'],
  options: {
    endpoints: {
      type: 'list',
      description:
        'Addresses of trustless gateways, Lassie daemons or Saturn nodes, before /ipfs. Nothing else is asked.',
    },
    token: { type: 'string', secret: true, description: 'Bearer token of the first endpoint; no other gets it.' },
    lassie: {
      type: 'map',
      description: 'Runs a Lassie daemon while the store is open, as one more endpoint.',
      fields: {
        program: { type: 'string', required: true, localPath: true, description: 'The lassie program, as a path.' },
        providers: {
          type: 'list',
          required: true,
          description: 'Addresses that it may fetch from; it asks nobody else.',
        },
      },
    },
    redirectHosts: {
      type: 'list',
      description: 'Hosts that redirects may lead to, with their subdomains, besides those of the endpoint itself.',
    },
    timeout: {
      type: 'duration',
      description: 'Longest time until the head of an answer, or until the next block that was asked for.',
      default: '30 s',
      minimum: 1,
    },
    dnslink: {
      type: 'string',
      description:
        'How domain names are resolved: `dns`, or the address of a DNS-over-HTTPS service. Default: not at all.',
    },
  },
  capabilities,
  narrow,
  address: (url) => {
    if (url.username !== '' || url.password !== '' || url.host === '' || url.search !== '' || url.hash !== '') {
      throw storageError('InvalidConfig', `${url.protocol}//${url.host}: a gateway is written gateway://host:port/path`)
    }
    const scheme = url.protocol === 'gateway+http:' ? 'http' : 'https'
    return { endpoints: [`${scheme}://${url.host}${url.pathname === '/' ? '' : url.pathname}`] }
  },
  open,
})

export { plugin as gateway, plugin as lassie, plugin as saturn }

/** Lassie has no names. */
function narrow({ endpoints = [], lassie }: Checked<GatewayOptions>): Capabilities {
  if (endpoints.length > 0 || lassie === undefined) return capabilities
  const { ipns: _, ...ops } = capabilities.ops
  return { ...capabilities, ops }
}

function open(options: Checked<GatewayOptions>, environment: Environment): Backend {
  const { endpoints: addresses = [], token, lassie, redirectHosts = [], timeout = 30_000, dnslink } = options
  if (addresses.length === 0 && lassie === undefined) {
    throw storageError(
      'InvalidConfig',
      'endpoints: name at least one gateway. Nothing is asked that is not named, and there is no public service to fall back on: the network of Saturn is gone, and Lassie is a daemon of your own',
    )
  }
  if (token !== undefined && addresses.length === 0) {
    throw storageError('InvalidConfig', 'token: it is for the first of `endpoints`, and there is none')
  }
  for (const host of redirectHosts) {
    if (typeof host !== 'string' || URL.parse(`https://${host}/`)?.hostname !== host.toLowerCase()) {
      throw storageError('InvalidConfig', `redirectHosts: ${JSON.stringify(host)} is no host name`)
    }
  }
  const configured = addresses.map((text, index) => parseEndpoint(text, index === 0 ? token : undefined))
  const daemon = lassie === undefined ? undefined : lassieDaemon(lassie)
  const gateway: Gateway = {
    endpoints: async (context) => {
      if (daemon === undefined) return configured
      if (configured.length === 0) return [await daemon.endpoint(context)]
      const own = daemon.running()
      if (own !== undefined) return [...configured, own]
      // Nobody waits for its start while others can be asked.
      daemon.endpoint(context).catch((error: unknown) => {
        context.log('warn', 'lassie does not run; the other endpoints are asked', { error: String(error) })
      })
      return configured
    },
    client: gatewayClient({ timeoutMs: timeout, redirectHosts }, environment),
    scores: createScores<Endpoint>(),
    timeoutMs: timeout,
  }
  const names = nameResolver(gateway, dnslink === undefined ? undefined : dnsLink(dnslink))
  return gatewayBackend(gateway, narrow(options), names, async () => daemon?.close())
}
