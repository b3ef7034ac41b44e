import { randomUUID } from 'node:crypto'
import { fromErrno, storageError } from '@kit/core'
import { exitCodes } from './exit-codes.ts'
import { tuneEngine } from './tune-engine.ts'
import { exitOf, failureTexts, ownExitOf, resultLine, type CommandResult } from './outcome.ts'
import { standardOutput, type Output } from './output.ts'
import { openSession, type Globals, type Session } from './session.ts'

const signals = {
  SIGINT: exitCodes.interrupted.code,
  SIGTERM: exitCodes.terminated.code,
  SIGHUP: exitCodes.hangup.code,
} as const

/** Runs the body of one command in a session of its own, tells how it ended, and gives the exit code. */
export async function runCommand(
  verb: string,
  globals: Globals,
  body: (session: Session) => Promise<CommandResult>,
): Promise<number> {
  tuneEngine(verb)
  const controller = new AbortController()
  const ended = endings(controller)
  const requestId = randomUUID()
  const output = standardOutput({ json: globals.json === true, quiet: globals.quiet === true }, controller.signal)
  const session = openSession(globals, output, controller.signal, requestId)
  const verbose = globals.verbose === true
  let result: CommandResult = { fields: {} }
  let failure: unknown
  try {
    try {
      result = await body(session)
    } finally {
      await session.close()
    }
    if (!controller.signal.aborted) await output.flush()
  } catch (error) {
    failure = error
  }
  output.status([])
  failure = ended.output ?? failure
  const failures = failure === undefined ? (result.failures ?? []) : [failure]
  if (ended.pipe) return ownExitOf(failures[0]) ?? exitCodes.done.code
  const interrupted = ended.signal !== undefined && failures.length > 0
  const aside = result.aside === true || verb === 'cat' || verb === 'block get'
  if (!interrupted && !(output.json && aside)) tellFailures(output, failures, result.failed, verbose)
  if (output.json) {
    const first = interrupted ? storageError('Aborted', 'interrupted') : failures[0]
    const line = `${JSON.stringify(resultLine(verb, requestId, result.fields, first))}\n`
    ;(aside ? process.stderr : process.stdout).write(line)
  }
  if (interrupted && ended.signal !== undefined) return signals[ended.signal]
  if (failures.length === 0) {
    await output.flush()
    return ended.output === undefined ? (result.exit ?? exitCodes.done.code) : exitOf(ended.output)
  }
  if (ended.output !== undefined) return exitOf(ended.output)
  return result.partly === true ? exitCodes.partial.code : exitOf(failures[0])
}

/** At the end, so that they are seen whatever was printed meanwhile. */
function tellFailures(
  output: Output,
  failures: readonly unknown[],
  failed: number | undefined,
  verbose: boolean,
): void {
  const more = (failed ?? failures.length) - failures.length
  for (const text of failureTexts(failures, verbose)) output.tell(text, 'kit:')
  if (more > 0) output.tell(`and ${more} more failed\n`, 'kit:')
}

interface Endings {
  /** The first signal that came. */
  signal: keyof typeof signals | undefined
  /** Whoever read standard output has gone, as `head` does: nothing is wrong. */
  pipe: boolean
  /** Standard output cannot be written, such as a file on a full disk. */
  output: Error | undefined
}

/** Aborts the running call on signals and broken pipes. A second signal ends the process at once. */
function endings(controller: AbortController): Endings {
  const ended: Endings = { signal: undefined, pipe: false, output: undefined }
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => {
      if (ended.signal !== undefined) process.exit(code)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
      ended.signal = name as keyof typeof signals
      controller.abort(storageError('Aborted', `interrupted by ${name}`))
    })
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') ended.pipe = true
    else ended.output ??= fromErrno(error, { operation: 'write', key: 'standard output' })
    controller.abort(ended.output ?? storageError('Aborted', 'nobody reads standard output any more'))
  })
  process.stderr.on('error', () => {
    // Nobody reads messages any more; the work goes on.
  })
  return ended
}
