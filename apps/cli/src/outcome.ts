import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { abortError, catalogue, errorCode, toStorageError, type ErrorCode } from '@kit/core'
import { exitCodes } from './exit-codes.ts'

/** What a command tells when it is over: fields of its result line, and what failed on the way. */
export interface CommandResult {
  readonly fields: Readonly<Record<string, unknown>>
  /** Things that could not be done, where the command went on with the others: all, or the first of them. */
  readonly failures?: readonly unknown[] | undefined
  /** How many there were in all, where `failures` has the first of them. */
  readonly failed?: number | undefined
  /** Something was done all the same. */
  readonly partly?: boolean | undefined
  /** Standard output belongs to the bytes of an object: the result goes to standard error. */
  readonly aside?: boolean | undefined
  /** Of a command that failed at nothing and still has something to say by it: differences, nothing done. */
  readonly exit?: number | undefined
}

/** An error as `--json` shows it. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly key: string | undefined
  readonly store: string | undefined
  readonly requestId: string | undefined
  /** Of a configuration file: what is wrong with it, and where. */
  readonly problems?: unknown
}

/** An error as data; `requestId` where it has none of its own. */
export function failureOf(error: unknown, requestId?: string): Failure {
  const { code, message, key, store, ...rest } = toStorageError(error)
  const problems =
    typeof error === 'object' && error !== null && 'problems' in error ? { problems: error.problems } : {}
  const hint = hintOf(error) ?? ownHints[code] ?? catalogue[code].hint
  return { code, message, hint, key, store, requestId: rest.requestId ?? requestId, ...problems }
}

export function exitOf(error: unknown): number {
  return ownExitOf(error) ?? (catalogue[toStorageError(error).code].exit || exitCodes.other.code)
}

/** Advice in the words of the command line, where the catalogue's is for programs. */
const ownHints: { readonly [Code in ErrorCode]?: string } = {
  NotFound: 'Check the name; `kit ls` shows what is there.',
  AlreadyExists: 'Leave out --if-absent to replace it, or choose another name.',
  ConditionFailed: '`kit stat` tells the etag that it has now.',
  InvalidRange: '`kit stat` tells the size.',
  Unsupported: 'Use another store: this one cannot do it.',
}

const hints: WeakMap<object, string> = new WeakMap()
const exits: WeakMap<object, number> = new WeakMap()

/** An error with advice of the command line's own, in the words of its options. */
export function withHint<Thrown extends object>(error: Thrown, hint: string): Thrown {
  hints.set(error, hint)
  return error
}

/** What some work gives; its errors of some codes have advice of the command line's own. */
export async function hinting<Result>(
  advice: { readonly [Code in ErrorCode]?: string },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    const hint = code === undefined ? undefined : advice[code]
    if (hint === undefined || typeof error !== 'object' || error === null || hintOf(error) !== undefined) throw error
    throw withHint(error, hint)
  }
}

/** An error with an exit code of its own, where the command line knows better what is missing. */
export function withExit<Thrown extends object>(error: Thrown, exit: number): Thrown {
  exits.set(error, exit)
  return error
}

/** Why work was given up half way. Where it `changes` something that is no success, even where it is nobody's failure. */
export function givenUp(signal: AbortSignal, changes: boolean): object {
  const error = abortError(signal)
  return changes && errorCode(error) === 'Aborted' ? withExit(error, exitCodes.unread.code) : error
}

function hintOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null ? hints.get(error) : undefined
}

/** The exit code that `withExit` gave. */
export function ownExitOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null ? exits.get(error) : undefined
}

/** The last line of standard output under `--json`. */
export function resultLine(
  operation: string,
  requestId: string,
  fields: Readonly<Record<string, unknown>>,
  failure: unknown,
): Readonly<Record<string, unknown>> {
  const common = { operation, timestamp: new Date().toISOString(), correlation_id: requestId }
  if (failure === undefined) return { type: 'result', success: true, ...common, ...fields }
  const recoverable = toStorageError(failure).retry === 'safe'
  return { type: 'result', success: false, ...common, ...fields, recoverable, error: failureOf(failure, requestId) }
}

/** The result of a command line that could not be understood. */
export function usageFailure(message: string): Readonly<Record<string, unknown>> {
  const error: Failure = {
    code: 'InvalidConfig',
    message,
    hint: '`kit --help` and `kit VERB --help` tell the usage',
    key: undefined,
    store: undefined,
    requestId: undefined,
  }
  return {
    type: 'result',
    success: false,
    operation: 'kit',
    timestamp: new Date().toISOString(),
    correlation_id: randomUUID(),
    recoverable: false,
    error,
  }
}

/** Failures for people: what happened, with `verbose` what lies behind it, and what to do, once for several alike. */
export function failureTexts(errors: readonly unknown[], verbose: boolean): readonly string[] {
  const failures = errors.map((error) => failureOf(error))
  return failures.map(({ message, hint }, index) => {
    const behind = verbose ? `${inspect(errors[index], { depth: 6, colors: false })}\n` : ''
    const advice = failures[index + 1]?.hint === hint ? '' : `hint: ${hint}\n`
    return `${message}\n${advice}${behind}`
  })
}
