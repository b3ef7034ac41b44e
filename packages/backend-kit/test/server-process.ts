import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('main.ts', import.meta.resolve('@kit/server')))

export interface ServerProcess {
  readonly child: ChildProcess
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Ends it as told, and waits for that. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** A server process of its own over one store of files called `files`, in `.kit/files` of this folder. */
export async function startServerProcess(folder: string): Promise<ServerProcess> {
  await writeFile(join(folder, 'kit.yaml'), 'stores:\n  files: { type: fs, path: .kit/files }\n')
  const child = spawn(process.execPath, ['--conditions=@kit/source', main, '--port', '0'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', KIT_HOME: join(folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const found = /listening on (http:\S+)\n/.exec(output)?.[1]
        if (found !== undefined) resolve(found)
      })
    }
    ended.then(() => reject(new Error(`the server ended: ${output}`)), reject)
  })
  return {
    child,
    url,
    async stop(signal) {
      child.kill(signal)
      await ended
    },
  }
}
