import type { Capabilities } from '@kit/core'
import { reserved } from './folders.ts'
import { foldsNames } from './fs-client.ts'
import { pageMax } from './list.ts'
import { partMaxBytes, partsMax, usualPartBytes } from './upload-record.ts'

export const capabilities: Capabilities = {
  ops: {
    write: 'native',
    list: 'native',
    delete: 'native',
    copy: 'native',
    move: 'native',
    update: 'native',
    changes: 'native',
    usage: 'native',
    ping: 'native',
    open: 'native',
    upload: 'native',
    directories: 'native',
    links: 'native',
  },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  write: {
    atomic: 'native',
    durable: 'power',
    ifAbsent: 'native',
    ifMatch: 'emulated',
    conditionScope: 'host',
    unknownSize: 'native',
    attributes: ['modified', 'mode'],
  },
  list: { recursive: 'native', pageMax, fields: ['size', 'etag', 'modified', 'mode'] },
  delete: { ifMatch: 'emulated' },
  copy: { ifAbsent: 'native', ifMatch: 'emulated', fromEtag: 'native' },
  // A second name and the removal of the first are two steps.
  move: { ifAbsent: 'emulated', ifMatch: 'emulated' },
  keys: {
    // The system takes paths of 4,095 bytes; the root's own is part of them.
    maxBytes: 3840,
    segmentMaxBytes: 255,
    reserved: [reserved],
    names: 'bytes',
    caseSensitive: true,
    unicode: 'exact',
  },
  directories: 'real',
  consistent: { read: true, list: true },
  changes: { resumable: false },
  upload: { partMinBytes: usualPartBytes, partMaxBytes, partsMax, list: true },
  hints: {
    latencyMs: 0,
    throughput: 'very high',
    durability: 'medium',
    cost: 'none',
    concurrency: 64,
    localFiles: true,
  },
}

/** Without `fsync`, what was written outlives the process, not the machine. */
export function capabilitiesFor(fsync: boolean): Capabilities {
  const { write, keys } = capabilities
  return {
    ...capabilities,
    write: write && { ...write, durable: fsync ? 'power' : 'process' },
    keys: foldsNames ? { ...keys, caseSensitive: false, unicode: 'nfc', names: 'unicode' } : keys,
  }
}
