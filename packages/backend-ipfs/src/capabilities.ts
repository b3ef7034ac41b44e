import type { Capabilities } from '@kit/core'

/** What a daemon's files, blocks, content, pins and names can do. */
export const capabilities: Capabilities = {
  ops: {
    write: 'native',
    list: 'native',
    delete: 'native',
    copy: 'native',
    move: 'emulated',
    usage: 'native',
    ping: 'native',
    directories: 'native',
    blocks: 'native',
    content: 'native',
    pins: 'native',
    ipns: 'native',
  },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  write: {
    // Added first, named then.
    atomic: 'emulated',
    durable: 'process',
    ifAbsent: 'native',
    // The daemon's files have no compare-and-swap: what is there is looked at, and changed, in one turn of this process.
    ifMatch: 'emulated',
    conditionScope: 'process',
    unknownSize: 'native',
    attributes: ['modified', 'mode'],
  },
  copy: { ifAbsent: 'native', ifMatch: 'emulated', fromEtag: 'native' },
  move: { ifAbsent: 'native', ifMatch: 'emulated' },
  list: { pageMax: 1000, fields: ['size', 'etag', 'cid'] },
  delete: { ifMatch: 'emulated' },
  keys: { maxBytes: 4096, segmentMaxBytes: 1024, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
  hints: { latencyMs: 5, throughput: 'high', durability: 'medium', cost: 'none', concurrency: 32 },
}
