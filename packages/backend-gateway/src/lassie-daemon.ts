import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storageError, untilAborted, type Context } from '@kit/core'
import { parseEndpoint, type Endpoint } from './endpoint.ts'

export interface LassieOptions {
  /** The `lassie` program (0.25 or newer). */
  readonly program: string
  /** Where it may fetch from: addresses of gateways, or multiaddrs. It looks nowhere else. */
  readonly providers: readonly string[]
}

/** A Lassie daemon of our own: on loopback, behind a token that nobody else knows, gone with this process. */
export interface LassieDaemon {
  /** The running daemon's endpoint; starts it at the first call, and again when it has ended. */
  endpoint(context: Context): Promise<Endpoint>
  /** Where it runs now, if it does. */
  running(): Endpoint | undefined
  /** Ends it and removes its folder. Closing twice is no error. */
  close(): Promise<void>
}

const startMs = 15_000
const graceMs = 3000
/** After a daemon that ended soon the next start waits, doubling up to this. */
const restartMaxMs = 30_000
const restartMs = 250
const logLimit = 4096

/**
 * Runs the program (`$@` behind the folder, `$1`) and passes its exit on. When standard input ends, which happens however this process ends, it
 * ends the program and removes the folder.
 */
const guarded = `folder=$1; shift; exec 3<&0; "$@" </dev/null 3<&- & child=$!
( read -r _ <&3; trap '' TERM; kill "$child" 2>/dev/null
  while kill -0 "$child" 2>/dev/null; do sleep 0.1; done; rm -rf -- "$folder" ) & guard=$!
trap 'kill "$child" 2>/dev/null' TERM
wait "$child"; code=$?; kill "$child" 2>/dev/null && wait "$child"; kill "$guard" 2>/dev/null; exit "$code"`

interface Running {
  readonly endpoint: Endpoint
  readonly child: ChildProcess
}

/** @throws InvalidConfig for providers that are none */
export function lassieDaemon({ program, providers }: LassieOptions): LassieDaemon {
  if (program === '') throw storageError('InvalidConfig', 'lassie: `program` names the lassie program')
  if (providers.length === 0 || providers.some((text) => text === '' || text.includes(','))) {
    throw storageError(
      'InvalidConfig',
      'lassie: `providers` names where it may fetch from, such as http://127.0.0.1:8080; without them it would ask public services',
    )
  }
  let starting: Promise<Running> | undefined
  let running: Running | undefined
  let folder: Promise<string> | undefined
  let closed = false
  let soonEnds = 0
  let notBefore = 0

  async function start(): Promise<Running> {
    const wait = notBefore - performance.now()
    if (wait > 0) {
      throw storageError('Unavailable', `lassie has ended ${soonEnds} times soon after its start`, {
        retryAfterMs: Math.ceil(wait),
      })
    }
    folder ??= mkdtemp(join(tmpdir(), 'kit-lassie-'))
    const home = await folder
    const token = randomBytes(24).toString('base64url')
    const http = providers.every((text) => /^https?:\/\//.test(text))
    const args = [
      'daemon',
      '--address=127.0.0.1',
      '--port=0',
      `--tempdir=${home}`,
      `--access-token=${token}`,
      `--providers=${providers.join(',')}`,
      // Else it also becomes a libp2p node, which HTTP needs not.
      ...(http ? ['--protocols=http'] : []),
    ]
    const posix = process.platform !== 'win32'
    const [command, words] = posix ? ['/bin/sh', ['-c', guarded, 'sh', home, program, ...args]] : [program, args]
    const began = performance.now()
    const child = spawn(command, words, {
      env: { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // It may end before its pipe does.
    child.stdin.on('error', () => {})
    child.once('exit', () => {
      soonEnds = performance.now() - began < restartMaxMs ? soonEnds + 1 : 0
      if (soonEnds > 0) notBefore = performance.now() + Math.min(restartMs * 2 ** soonEnds, restartMaxMs)
      starting = undefined
      running = undefined
    })
    try {
      const port = await listening(child)
      // Neither the daemon nor its pipes keep a program alive that has nothing else to do.
      child.unref()
      for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref()
      const endpoint = parseEndpoint(`http://127.0.0.1:${port}`, token)
      // It gives CARs only, and to one who asks for raw blocks it says so after it has fetched all.
      running = { endpoint: { ...endpoint, raw: false }, child }
      return running
    } catch (error) {
      await end(child)
      throw error
    }
  }

  return {
    async endpoint(context) {
      if (closed) throw storageError('Unavailable', 'the store is closed')
      starting ??= start().catch((error: unknown) => {
        starting = undefined
        throw error
      })
      return (await untilAborted(context.signal, starting)).endpoint
    },
    running: () => running?.endpoint,
    async close() {
      closed = true
      const last = await starting?.catch(() => undefined)
      if (last !== undefined) await end(last.child)
      const home = await folder
      if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** The port that the daemon says it listens on. @throws Unavailable with what it said instead */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => fail('it did not say in time that it listens'), startMs)
    const fail = (why: string): void => {
      clearTimeout(timer)
      const text = said.replaceAll(/\s+/g, ' ').trim()
      reject(storageError('Unavailable', `lassie did not start: ${why}${text === '' ? '' : `: ${text}`}`))
    }
    const hear = (text: string): void => {
      said = (said + text).slice(-logLimit)
      const port = /listening on address \S*?:(\d+)\s/.exec(said)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      resolve(port)
    }
    child.stdout?.setEncoding('utf8').on('data', hear)
    child.stderr?.setEncoding('utf8').on('data', hear)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`it ended with ${code}`))
  })
}

async function end(child: ChildProcess): Promise<void> {
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  if (gone()) return
  const exit = once(child, 'exit')
  child.ref()
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exit
  clearTimeout(timer)
}
