import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

export interface Spawned {
  readonly child: ChildProcess
  /** `http://127.0.0.1:PORT` as it was printed; '' where the server did not start. */
  readonly base: string
  /** The commands that it shows. */
  readonly commands: readonly string[]
  output(): string
  errors(): string
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>
}

/** Starts the server as `npm start` does, in a folder, and waits until it listens or has ended. */
export async function spawnServer(
  folder: string,
  given: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<Spawned> {
  const child = spawn(process.execPath, ['--conditions=@kit/source', main, ...given], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', KIT_HOME: join(folder, 'home'), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const listening = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('/objects\n')) resolve()
    })
  })
  await Promise.race([listening, ended])
  return {
    child,
    base: /listening on (\S+)/.exec(output)?.[1] ?? '',
    commands: output.split('\n').filter((line) => /\bcurl\b/.test(line)),
    output: () => output,
    errors: () => errors,
    ended,
  }
}

/** The same for one test, at any free port; killed when the test has ended. */
export async function start(
  folder: string,
  given: string[] = [],
  variables: Record<string, string> = {},
): Promise<Spawned> {
  const spawned = await spawnServer(folder, ['--port', '0', ...given], variables)
  onTestFinished(async () => {
    spawned.child.kill('SIGKILL')
    await spawned.ended
  })
  return spawned
}
