/** `pin/ls`: all pins, or those that are asked for. */
import {
  errorCode,
  storageError,
  type CallOptions,
  type Pin,
  type PinFilter,
  type PinMode,
  type Store,
} from '@kit/core'
import { refusal } from '../answers.ts'
import type { KuboArguments } from './arguments.ts'
import { cidAt } from './paths.ts'

/** Parameters that are taken. kubo-rpc-client sends `arg` as `paths` once more. */
export const pinLsParameters: readonly string[] = ['type', 'names', 'name', 'paths']

const types = ['all', 'recursive', 'direct', 'indirect'] as const

/** As one object, `{"Keys": …}`, or line by line with `stream`. */
export async function* pinLs(store: Store, given: KuboArguments, call: CallOptions): AsyncGenerator<string> {
  const type = given.text('type')
  const wanted = types.find((one) => one === (type ?? 'all'))
  if (wanted === undefined) throw refusal('InvalidConfig', `type is one of ${types.join(', ')}`)
  const name = given.text('name')
  const names = given.flag('names') ?? name !== undefined
  const pins =
    given.args.length > 0
      ? asked(store, given.args, wanted, call)
      : listed(store, { wanted, named: type !== undefined, name }, call)
  const detail = (pin: Pin): object => ({
    Type: pin.mode,
    ...(names && pin.name !== undefined ? { Name: pin.name } : {}),
  })
  if (given.flag('stream') === true) {
    for await (const pin of pins) yield `${JSON.stringify({ Cid: pin.cid, ...detail(pin) })}\n`
    return
  }
  let first = true
  for await (const pin of pins) {
    yield `${first ? '{"Keys":{' : ','}${JSON.stringify(pin.cid)}:${JSON.stringify(detail(pin))}`
    first = false
  }
  yield first ? '{"Keys":{}}\n' : '}}\n'
}

async function* asked(
  store: Store,
  args: readonly string[],
  wanted: (typeof types)[number],
  call: CallOptions,
): AsyncGenerator<Pin> {
  for (const arg of args) {
    const pin = await store.pins.get(await cidAt(store, arg, call), call).catch((error: unknown) => {
      if (errorCode(error) !== 'NotFound') throw error
    })
    if (pin === undefined || (wanted !== 'all' && pin.mode !== wanted)) {
      throw storageError('NotFound', `path '${arg.slice(0, 1_024)}' is not pinned`)
    }
    yield pin
  }
}

/** Those below others come last. A store that cannot tell them leaves them out, unless they are asked for by name. */
async function* listed(
  store: Store,
  {
    wanted,
    named,
    name,
  }: { readonly wanted: (typeof types)[number]; readonly named: boolean; readonly name: string | undefined },
  call: CallOptions,
): AsyncGenerator<Pin> {
  const of = (mode: PinMode | undefined): AsyncGenerator<Pin> => allPins(store, { mode, name }, call)
  if (wanted !== 'all') return yield* of(wanted)
  yield* of(undefined)
  try {
    yield* of('indirect')
  } catch (error) {
    if (named || errorCode(error) !== 'Unsupported') throw error
  }
}

async function* allPins(store: Store, filter: PinFilter, call: CallOptions): AsyncGenerator<Pin> {
  for await (const { pins } of store.pins.list(filter, call)) yield* pins
}
