import { isDeepStrictEqual, inspect } from 'node:util'
import { isStorageError, type Bytes, type ErrorCode, type StorageError } from '@kit/core'

/**
 * What a failed case throws. `rule` is the line of docs/semantics.md or of the contract that is broken, its subject first:
 * `reads: the body begins at \`from\``.
 */
export function broken(rule: string, expected: unknown, came: unknown): Error {
  return new Error(`${prefix}${rule}\n  expected: ${show(expected)}\n  came:     ${show(came)}`)
}

const prefix = 'broken rule — '

export function isBroken(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(prefix)
}

function show(value: unknown): string {
  if (value instanceof Uint8Array)
    return `${value.byteLength} bytes ${Buffer.from(value.subarray(0, 32)).toString('hex')}`
  if (value instanceof Error) return `${value.name} ${value.message}`
  if (typeof value === 'string')
    return value.length > 300 ? `${JSON.stringify(value.slice(0, 300))}…` : JSON.stringify(value)
  return inspect(value, { depth: 4, breakLength: 120, maxArrayLength: 40 })
}

/** A condition that has no better words than what was expected and what came. */
export function holds(condition: boolean, rule: string, expected: unknown, came: unknown): asserts condition {
  if (!condition) throw broken(rule, expected, came)
}

/** Equal as values; members that are undefined count as absent. */
export function same(came: unknown, expected: unknown, rule: string): void {
  if (!isDeepStrictEqual(bare(came), bare(expected))) throw broken(rule, expected, came)
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, bare(inner)]),
  )
}

export function sameBytes(came: Uint8Array, expected: Uint8Array, rule: string): void {
  if (Buffer.compare(came, expected) === 0) return
  const length = Math.min(came.byteLength, expected.byteLength)
  let at = 0
  while (at < length && came[at] === expected[at]) at++
  throw broken(
    `${rule} (first difference at byte ${at})`,
    `${expected.byteLength} bytes, there ${show(expected.subarray(at, at + 8))}`,
    `${came.byteLength} bytes, there ${show(came.subarray(at, at + 8))}`,
  )
}

/** Rejects with a StorageError of this code, or of one of these. Returns it. */
export async function rejects(
  work: Promise<unknown> | (() => Promise<unknown>),
  codes: ErrorCode | readonly ErrorCode[],
  rule: string,
): Promise<StorageError> {
  const wanted = typeof codes === 'string' ? [codes] : codes
  let came: unknown
  try {
    came = await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (isStorageError(error) && wanted.includes(error.code)) return error
    throw broken(rule, `a rejection with ${wanted.join(' or ')}`, error)
  }
  throw broken(rule, `a rejection with ${wanted.join(' or ')}`, came === undefined ? 'success' : came)
}

/** The value that the work rejects with, whatever it is. */
export async function rejection(work: Promise<unknown>, rule: string): Promise<unknown> {
  let came: unknown
  try {
    came = await work
  } catch (error) {
    return error
  }
  throw broken(rule, 'a rejection', came === undefined ? 'success' : came)
}

/** Settles before the time is over, or the rule is broken. */
export async function within<Result>(milliseconds: number, work: Promise<Result>, rule: string): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(broken(rule, `an answer within ${milliseconds} ms`, 'none')), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Everything that an iterable gives. */
export async function all<Item>(items: AsyncIterable<Item> | Iterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

export async function allBytes(stream: AsyncIterable<Uint8Array>): Promise<Bytes> {
  return new Uint8Array(Buffer.concat(await all(stream)))
}
