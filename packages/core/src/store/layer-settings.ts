import type { Capabilities, LayerSettings } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { concurrency, deadline, retry, stallTimeout, verify, type Layer, type RetryOptions } from '../layers/index.ts'
import { parseDuration } from '../units.ts'

const known: ReadonlySet<string> = new Set(['retry', 'deadline', 'stall', 'concurrency', 'verify'])

/** The layers that every store gets, outermost first: deadline, verify, retry, concurrency, stall. @throws InvalidConfig */
export function standardLayers(settings: LayerSettings = {}, capabilities: Capabilities): Layer[] {
  const unknown = Object.keys(settings).filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw storageError('InvalidConfig', `there is no layer ${unknown.join(', ')}; there are ${[...known].join(', ')}`)
  }
  const layers: Layer[] = []
  if (settings.deadline !== undefined && settings.deadline !== false)
    layers.push(deadline(parseDuration(settings.deadline)))
  if (settings.verify !== false) layers.push(verify())
  if (settings.retry !== false) layers.push(retry(retryOptions(settings.retry ?? {})))
  const limits = settings.concurrency ?? hinted(capabilities)
  if (limits !== false && limits !== undefined) {
    layers.push(concurrency({ maxConcurrency: limits.max, opsPerSecond: limits.opsPerSecond }))
  }
  // Waiting for a place is no stall of the store.
  if (settings.stall !== false) layers.push(stallTimeout(parseDuration(settings.stall ?? '60 s')))
  return layers
}

function retryOptions(settings: Exclude<LayerSettings['retry'], false | undefined>): RetryOptions {
  const { attempts, base, max } = settings
  if (attempts !== undefined && !(Number.isInteger(attempts) && attempts >= 1)) {
    throw storageError('InvalidConfig', '`layers.retry.attempts` is a number from 1')
  }
  return {
    attempts,
    baseMs: base === undefined ? undefined : parseDuration(base),
    maxMs: max === undefined ? undefined : parseDuration(max),
  }
}

function hinted({ hints }: Capabilities): { max?: number; opsPerSecond?: number } | undefined {
  if (hints?.concurrency === undefined && hints?.opsPerSecond === undefined) return undefined
  return {
    ...(hints.concurrency === undefined ? {} : { max: hints.concurrency }),
    ...(hints.opsPerSecond === undefined ? {} : { opsPerSecond: hints.opsPerSecond }),
  }
}
