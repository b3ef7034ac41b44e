// Starts the programs that the scripts consist of, by the names under which this workspace installs them.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './workspace.ts'

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  TURBO_NO_UPDATE_NOTIFIER: '1',
  TURBO_TELEMETRY_DISABLED: '1',
}

export interface Outcome {
  readonly code: number
  /** What it printed on both streams, in order; empty where it printed for itself. */
  readonly output: string
}

/** Runs a command at the root and keeps what it prints. */
export function runQuietly(command: readonly string[]): Promise<Outcome> {
  return run(command, 'pipe', {})
}

/**
 * Runs vitest on this terminal. The count of tests is printed last, on a line of its own; a run that breaks down before it has counted
 * ends with a failed one.
 */
export async function runTests(vitestArguments: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'kit-count-'))
  try {
    const countFile = join(folder, 'count')
    const { code } = await run(['vitest', 'run', ...vitestArguments], 'inherit', { KIT_COUNT_FILE: countFile })
    console.log(existsSync(countFile) ? readFileSync(countFile, 'utf8') : '0 passed, 1 failed')
    return code
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(command: readonly string[], stdio: 'pipe' | 'inherit', extra: NodeJS.ProcessEnv): Promise<Outcome> {
  const [program = '', ...programArguments] = command
  const child = spawn(program, programArguments, {
    cwd: root,
    env: { ...environment, ...extra },
    stdio: ['ignore', stdio, stdio],
  })
  let stoppedBy: NodeJS.Signals | undefined
  const forward = (signal: NodeJS.Signals): void => {
    stoppedBy = signal
    child.kill(signal)
  }
  process.on('SIGINT', forward).on('SIGTERM', forward)
  let output = ''
  const keep = (chunk: string): void => {
    output += chunk
  }
  child.stdout?.setEncoding('utf8').on('data', keep)
  child.stderr?.setEncoding('utf8').on('data', keep)
  return new Promise((resolve) => {
    const settle = (code: number): void => {
      process.off('SIGINT', forward).off('SIGTERM', forward)
      // Who stops this program stops the rest of its work too.
      if (stoppedBy) process.exit(128 + constants.signals[stoppedBy])
      resolve({ code, output })
    }
    child.on('error', (error) => {
      output += `cannot run ${program}: ${error.message}\n`
      settle(127)
    })
    child.on('close', (code, signal) => settle(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}
