import { setTimeout as sleep } from 'node:timers/promises'
import { startProcess } from './server-process.ts'
import type { ServerProcess } from './server-process.ts'
import type { TemporaryFolder } from './temporary-folder.ts'

export interface StartedServer extends AsyncDisposable {
  /** What the server has written to both its outputs: the last 256 KiB. */
  log(): string
  /** Ends the server and removes what was made for it. Stopping twice is harmless. */
  stop(): Promise<void>
  /** Ends the server with SIGKILL, as a crash would, and leaves its folders until `stop`. */
  kill(): Promise<void>
  /** Stops the server from running with SIGSTOP, so that it neither answers nor ends, until `resume`. Resolves when it stands. */
  pause(): Promise<void>
  resume(): void
}

export interface ServerPlan<T extends object> {
  readonly name: string
  readonly program: string
  /** Called anew for each try, so that ports taken meanwhile by others are not asked for again. */
  readonly prepare: () => Promise<{
    readonly args: readonly string[]
    readonly env?: Readonly<Record<string, string>> | undefined
    readonly face: T
  }>
  /** One question in the server's own protocol: resolves when it answers as it should, throws while it does not. */
  readonly ready: (face: T) => Promise<void>
  readonly deadlineMs: number
  /** Removed when the server is stopped or does not start. */
  readonly temporary: TemporaryFolder
}

const tries = 3

/** Starts a server and resolves when it answers; rejects with its output when it does not within the deadline. */
export async function startServer<T extends object>(plan: ServerPlan<T>): Promise<T & StartedServer> {
  try {
    for (let attempt = 1; ; attempt++) {
      const { args, env, face } = await plan.prepare()
      const server = await startProcess(plan.program, args, { env, folder: plan.temporary.path })
      const failure = await waitUntilReady(server, plan, face)
      if (failure === undefined) return { ...face, ...controls(server, plan.temporary) }
      await server.kill()
      const portTaken = /address already in use|could not bind/i.test(server.log())
      if (!portTaken || attempt === tries) throw new Error(`${plan.name} did not start: ${failure}\n${server.log()}`)
    }
  } catch (error) {
    await plan.temporary.remove()
    throw error
  }
}

async function waitUntilReady<T extends object>(
  server: ServerProcess,
  plan: ServerPlan<T>,
  face: T,
): Promise<string | undefined> {
  const end = Date.now() + plan.deadlineMs
  let last = 'it did not answer'
  while (Date.now() < end) {
    if (server.exited()) return 'it ended by itself'
    try {
      await plan.ready(face)
      return undefined
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await sleep(50)
  }
  return `not ready after ${plan.deadlineMs} ms, last: ${last}`
}

function controls(server: ServerProcess, temporary: TemporaryFolder): StartedServer {
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= server.stop().then(temporary.remove))
  return {
    log: () => server.log(),
    stop,
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    [Symbol.asyncDispose]: stop,
  }
}
