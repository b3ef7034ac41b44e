import type { Capabilities } from '@kit/core'
import type { Durable } from '@kit/core/log'
import { noLeases } from './leases.ts'
import { treeOf } from './tree.ts'

/** What a store can do by its options. */
export function capabilitiesFor(durable: Durable, readOnly: boolean): Capabilities {
  const ready = (): Promise<never> => Promise.reject(new Error('only its capabilities are asked for'))
  const { capabilities } = treeOf({ opened: ready, current: ready }, noLeases(), {
    profile: 'unixfs-v1-2025',
    keep: {},
    durable,
  })
  const groups = { blocks: 'native', content: 'native', pins: 'native', usage: 'native', ping: 'native' } as const
  if (!readOnly) return { ...capabilities, ops: { ...capabilities.ops, ...groups }, hints }
  const reading = Object.fromEntries(Object.entries(capabilities.ops).filter(([name]) => readers.has(name)))
  const { write: _write, copy: _copy, move: _move, delete: _delete, upload: _upload, ...rest } = capabilities
  return { ...rest, ops: { ...reading, ...groups }, hints }
}

const readers: ReadonlySet<string> = new Set(['list', 'versions', 'search', 'changes'])

const hints: Capabilities['hints'] = {
  latencyMs: 0,
  throughput: 'very high',
  durability: 'medium',
  cost: 'none',
  concurrency: 64,
}
