import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { run } from '../provide/run.ts'
import { freePort } from './free-port.ts'
import { selfSignedCertificate } from './self-signed-certificate.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export type FtpDaemon = 'vsftpd' | 'pure-ftpd'

export interface FtpServer extends StartedServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** The folder on disk that `path` shows. */
  readonly folder: string
  /** Where in the daemon's tree the user may write: `/`, with vsftpd `/files`. */
  readonly path: string
  /** The daemon's certificate in PEM. Plain connections and explicit TLS (`AUTH TLS`) both work. */
  readonly certificate: string
}

export interface FtpOptions {
  readonly daemon: FtpDaemon
  /** With vsftpd: data connections have to resume the TLS session of their control connection. Default: true. */
  readonly requireSessionReuse?: boolean | undefined
}

interface Setup {
  readonly temporary: string
  readonly requireSessionReuse: boolean
  readonly port: number
  /** First and last port of the daemon's passive data connections. */
  readonly passivePorts: readonly [number, number]
}

const password = 'kit-secret'
/** Of that password by crypt(3) with SHA-512: the hash that pure-pw makes would cost each login over a second. */
const passwordHash = '$6$kit$iWFGqGgVaVWDwB0aopZEiCwvIifDcGW4gFIpP7I.DIxrxggDIQOskkMzH6wG1Linav8Bhmi5ATlxHqthKKQRk0'

/** Starts an FTP daemon that lets one user in. */
export async function startFtp(options: FtpOptions): Promise<FtpServer> {
  const program = await provide(options.daemon)
  const packageRoot = program.slice(0, -join('usr/sbin', options.daemon).length)
  const temporary = await temporaryFolder(options.daemon)
  const { key, certificate } = selfSignedCertificate()
  const daemon = daemons[options.daemon]
  try {
    // The daemon leaves root before it serves, and has to pass through here.
    await chmod(temporary.path, 0o755)
    await writeFile(join(temporary.path, 'tls.pem'), key + certificate, { mode: 0o600 })
    await daemon.prepare(temporary.path, packageRoot)
  } catch (error) {
    await temporary.remove()
    throw error
  }
  return await startServer({
    name: options.daemon,
    program,
    async prepare() {
      const port = await freePort()
      const requireSessionReuse = options.requireSessionReuse ?? true
      const passivePorts = passiveRange()
      const args = await daemon.args({ temporary: temporary.path, requireSessionReuse, port, passivePorts })
      const { user, path } = daemon
      const face = {
        host: '127.0.0.1',
        port,
        user,
        password,
        folder: join(temporary.path, 'root', path),
        path,
        certificate,
      }
      return { args, env: { LD_LIBRARY_PATH: libraries(packageRoot) }, face }
    },
    ready: (face) => greeting(face.port),
    deadlineMs: 10_000,
    temporary,
  })
}

const daemons = {
  'pure-ftpd': {
    user: 'kit',
    path: '/',
    /** A virtual user in a database of its own, who is `nobody` on disk. */
    async prepare(temporary: string, packageRoot: string): Promise<void> {
      const root = join(temporary, 'root')
      const nobody = await account('nobody')
      await mkdir(root)
      await chown(root, nobody.uid, nobody.gid)
      const entry = [
        'kit',
        passwordHash,
        nobody.uid,
        nobody.gid,
        '',
        `${root}/./`,
        ...Array.from({ length: 12 }, () => ''),
      ]
      await writeFile(join(temporary, 'users'), `${entry.join(':')}\n`)
      await run(
        join(packageRoot, 'usr/bin/pure-pw'),
        ['mkdb', join(temporary, 'users.pdb'), '-f', join(temporary, 'users')],
        {
          env: { LD_LIBRARY_PATH: libraries(packageRoot) },
        },
      )
    },
    async args(setup: Setup): Promise<readonly string[]> {
      const users = ['-l', `puredb:${join(setup.temporary, 'users.pdb')}`, '-E', '-A', '-u', '1', '-H']
      const tls = ['-Y', '1', '-2', join(setup.temporary, 'tls.pem')]
      const ports = ['-4', '-S', `127.0.0.1,${setup.port}`, '-p', setup.passivePorts.join(':')]
      return [...users, ...tls, ...ports, '-c', '100', '-C', '100', '-g', join(setup.temporary, 'pid')]
    },
  },
  vsftpd: {
    user: 'anonymous',
    // It refuses to put an anonymous user into a root that he may write to.
    path: '/files',
    async prepare(temporary: string): Promise<void> {
      // The user's home has to exist, which that of `nobody` does not.
      const daemon = await account('daemon')
      await mkdir(join(temporary, 'empty'))
      await mkdir(join(temporary, 'root/files'), { recursive: true })
      await chown(join(temporary, 'root/files'), daemon.uid, daemon.gid)
    },
    async args(setup: Setup): Promise<readonly string[]> {
      const file = join(setup.temporary, 'vsftpd.conf')
      await writeFile(join(setup.temporary, 'passwords'), `${password}\n`)
      await writeFile(file, vsftpdConfiguration(setup))
      return [file]
    },
  },
}

function vsftpdConfiguration(setup: Setup): string {
  const { temporary, port, passivePorts } = setup
  const certificate = join(temporary, 'tls.pem')
  const settings = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    local_enable: 'NO',
    anonymous_enable: 'YES',
    ftp_username: 'daemon',
    anon_root: join(temporary, 'root'),
    secure_email_list_enable: 'YES',
    email_password_file: join(temporary, 'passwords'),
    write_enable: 'YES',
    anon_upload_enable: 'YES',
    anon_mkdir_write_enable: 'YES',
    anon_other_write_enable: 'YES',
    anon_world_readable_only: 'NO',
    anon_umask: '022',
    secure_chroot_dir: join(temporary, 'empty'),
    seccomp_sandbox: 'NO',
    delay_failed_login: 0,
    pasv_address: '127.0.0.1',
    pasv_min_port: passivePorts[0],
    pasv_max_port: passivePorts[1],
    ssl_enable: 'YES',
    allow_anon_ssl: 'YES',
    force_local_data_ssl: 'NO',
    force_local_logins_ssl: 'NO',
    require_ssl_reuse: setup.requireSessionReuse ? 'YES' : 'NO',
    rsa_cert_file: certificate,
    rsa_private_key_file: certificate,
    xferlog_enable: 'YES',
    log_ftp_protocol: 'YES',
    vsftpd_log_file: join(temporary, 'log'),
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Below the ports that the system gives to others, at a random place so that daemons side by side rarely meet. */
function passiveRange(): readonly [number, number] {
  const first = 10_000 + Math.floor(Math.random() * 200) * 100
  return [first, first + 99]
}

function libraries(packageRoot: string): string {
  const machine = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return ['usr/lib', 'lib'].map((folder) => join(packageRoot, folder, machine)).join(':')
}

async function account(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new Error(`there is no user ${name}, as whom the daemon would serve`)
  return { uid: Number(uid), gid: Number(gid) }
}

/** Resolves when the daemon greets (RFC 959, reply 220). */
function greeting(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(2000, () => socket.destroy(new Error('no greeting within 2 s')))
    socket.on('error', reject)
    socket.once('data', (bytes) => {
      const text = bytes.toString('latin1')
      socket.end('QUIT\r\n')
      if (text.startsWith('220')) resolve()
      else reject(new Error(`greeted with ${text}`))
    })
    socket.once('end', () => reject(new Error('closed without a greeting')))
  })
}
