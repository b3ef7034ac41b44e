/** What a command of Kubo's API is asked with: parameters of the query, or the members of a JSON body. */
import { storageError, type CallOptions } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'
import { requestBody, signalOf, waitsToSend } from '../wire/bodies.ts'
import { jsonMaxBytes } from '../wire/json.ts'
import { pairsOf } from '../wire/target.ts'

export interface KuboArguments {
  /** `arg`, which may come several times. */
  readonly args: readonly string[]
  text(name: string): string | undefined
  /** @throws InvalidConfig */
  flag(name: string): boolean | undefined
  /** @throws InvalidConfig */
  number(name: string): number | undefined
}

/** Of the way in which an answer is given, which is one way here; and of how much is told to people. */
const withoutEffect: readonly string[] = [
  'stream-channels',
  'stream',
  'progress',
  'quiet',
  'quieter',
  'silent',
  'preload',
]
const argsMax = 1_000

/** @throws InvalidConfig for a parameter that is not known: it may have been meant to change what is done */
export async function argumentsOf(
  request: FastifyRequest,
  reply: FastifyReply,
  known: readonly string[],
  limits: Limits,
): Promise<KuboArguments> {
  const body = request.method === 'POST' ? await membersOf(request, reply, limits) : []
  return checked([...pairsOf(request.raw.url ?? ''), ...body], known)
}

/** Those of a query alone, where the body is something else. */
export function queryArguments(request: FastifyRequest, known: readonly string[]): KuboArguments {
  return checked(pairsOf(request.raw.url ?? ''), known)
}

function checked(pairs: Iterable<readonly [string, string]>, known: readonly string[]): KuboArguments {
  const args: string[] = []
  const given = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (name === 'arg') {
      if (args.push(value) > argsMax) throw refusal('InvalidConfig', `at most ${argsMax} arguments come at once`)
    } else if (given.has(name)) throw refusal('InvalidConfig', `the parameter ${name} is given twice`)
    else given.set(name, value)
  }
  for (const [name, value] of given) {
    if (known.includes(name) || withoutEffect.includes(name) || name === 'timeout') continue
    if (name === 'encoding' && value === 'json') continue
    throw refusal('InvalidConfig', `the parameter ${JSON.stringify(name)} is not known here, or not with this value`)
  }
  return {
    args,
    text: (name) => given.get(name),
    flag(name) {
      const value = given.get(name)
      if (value === undefined) return undefined
      if (['', 'true', '1'].includes(value)) return true
      if (['false', '0'].includes(value)) return false
      throw refusal('InvalidConfig', `${name} is true or false`)
    },
    number(name) {
      const value = given.get(name)
      if (value === undefined) return undefined
      if (!/^\d{1,15}$/.test(value)) throw refusal('InvalidConfig', `${name} is a whole number`)
      return Number(value)
    },
  }
}

/** The one argument of a command. @throws InvalidConfig */
export function onlyArgument({ args }: KuboArguments): string {
  const [first, second] = args
  if (first === undefined) throw refusal('InvalidConfig', 'argument "arg" is required')
  if (second !== undefined) throw refusal('InvalidConfig', 'one argument is taken here')
  return first
}

export type KuboCall = CallOptions & { readonly signal: AbortSignal }

/** How the store is called for a request; `timeout` as Go spells durations, such as `1m30s`. */
export function callOf(request: FastifyRequest, reply: FastifyReply, { text }: KuboArguments): KuboCall {
  const signal = signalOf(reply)
  const timeout = text('timeout')
  if (timeout === undefined) return { signal, requestId: request.id }
  const ms = goDuration(timeout)
  if (ms === 0) return { signal, requestId: request.id }
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(storageError('Timeout', 'context deadline exceeded')), ms)
  reply.raw.once('close', () => clearTimeout(timer))
  return { signal: AbortSignal.any([signal, controller.signal]), requestId: request.id }
}

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** Timers go no further. */
const timeoutMaxMs = 2 ** 31 - 1

function goDuration(text: string): number {
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|ms|s|m|h)){1,6}$/.test(text)) {
    throw refusal('InvalidConfig', 'timeout is a duration such as 30s')
  }
  let ms = 0
  for (const [, count, unit = ''] of text.matchAll(/([\d.]+)([a-z]+)/g)) ms += Number(count) * (units[unit] ?? 0)
  return Math.min(Math.ceil(ms), timeoutMaxMs)
}

/** @throws InvalidConfig; 415 for a body that is not JSON */
async function membersOf(
  request: FastifyRequest,
  reply: FastifyReply,
  limits: Limits,
): Promise<readonly (readonly [string, string])[]> {
  if (waitsToSend(request)) reply.raw.writeContinue()
  const pieces: Uint8Array[] = []
  const bounded = { ...limits, maxBodyBytes: jsonMaxBytes }
  for await (const piece of requestBody(request.raw, bounded)) pieces.push(piece)
  const text = Buffer.concat(pieces).toString()
  if (text === '') return []
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw refusal('InvalidConfig', 'parameters stand in the query, or in a JSON body', { status: 415 })
  }
  return textsOf(text)
}

function textsOf(text: string): readonly (readonly [string, string])[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal('InvalidConfig', 'the body is no JSON object')
  }
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const all: readonly unknown[] = name === 'arg' && Array.isArray(member) ? member : [member]
    return all.map((one) => {
      if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
        return [name, String(one)] as const
      throw refusal('InvalidConfig', `the member ${JSON.stringify(name)} is to be text, a number, true or false`)
    })
  })
}
