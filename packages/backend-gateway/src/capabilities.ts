import type { Capabilities } from '@kit/core'

/** Content never changes under its CID, so every condition is true of it and every read consistent. Nothing can be listed but what a CID names. */
export const capabilities: Capabilities = {
  ops: { ping: 'native', blocks: 'native', content: 'native', ipns: 'native' },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  keys: { maxBytes: 4096, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  consistent: { read: true, list: true },
  hints: { latencyMs: 300, concurrency: 16 },
}
