import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Rclone extends StartedServer {
  /** `http://127.0.0.1:<port>`; for S3 with path-style addresses. */
  readonly endpoint: string
  /** The WebDAV user, or the S3 access key. */
  readonly user: string
  /** The WebDAV password, or the S3 secret key. */
  readonly password: string
  /** What is served; for S3 its subfolders are the buckets. */
  readonly folder: string
}

export interface RcloneOptions {
  /** Serves this folder, which is kept on stop. Default: a new one. */
  readonly folder?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** Starts `rclone serve` over a folder: WebDAV, or a second opinion on S3. */
export async function startRclone(protocol: 'webdav' | 's3', options: RcloneOptions = {}): Promise<Rclone> {
  const program = await provide('rclone')
  const temporary = await temporaryFolder('rclone')
  const folder = options.folder ?? join(temporary.path, 'served')
  await mkdir(folder, { recursive: true })
  const { user = 'kit', password = 'kit-secret-key' } = options
  const login =
    protocol === 's3'
      ? ['--auth-key', `${user},${password}`]
      : ['--user', user, '--pass', password, '--dir-cache-time', '1s']
  return await startServer({
    name: `rclone serve ${protocol}`,
    program,
    async prepare() {
      const port = await freePort()
      const face = { endpoint: `http://127.0.0.1:${port}`, user, password, folder }
      // A configuration of its own, so that the developer's is neither read nor written.
      const args = ['serve', protocol, '--config', join(temporary.path, 'rclone.conf')]
      return { args: [...args, ...login, '--addr', `127.0.0.1:${port}`, folder], face }
    },
    // It refuses a request without credentials, which is an answer.
    ready: (face) => expectStatus(face.endpoint, protocol === 's3' ? 400 : 401),
    deadlineMs: 15_000,
    temporary,
  })
}
