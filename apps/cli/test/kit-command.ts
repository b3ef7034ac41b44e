import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { bundledCommand } from './bundle.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
}

/** What Node runs: the bundle, with packages that are not in it from source. */
export async function commandWords(): Promise<readonly string[]> {
  return ['--conditions=@kit/source', await bundledCommand()]
}

/** A folder with a `kit.yaml`: store `a` in the folder `data`, and whatever else is given. */
export interface Workplace {
  readonly folder: string
  /** Runs the real command in the folder, to its end. */
  kit(words: readonly string[], options?: RunOptions): Promise<Ended>
  /** Starts it, for a test to feed and to stop. */
  start(words: readonly string[], environment?: RunOptions['environment']): Running
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<Ended>
}

export async function workplace(
  config = 'stores:\n  a: { type: fs, path: data }\n',
  whenOver: (clean: () => Promise<void>) => void = onTestFinished,
): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-cli-'))
  whenOver(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'kit.yaml'), config)
  const command = await commandWords()
  const start: Workplace['start'] = (words, environment = {}) => {
    const own = { KIT_HOME: join(folder, 'home'), KIT_CONFIG: undefined, FORCE_COLOR: undefined, NO_COLOR: undefined }
    const child = spawn(process.execPath, [...command, ...words], {
      cwd: folder,
      env: { ...process.env, ...own, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // A command that ends early does not read its input.
    child.stdin.on('error', () => undefined)
    const exit = new Promise<number | null>((resolve) => child.on('exit', resolve))
    const ended = Promise.all([exit, text(child.stdout).catch(() => ''), text(child.stderr)])
    return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) }
  }
  return {
    folder,
    start,
    async kit(words, { input = '', environment } = {}) {
      const { child, ended } = start(words, environment)
      child.stdin.end(input)
      return ended
    },
  }
}

/** The lines of JSON on standard output. */
export function jsonLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
