import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

const logLimit = 256 * 1024

export interface ServerProcess {
  /** What the server has written to both its outputs: the last 256 KiB. */
  log(): string
  exited(): boolean
  /** SIGSTOP; resolves when the server stands still. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): void
  /** Ends the server with SIGTERM, after `graceMs` with SIGKILL, and resolves when it is gone. */
  stop(graceMs?: number): Promise<void>
  /** Ends the server and all that it has started with SIGKILL, as a crash would, and resolves when it is gone. */
  kill(): Promise<void>
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>> | undefined
  /** A temporary folder that is removed when this process ends before it has stopped the server. */
  readonly folder?: string | undefined
}

/** Starts a server in a process group of its own, which is killed when this process ends, however it ends. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ServerProcess> {
  const child = spawn(program, args, {
    detached: true,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-logLimit)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  await once(child, 'spawn')
  const gone = once(child, 'close')
  const guard = startGuard(child, options.folder)

  const exited = (): boolean => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    if (!exited()) {
      child.kill(signal)
      await Promise.race([once(child, 'exit'), delay(graceMs)])
    }
    // Also ends the session processes that a server leaves behind.
    killGroup(child)
    await gone
    await guard.dismiss()
  }
  return {
    log: () => output,
    exited,
    async pause() {
      child.kill('SIGSTOP')
      while (!(await stands(child.pid))) await delay(5)
    },
    resume: () => void child.kill('SIGCONT'),
    stop: (graceMs = 5000) => end('SIGTERM', graceMs),
    kill: () => end('SIGKILL', 5000),
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is empty already.
  }
}

/** Where the system does not tell, it is taken to. */
async function stands(pid: number | undefined): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tT')
  return /^State:\s*T/m.test(status)
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

/**
 * A shell that waits for the end of its input, which comes even when this process is killed, and then kills the group
 * and removes the folder.
 * It is dismissed before the group's number can belong to another.
 */
function startGuard(server: ChildProcess, folder = ''): { dismiss(): Promise<void> } {
  const guard = spawn(
    '/bin/sh',
    ['-c', 'read -r _; kill -KILL -"$0"; test -z "$1" || rm -rf "$1"', String(server.pid), folder],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  const gone = once(guard, 'close')
  guard.unref()
  guard.stdin.on('error', () => {})
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
  return {
    async dismiss() {
      guard.ref()
      guard.kill('SIGKILL')
      await gone
    },
  }
}
