import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { run } from '../provide/run.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Kubo extends StartedServer {
  /** The RPC API without its path: `http://127.0.0.1:<port>`; ask `/api/v0/…` of it by POST. */
  readonly api: string
  /** The HTTP gateway: `http://127.0.0.1:<port>`, for `/ipfs/…`. */
  readonly gateway: string
  /** The node's IPFS_PATH. */
  readonly repository: string
  /** Runs the `ipfs` command against this node and gives its standard output. */
  ipfs(args: readonly string[], input?: string): Promise<string>
}

/** Starts a Kubo node that is cut off from the network, with the UnixFS profile of 2025. */
export async function startKubo(): Promise<Kubo> {
  const program = await provide('kubo')
  const temporary = await temporaryFolder('kubo')
  const repository = join(temporary.path, 'repository')
  const env = { IPFS_PATH: repository, IPFS_TELEMETRY: 'off' }
  const ipfs = (args: readonly string[], input?: string): Promise<string> => run(program, args, { env, input })
  let initialised: Promise<string> | undefined
  return await startServer({
    name: 'kubo',
    program,
    async prepare() {
      initialised ??= ipfs(['init', '--profile=test,unixfs-v1-2025'])
      await initialised
      const [apiPort, gatewayPort] = [await freePort(), await freePort()]
      await ipfs(['config', 'Addresses.API', `/ip4/127.0.0.1/tcp/${apiPort}`])
      await ipfs(['config', 'Addresses.Gateway', `/ip4/127.0.0.1/tcp/${gatewayPort}`])
      const face = { api: `http://127.0.0.1:${apiPort}`, gateway: `http://127.0.0.1:${gatewayPort}`, repository, ipfs }
      return { args: ['daemon', '--offline'], env, face }
    },
    async ready(face) {
      await expectStatus(`${face.api}/api/v0/diag/healthy`, 200, { method: 'POST' })
      // The empty directory, which every node knows.
      const empty = 'bafyaabakaieac'
      await expectStatus(`${face.gateway}/ipfs/${empty}`, 200, { headers: { accept: 'application/vnd.ipld.raw' } })
    },
    deadlineMs: 30_000,
    temporary,
  })
}
