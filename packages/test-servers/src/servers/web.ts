import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provide } from '../provide/index.ts'
import { freePort } from './free-port.ts'
import { expectStatus } from './http-answer.ts'
import { startServer } from './start-server.ts'
import type { StartedServer } from './start-server.ts'
import { temporaryFolder } from './temporary-folder.ts'

export type WebDaemon = 'nginx' | 'nginx-json' | 'apache' | 'python'

export interface WebServer extends StartedServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** What is served, with an index page for each directory. */
  readonly folder: string
}

/** Starts a web server that shows a folder to everybody here. */
export async function startWeb(daemon: WebDaemon): Promise<WebServer> {
  // Python comes with the tests' own tools.
  const program = daemon === 'python' ? 'python3' : await provide(daemon === 'nginx-json' ? 'nginx' : daemon)
  const temporary = await temporaryFolder(daemon)
  const folder = join(temporary.path, 'served')
  await mkdir(folder)
  return startServer({
    name: daemon,
    program,
    async prepare() {
      const port = await freePort()
      const args = await daemons[daemon](temporary.path, folder, port, program)
      return { args, face: { url: `http://127.0.0.1:${port}`, folder } }
    },
    ready: ({ url }) => expectStatus(`${url}/`, 200),
    deadlineMs: 15_000,
    temporary,
  })
}

type Arguments = (temporary: string, folder: string, port: number, program: string) => Promise<readonly string[]>

const nginx =
  (format: 'html' | 'json'): Arguments =>
  async (temporary, folder, port) => {
    const path = join(temporary, 'nginx.conf')
    await writeFile(
      path,
      `daemon off; user root; worker_processes 1; pid ${temporary}/nginx.pid; error_log stderr;
events { worker_connections 256; }
http {
  access_log off; default_type application/octet-stream;
  types { text/plain txt; text/html html; application/json json; }
  client_body_temp_path ${temporary}/body; proxy_temp_path ${temporary}/proxy;
  fastcgi_temp_path ${temporary}/fastcgi; uwsgi_temp_path ${temporary}/uwsgi; scgi_temp_path ${temporary}/scgi;
  server { listen 127.0.0.1:${port}; root ${folder}; autoindex on; autoindex_format ${format}; index no-such-file; }
}
`,
    )
    return ['-p', temporary, '-e', 'stderr', '-c', path]
  }

const daemons: Readonly<Record<WebDaemon, Arguments>> = {
  nginx: nginx('html'),
  'nginx-json': nginx('json'),
  async apache(temporary, folder, port, program) {
    const modules = join(program, '..', 'usr/lib/apache2/modules')
    const names = ['mpm_event', 'authz_core', 'dir', 'autoindex', 'mime', 'alias']
    const path = join(temporary, 'apache.conf')
    await writeFile(join(temporary, 'mime.types'), 'text/plain txt\ntext/html html\napplication/json json\n')
    await writeFile(
      path,
      `ServerRoot ${temporary}
${names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
PidFile ${temporary}/apache.pid
DefaultRuntimeDir ${temporary}
ErrorLog ${temporary}/error.log
TypesConfig ${temporary}/mime.types
AddEncoding x-gzip .gz
DocumentRoot ${folder}
<Directory ${folder}>
  Options Indexes
  IndexOptions FancyIndexing ShowForbidden
  DirectoryIndex disabled
  Require all granted
</Directory>
`,
    )
    return ['-X', '-f', path]
  },
  python: async (_, folder, port) => ['-m', 'http.server', '--bind', '127.0.0.1', '--directory', folder, `${port}`],
}
