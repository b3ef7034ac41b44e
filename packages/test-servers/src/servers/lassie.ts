import { provide } from '../provide/index.ts'
import { run } from '../provide/run.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Lassie extends StartedServer {
  /** `http://127.0.0.1:<port>`, for `/ipfs/…` as CARs. */
  readonly endpoint: string
  /** Runs `lassie fetch` with the same providers into the file `file`; `cid` may have a path behind it. */
  fetch(cid: string, file: string): Promise<void>
}

export interface LassieOptions {
  /** Gateways that it fetches from, `http://…`. It looks nowhere else. */
  readonly providers: readonly string[]
  /** What clients have to send as their bearer token. Default: none is needed. */
  readonly token?: string | undefined
}

/** Starts a Lassie daemon that fetches over HTTP from the given gateways alone. */
export async function startLassie({ providers, token }: LassieOptions): Promise<Lassie> {
  const program = await provide('lassie')
  const temporary = await temporaryFolder('lassie')
  const env = { HOME: temporary.path, LASSIE_TEMP_DIRECTORY: temporary.path }
  const from = ['--protocols', 'http', '--providers', providers.join(',')]
  return await startServer({
    name: 'lassie',
    program,
    async prepare() {
      const port = await freePort()
      const args = ['daemon', '--address', '127.0.0.1', '--port', String(port), ...from]
      const face = {
        endpoint: `http://127.0.0.1:${port}`,
        fetch: async (cid: string, file: string): Promise<void> => {
          await run(program, ['fetch', ...from, '--output', file, cid], { env })
        },
      }
      return { args: token === undefined ? args : [...args, '--access-token', token], env, face }
    },
    async ready(face) {
      const headers = { accept: 'application/vnd.ipld.car' }
      // The empty block, which its CID itself holds.
      const url = `${face.endpoint}/ipfs/bafkqaaa`
      await expectStatus(url, 200, {
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
      })
    },
    deadlineMs: 30_000,
    temporary,
  })
}
