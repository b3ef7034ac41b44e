import type {
  Backend,
  Bytes,
  ByteStream,
  Context,
  Entry,
  Hashes,
  Key,
  ReadOptions,
  ReadResult,
  StorageError,
  WriteOptions,
} from '../backend/index.ts'
import { abortError, isStorageError, storageError, toStorageError, withDetails } from '../errors/index.ts'
import { names } from '../names.ts'
import { AttemptContext } from '../store/context.ts'
import { resolveRange } from '../store/ranges.ts'
import { endable, ReplayBuffer, toStream } from '../store/source.ts'
import { isStrong } from '../store/strong-etag.ts'
import type { AnyCall, CallName, Layer, LayerTarget, Operations } from './layer.ts'

export interface RetryOptions {
  /** Tries in all, at least 1. Default 3. */
  readonly attempts?: number | undefined
  /** Longest wait before the second try; doubles with each more. The wait is a random part of it. Default 500 ms. */
  readonly baseMs?: number | undefined
  /** Longest wait at all, what a store asks for by Retry-After included. Default 30 s. */
  readonly maxMs?: number | undefined
  /** A one-shot body can be sent again while no more of it than this was taken. Default 4 MiB. */
  readonly replayBytes?: number | undefined
  /** 0 to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** Operations that change nothing, or end the same however often they are done. */
const repeatable: ReadonlySet<CallName> = new Set([
  ...(['stat', 'url', 'usage', 'ping', 'update', 'directories.make'] as const),
  ...(['upload.parts', 'upload.abort', 'upload.start'] as const),
  ...(['blocks.get', 'blocks.has', 'blocks.put', 'content.stat', 'pins.add', 'pins.get', 'ipns.resolve'] as const),
])

type Policy = { readonly [Name in keyof RetryOptions]-?: NonNullable<RetryOptions[Name]> }

/**
 * Repeats what may be repeated and resumes broken bodies, with full jitter: reads and listings always; a write without condition while its
 * source can be replayed; one with a condition only after a look at what is there; moves, conditional copies and deletes only when
 * the server has answered that it did nothing; appends never.
 */
export function retry(options: RetryOptions = {}): Layer {
  const policy: Policy = {
    attempts: options.attempts ?? 3,
    baseMs: options.baseMs ?? 500,
    maxMs: options.maxMs ?? 30_000,
    replayBytes: options.replayBytes ?? 4 * 2 ** 20,
    random: options.random ?? Math.random,
  }
  return {
    name: 'retry',
    attach(target) {
      const again =
        (next: AnyCall): AnyCall =>
        (context, first, second, third) =>
          repeat(policy, context, (attempt) => next(attempt, first, second, third))
      return {
        call: (operation, next) => (repeatable.has(operation) ? again(next) : next),
        around: {
          read: (next) => retryRead(policy, target, next),
          list: (next) => retryList(policy, target, next),
          write: (next) => retryWrite(policy, target, next),
          delete: (next) => (context, key, given) =>
            given.ifMatch === undefined
              ? repeat(policy, context, (attempt) => next(attempt, key, given))
              : repeatRefused(policy, context, (attempt) => next(attempt, key, given)),
          move: (next) => (context, from, to, given) =>
            repeatRefused(policy, context, (attempt) => next(attempt, from, to, given)),
          copy: (next) => (context, from, to, given) =>
            given.ifAbsent === undefined && given.ifMatch === undefined
              ? repeat(policy, context, (attempt) => next(attempt, from, to, given))
              : repeatRefused(policy, context, (attempt) => next(attempt, from, to, given)),
        },
      }
    },
  }
}

/** Runs the work until it succeeds, fails for good, or has been tried often enough: then the last error, marked `exhausted`. */
async function repeat<Result>(
  policy: Policy,
  context: Context,
  work: (context: Context) => Promise<Result>,
): Promise<Result> {
  let attempt = 1
  let applied: StorageError['applied'] = 'no'
  for (;;) {
    try {
      return await work(attempt === 1 ? context : new AttemptContext(context, attempt))
    } catch (error) {
      if (!isStorageError(error) || error.retry !== 'safe') throw error
      if (error.applied !== 'no') applied = 'maybe'
      if (attempt >= policy.attempts) throw withDetails(error, { retry: 'exhausted', applied })
      const waitMs = waitBefore(policy, attempt, error)
      if (waitMs === undefined) throw error
      context.log('info', `trying again after ${error.code}`, {
        attempt,
        waitMs: Math.round(waitMs),
        error: error.message,
      })
      await sleep(context, waitMs)
      attempt++
    }
  }
}

/** For what may happen only once: again only after the server itself has answered that it did not do it and may do it later. */
function repeatRefused<Result>(
  policy: Policy,
  context: Context,
  work: (context: Context) => Promise<Result>,
): Promise<Result> {
  return repeat(policy, context, async (attempt) => {
    try {
      return await work(attempt)
    } catch (error) {
      if (!isStorageError(error) || error.retry !== 'safe') throw error
      throw error.applied === 'no' && error.status !== undefined ? error : withDetails(error, { retry: 'never' })
    }
  })
}

/** Full jitter below an exponential bound, but no less than the store asked for; `undefined` where it asked for too long. */
function waitBefore(policy: Policy, attempt: number, error: StorageError): number | undefined {
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1))
  const asked = error.retryAfterMs ?? 0
  return asked > policy.maxMs ? undefined : Math.max(asked, policy.random() * bound)
}

function sleep(context: Context, milliseconds: number): Promise<void> {
  const { signal } = context
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal))
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(abortError(signal))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function retryRead(policy: Policy, target: LayerTarget, next: Operations['read']): Operations['read'] {
  return async (context, key, options) => {
    const result = await repeat(policy, context, (attempt) => next(attempt, key, options))
    if (result.body instanceof Uint8Array || result.entry.etag === undefined) return result
    return { ...result, body: resume(policy, target, next, context, key, options, result, result.body) }
  }
}

/** The body; when it breaks, the rest of it, read anew from where it broke and pinned to the same state of the object. */
async function* resume(
  policy: Policy,
  target: LayerTarget,
  next: Operations['read'],
  context: Context,
  key: Key,
  options: ReadOptions,
  first: ReadResult,
  firstBody: ByteStream,
): AsyncGenerator<Bytes> {
  const { entry } = first
  const end = entry.size === undefined ? undefined : resolveRange(options.range, entry.size).to
  let at = first.from
  let body: ByteStream = firstBody
  let failures = 0
  for (;;) {
    const iterator = endable(body)
    let ended = false
    try {
      for (;;) {
        const step = await iterator.next()
        if (step.done === true) break
        at += step.value.byteLength
        failures = 0
        yield step.value
      }
      ended = true
      if (end === undefined || at >= end) return
      throw storageError('Unavailable', `the body ended at ${at} of ${end} bytes`)
    } catch (error) {
      ended = true
      if (context.signal.aborted) throw abortError(context.signal)
      const failure = toStorageError(error, { operation: 'read', key })
      if (failure.retry !== 'safe') throw failure
      if (++failures >= policy.attempts) throw withDetails(failure, { retry: 'exhausted' })
      const waitMs = waitBefore(policy, failures, failure)
      if (waitMs === undefined) throw failure
      context.log('info', `resuming a broken read at ${at}`, { key, attempt: failures + 1, error: failure.message })
      await sleep(context, waitMs)
    } finally {
      if (!ended) await iterator.return()
    }
    if (end !== undefined && at >= end) return
    body = await reopen(policy, target, next, context, key, options, entry, at, end)
  }
}

async function reopen(
  policy: Policy,
  target: LayerTarget,
  next: Operations['read'],
  context: Context,
  key: Key,
  options: ReadOptions,
  entry: Entry,
  from: number,
  to: number | undefined,
): Promise<ByteStream> {
  const strong = isStrong(entry.etag)
  const pinned: ReadOptions = {
    version: options.version ?? (target.capabilities.read.version === undefined ? undefined : entry.version),
    ifMatch: strong ? entry.etag : undefined,
    range: { from, to },
  }
  const again = await repeat(policy, context, (attempt) => next(attempt, key, pinned))
  if (again.entry.etag !== entry.etag || again.entry.size !== entry.size) {
    if (!(again.body instanceof Uint8Array)) await endable(again.body).return()
    throw storageError(
      'Conflict',
      `the object changed while it was read: ${entry.etag} became ${again.entry.etag ?? 'unknown'}`,
    )
  }
  return toStream(again.body)
}

/** A listing goes on after its last full page, where the store can do that; one that gave nothing yet starts again. */
function retryList(policy: Policy, { capabilities }: LayerTarget, next: Operations['list']): Operations['list'] {
  return async function* (context, directory, options) {
    let cursor = options.cursor
    let after = options.after
    let delivered = false
    let failures = 0
    for (;;) {
      const pages = next(new AttemptContext(context, failures + 1), directory, { ...options, cursor, after })
      try {
        for await (const page of pages) {
          failures = 0
          delivered = true
          const last = page.entries.at(-1)?.key
          if (page.cursor !== undefined && capabilities.list?.cursor === true) cursor = page.cursor
          else if (last !== undefined && capabilities.list?.after !== undefined) after = last
          else cursor = undefined
          yield page
        }
        return
      } catch (error) {
        const goesOn = !delivered || cursor !== options.cursor || after !== options.after
        if (!isStorageError(error) || error.retry !== 'safe' || !goesOn) throw error
        if (++failures >= policy.attempts) throw withDetails(error, { retry: 'exhausted' })
        const waitMs = waitBefore(policy, failures, error)
        if (waitMs === undefined) throw error
        await sleep(context, waitMs)
      }
    }
  }
}

/** A source's own failure, or a source that cannot be given again, ends the matter. */
async function writeOnce(
  next: Operations['write'],
  context: Context,
  key: Key,
  replay: ReplayBuffer,
  options: WriteOptions,
): Promise<Entry | void> {
  try {
    return await next(context, key, replay.source, options)
  } catch (error) {
    if (!isStorageError(error) || error.retry !== 'safe' || replay.canReplay) throw error
    throw withDetails(error, { retry: 'never' })
  }
}

function retryWrite(policy: Policy, target: LayerTarget, next: Operations['write']): Operations['write'] {
  const marks = target.capabilities.write?.attributes.includes('metadata') === true
  return async (context, key, source, options) => {
    const replay = new ReplayBuffer(source, policy.replayBytes)
    try {
      if (options.ifAbsent === undefined && options.ifMatch === undefined) {
        return await repeat(policy, context, (attempt) => writeOnce(next, attempt, key, replay, options))
      }
      const writeId = marks ? crypto.randomUUID() : undefined
      const marked =
        writeId === undefined ? options : { ...options, metadata: { ...options.metadata, [names.writeId]: writeId } }
      return await conditionalWrite(policy, target, context, key, options, writeId, (attempt) =>
        writeOnce(next, attempt, key, replay, marked),
      )
    } finally {
      replay.dispose()
    }
  }
}

/** Never sends a conditional write again before a look at what is there has shown that it did not happen. */
async function conditionalWrite(
  policy: Policy,
  { below }: LayerTarget,
  context: Context,
  key: Key,
  options: WriteOptions,
  writeId: string | undefined,
  write: (context: Context) => Promise<Entry | void>,
): Promise<Entry | void> {
  let lost: StorageError | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      const attemptContext = new AttemptContext(context, attempt)
      if (lost !== undefined) {
        const found = await findOut(below, attemptContext, key, options, writeId)
        if (found !== 'not applied') return found
        lost = undefined
      }
      return await write(attemptContext)
    } catch (error) {
      if (!isStorageError(error) || (error.retry !== 'safe' && lost === undefined)) throw error
      if (error.code === 'Conflict' || context.signal.aborted) throw error
      lost ??= error
      const waitMs = waitBefore(policy, attempt, error)
      if (attempt >= policy.attempts || waitMs === undefined) {
        throw withDetails(lost, { retry: 'exhausted', applied: 'maybe' })
      }
      await sleep(context, waitMs)
    }
  }
}

/** What became of a conditional write without answer. @throws Conflict, applied maybe, where it cannot be known */
async function findOut(
  below: Pick<Backend, 'stat'>,
  context: Context,
  key: Key,
  options: WriteOptions,
  writeId: string | undefined,
): Promise<Entry | 'not applied'> {
  const there = await below.stat(context, key, {}).catch((error: unknown) => {
    if (isStorageError(error) && error.code === 'NotFound') return undefined
    throw error
  })
  if (there === undefined && options.ifAbsent !== undefined) return 'not applied'
  if (there !== undefined) {
    if (writeId !== undefined && there.metadata?.[names.writeId] === writeId) return there
    if (options.ifMatch !== undefined && there.etag === options.ifMatch) return 'not applied'
    if (hashesAgree(options.hashes, there.hashes)) return there
  }
  throw storageError('Conflict', 'the answer to a conditional write was lost, and the object has changed since', {
    applied: 'maybe',
    key,
  })
}

/** Whether both name a hash, and every one that both name is the same. */
function hashesAgree(a: Hashes = {}, b: Hashes = {}): boolean {
  const theirs = new Map(Object.entries(b))
  const common = Object.entries(a).filter(([name]) => theirs.has(name))
  return common.length > 0 && common.every(([name, value]) => theirs.get(name) === value)
}
