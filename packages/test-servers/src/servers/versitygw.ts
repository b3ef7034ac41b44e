import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Versitygw extends StartedServer {
  /** `http://127.0.0.1:<port>`; path-style addresses. */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  /** The folder whose subfolders are the buckets. */
  readonly folder: string
}

export interface VersitygwOptions {
  /** Serves this folder, which is kept on stop and has to lie on a filesystem with extended attributes. Default: a new one. */
  readonly folder?: string | undefined
}

/** Starts the S3 gateway versitygw over a folder. */
export async function startVersitygw(options: VersitygwOptions = {}): Promise<Versitygw> {
  const program = await provide('versitygw')
  const temporary = await temporaryFolder('versitygw')
  const folder = options.folder ?? join(temporary.path, 'buckets')
  await mkdir(folder, { recursive: true })
  return await startServer({
    name: 'versitygw',
    program,
    async prepare() {
      const port = await freePort()
      const face = {
        endpoint: `http://127.0.0.1:${port}`,
        accessKey: 'kit-access',
        secretKey: 'kit-secret-key',
        region: 'us-east-1',
        folder,
      }
      const credentials = ['--access', face.accessKey, '--secret', face.secretKey]
      return { args: [...credentials, '--port', `127.0.0.1:${port}`, 'posix', folder], face }
    },
    // It refuses a request without a signature, which is an answer.
    ready: (face) => expectStatus(face.endpoint, 403),
    deadlineMs: 15_000,
    temporary,
  })
}
