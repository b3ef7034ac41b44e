import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { run } from '../provide/run.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface KuboOptions {
  /** Default: the newer one. */
  readonly version?: '0.42' | '0.39' | undefined
  /** Where the RPC API listens. Default: `tcp`. */
  readonly listen?: 'tcp' | 'unix' | undefined
  /** Who may call the API, as `bearer:TOKEN` or `basic:USER:PASSWORD`, and which paths, as prefixes. Default: everybody, all. */
  readonly authorization?: { readonly secret: string; readonly paths?: readonly string[] | undefined } | undefined
  /** Joins other nodes on this machine; without it the node is offline. */
  readonly swarm?: boolean | undefined
  /** The experimental pubsub; needs `swarm`. */
  readonly pubsub?: boolean | undefined
  /** A node that was killed: the new one has its repository and its addresses. */
  readonly successorOf?: Kubo | undefined
}

export interface Kubo extends StartedServer {
  /** The RPC API without its path: `http://127.0.0.1:<port>`; ask `/api/v0/…` of it by POST. Empty where it listens on a socket. */
  readonly api: string
  /** Path of the API's unix socket; empty where it listens on TCP. */
  readonly socketPath: string
  /** The HTTP gateway: `http://127.0.0.1:<port>`, for `/ipfs/…`. */
  readonly gateway: string
  /** The node's IPFS_PATH. */
  readonly repository: string
  /** Runs the `ipfs` command against this node and gives its standard output. */
  ipfs(args: readonly string[], input?: string): Promise<string>
}

const programs = {
  '0.42': { name: 'kubo', profile: 'test,unixfs-v1-2025' },
  // The same chunks and links, as they were called then.
  '0.39': { name: 'kubo-0.39', profile: 'test,test-cid-v1-wide' },
} as const

/** Starts a Kubo node that is cut off from the network, with the UnixFS profile of 2025. */
export async function startKubo(options: KuboOptions = {}): Promise<Kubo> {
  const { version = '0.42', listen = 'tcp', authorization, swarm = false, pubsub = false, successorOf } = options
  const program = await provide(programs[version].name)
  const temporary = await temporaryFolder('kubo')
  const repository = successorOf?.repository ?? join(temporary.path, 'repository')
  const env = { IPFS_PATH: repository, IPFS_TELEMETRY: 'off' }
  const login = authorization === undefined ? [] : ['--api-auth', authorization.secret]
  const ipfs = (args: readonly string[], input?: string): Promise<string> =>
    run(program, [...login, ...args], { env, input })
  const setting = (name: string, value: unknown): Promise<string> =>
    ipfs(['config', '--json', name, JSON.stringify(value)])
  let initialised: Promise<unknown> | undefined
  const initialise = async (): Promise<void> => {
    await ipfs(['init', `--profile=${programs[version].profile}`])
    if (authorization === undefined) return
    const AllowedPaths = authorization.paths ?? ['/api/v0']
    await setting('API.Authorizations', { test: { AuthSecret: authorization.secret, AllowedPaths } })
  }
  return await startServer({
    name: 'kubo',
    program,
    async prepare() {
      const args = ['daemon', ...(swarm ? [] : ['--offline']), ...(pubsub ? ['--enable-pubsub-experiment'] : [])]
      if (successorOf !== undefined) {
        const { api, socketPath, gateway } = successorOf
        // Left by the one that was killed; no other can listen there while it is.
        if (socketPath !== '') await rm(socketPath, { force: true })
        return { args, env, face: { api, socketPath, gateway, repository, ipfs } }
      }
      initialised ??= initialise()
      await initialised
      const [apiPort, gatewayPort] = [await freePort(), await freePort()]
      const socketPath = listen === 'unix' ? join(temporary.path, 'kubo.sock') : ''
      await setting('Addresses.API', listen === 'unix' ? `/unix/${socketPath}` : `/ip4/127.0.0.1/tcp/${apiPort}`)
      await setting('Addresses.Gateway', `/ip4/127.0.0.1/tcp/${gatewayPort}`)
      const api = listen === 'unix' ? '' : `http://127.0.0.1:${apiPort}`
      return { args, env, face: { api, socketPath, gateway: `http://127.0.0.1:${gatewayPort}`, repository, ipfs } }
    },
    async ready(face) {
      // The one call that every login may make.
      await expectAnswer(face, '/api/v0/version', headerOf(authorization?.secret))
      // The empty directory, which every node knows.
      const empty = 'bafyaabakaieac'
      await expectStatus(`${face.gateway}/ipfs/${empty}`, 200, { headers: { accept: 'application/vnd.ipld.raw' } })
    },
    deadlineMs: 30_000,
    temporary,
  })
}

/** Makes two nodes with `swarm` know each other. */
export async function connectKubo(one: Kubo, other: Kubo): Promise<void> {
  const id: { readonly Addresses: readonly string[] | null } = JSON.parse(await other.ipfs(['id']))
  const address = id.Addresses?.find((each) => each.includes('/tcp/') && !each.includes('/ws'))
  if (address === undefined) throw new Error('a node without an address cannot be connected')
  await one.ipfs(['swarm', 'connect', address])
}

function headerOf(secret: string | undefined): Record<string, string> {
  if (secret === undefined) return {}
  const [kind, value] = [secret.slice(0, secret.indexOf(':')), secret.slice(secret.indexOf(':') + 1)]
  return { authorization: kind === 'basic' ? `Basic ${btoa(value)}` : `Bearer ${value}` }
}

async function expectAnswer(
  { api, socketPath }: Pick<Kubo, 'api' | 'socketPath'>,
  path: string,
  headers: Record<string, string>,
): Promise<void> {
  if (socketPath === '') return expectStatus(api + path, 200, { method: 'POST', headers })
  const asked = request({ socketPath, path, headers, method: 'POST', timeout: 2000, agent: false }).end()
  asked.on('timeout', () => asked.destroy(new Error('no answer within 2 s')))
  const [response]: unknown[] = await once(asked, 'response')
  const status: unknown = Reflect.get(Object(response), 'statusCode')
  asked.destroy()
  if (status !== 200) throw new Error(`${path} answered ${String(status)} instead of 200`)
}
