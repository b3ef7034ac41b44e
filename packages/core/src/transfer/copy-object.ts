import type { WriteConditions } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { parseKey } from '../keys/index.ts'
import type { CallOptions, Progress, StoreEntry } from '../store/index.ts'
import { Carrier, type Carried } from './carrier.ts'
import { storeDoes } from './plan.ts'
import type { End, RunOptions } from './types.ts'

export interface ObjectOptions
  extends CallOptions, WriteConditions, Pick<RunOptions, 'verify' | 'resume' | 'partsFrom'> {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Copies one object as a step of a run does, without a look at the target beforehand: by the store itself where both ends are of one, else
 * through this process. Replaces what is there, unless a condition forbids it.
 */
export function copyObject(from: End, to: End, options: ObjectOptions = {}): Promise<Carried> {
  return carryObject('copy', from, to, options)
}

/** As `copyObject`; then the source goes, where the copy was verified and the source is still what was copied. */
export function moveObject(from: End, to: End, options: ObjectOptions = {}): Promise<Carried> {
  return carryObject('move', from, to, options)
}

async function carryObject(kind: 'copy' | 'move', from: End, to: End, options: ObjectOptions): Promise<Carried> {
  const { signal, requestId, ifAbsent, ifMatch, onProgress } = options
  const call = { signal, requestId }
  const key = parseKey(from.key ?? '')
  const target = parseKey(to.key ?? '')
  if (from.store === to.store && key === target) {
    throw storageError('InvalidConfig', 'the source is the target', { key, store: from.store.name })
  }
  const how = from.store === to.store && storeDoes(from.store, kind) ? 'store' : 'stream'
  // A stream tells what it is made of; a copy by the store, and one in parts, must be asked for.
  const looks = how === 'store' || options.resume !== undefined
  const entry: StoreEntry = looks ? await from.store.stat(key, call) : { kind: 'file', key }
  const conditions = ifAbsent === undefined && ifMatch === undefined ? {} : { ifAbsent, ifMatch }
  let bytes = 0
  const action = { action: kind, from: key, to: target, entry, reason: 'asked', conditions, how } as const
  return new Carrier(from, to, options).carry(action, call, (more) => {
    bytes += more
    onProgress?.({ bytes, total: entry.size })
  })
}
